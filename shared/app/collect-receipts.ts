/**
 * What hosts answered to commands that were sent earlier is fetched and kept, and commands that nobody answers any more
 * are closed.
 */
import type { HostReply } from "../core/firewall/receipt.ts";
import type { Commands, OpenCommand } from "../ports/commands.ts";
import type { HostRecord, Hosts } from "../ports/hosts.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Answered, Receipts } from "../ports/receipts.ts";
import { withFindings } from "./check-hosts.ts";

export interface CollectDeps {
  readonly commands: Commands;
  readonly receipts: Receipts;
  readonly hosts: Hosts;
  readonly metrics: Metrics;
}

/** After this (ms) every answer is in, or will not come: delivery, run and the service's own delay. */
const ANSWERED_BY = 600_000;
/** For so long (ms) a command sent to a tag may show fewer hosts than it goes to. */
const SPREADING = 30_000;
/**
 * Commands of which answers are fetched at once, the newest first. A storm makes dozens between two checks, and SSM does
 * not like to be asked; what the older ones said is said again, and later, by the answers to any newer one.
 */
const MOST_FETCHED = 10;

export interface Collected {
  readonly answers: readonly Answered[];
  /** Hosts that a command did not reach, or that were not heard of again. */
  readonly lost: readonly Extract<Answered, { kind: "lost" }>[];
}

/** Collects as of `now` (epoch ms). */
export async function collectReceipts(now: number, deps: CollectDeps): Promise<Collected> {
  const records = new Map((await deps.hosts.all()).map((record) => [record.host, record]));
  const toClose: string[] = [];
  const opened = [...(await deps.commands.opened())].sort((a, b) => b.sentAt - a.sentAt);
  const answers: Answered[] = [];
  const newest = new Map<string, HostRecord>();
  for (const [index, command] of opened.entries()) {
    if (index < MOST_FETCHED) {
      const some = await deps.receipts.collect(command.id);
      for (const record of repliesIn(command.id, some, records)) {
        if ((newest.get(record.host)?.at ?? -1) < record.at) newest.set(record.host, record);
      }
      answers.push(...some);
      if (!isComplete(command, some, now)) continue;
      measure(command, some, deps.metrics);
    } else if (now - command.sentAt < ANSWERED_BY) continue;
    toClose.push(command.id);
  }
  await noteAll([...newest.values()], deps.hosts);
  // Last: what is closed is not asked for again.
  for (const id of toClose) await deps.commands.close(id);
  return { answers, lost: answers.filter((answer) => answer.kind === "lost") };
}

/** Replies that are news; what earlier checks found out about a host stays with it. */
function repliesIn(
  command: string,
  answers: readonly Answered[],
  before: ReadonlyMap<string, HostRecord>,
): readonly HostRecord[] {
  return answers.flatMap((answer) => {
    if (answer.kind !== "replied") return [];
    const { host, reply, at } = answer;
    const known = before.get(host);
    if (known !== undefined && known.at >= at) return [];
    // Whether a host that booted still knows its bans, the next check finds out.
    const doubt = known !== undefined && hasBooted(known.reply, reply) ? at : undefined;
    return [withFindings({ host, reply, command, at }, known?.differsSince ?? doubt, known?.revision)];
  });
}

/** Records that are written side by side. */
const AT_ONCE = 16;

export async function noteAll(records: readonly HostRecord[], hosts: Hosts): Promise<void> {
  for (let i = 0; i < records.length; i += AT_ONCE) {
    await Promise.all(records.slice(i, i + AT_ONCE).map((record) => hosts.note(record)));
  }
}

function hasBooted(before: HostReply, now: HostReply): boolean {
  return before.kind === "done" && now.kind === "done" && before.bootId !== now.bootId;
}

function isComplete(command: OpenCommand, answers: readonly Answered[], now: number): boolean {
  const age = now - command.sentAt;
  if (age >= ANSWERED_BY) return true;
  return age >= SPREADING && answers.length > 0 && answers.every(({ kind }) => kind !== "pending");
}

/** How long the slowest host took: one figure a command, as many commands have hundreds of hosts. */
function measure(command: OpenCommand, answers: readonly Answered[], metrics: Metrics): void {
  const times = answers.flatMap((answer) => (answer.kind === "replied" ? [answer.at - command.sentAt] : []));
  if (times.length > 0) metrics.delay("CommandToReceipt", Math.max(0, ...times));
}
