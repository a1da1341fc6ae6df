/**
 * Asks hosts how they stand, waits a little for their answers, and judges each by them.
 *
 * The bans are read before and after, since they change while hosts are asked: a host is held against both readings.
 */

import { OLDEST_AGENT } from "../contract/host-document.ts";
import type { Ban } from "../core/ban.ts";
import type { HostBan, JailFirewall } from "../core/firewall/change.ts";
import { type Expectation, expectationOf } from "../core/fleet/expectation.ts";
import { judgeHost, type Verdict } from "../core/fleet/host-state.ts";
import type { Bans } from "../ports/bans.ts";
import type { FleetReport } from "../ports/fleet.ts";
import type { HostRecord } from "../ports/hosts.ts";
import type { FleetHost } from "../ports/inventory.ts";
import type { Answered, Receipts } from "../ports/receipts.ts";
import { hostBans } from "./enforce-changes.ts";
import { sightingOf } from "./show-hosts.ts";
import { bansOf } from "./show-status.ts";

export interface CheckDeps {
  readonly receipts: Receipts;
  readonly bans: Bans;
  /** The jails of the ruleset; bans of others are none of the hosts' business any more. */
  readonly jails: readonly string[];
  readonly firewalls: ReadonlyMap<string, JailFirewall>;
  /** Version of the host script that is deployed. */
  readonly script: string;
  /** Epoch ms. */
  readonly now: () => number;
  /** Waits for so many ms. */
  readonly wait: (duration: number) => Promise<void>;
}

/** The bans as they were read. */
export interface Reading {
  readonly bans: readonly Ban[];
  readonly hostBans: readonly HostBan[];
  /** When reading began, epoch ms. */
  readonly beganAt: number;
}

export interface CheckedHost {
  readonly host: FleetHost;
  readonly record: HostRecord;
  readonly verdict: Verdict;
}

export interface Check {
  readonly checked: readonly CheckedHost[];
  /** The bans as they were read after the hosts answered. */
  readonly reading: Reading;
}

/**
 * Waits between two looks for answers, ms: most hosts answer within five seconds, and SSM does not like to be asked. A
 * host that is not heard of by then is asked again at the next check.
 */
const LOOKS = [3_000, 4_000, 6_000, 12_000];

/** Checks the hosts, all of them online; `ask` sends them a command. `before` has what is known of them. */
export async function checkHosts(
  hosts: readonly FleetHost[],
  ask: () => Promise<readonly FleetReport[]>,
  before: ReadonlyMap<string, HostRecord>,
  deps: CheckDeps,
): Promise<Check> {
  const first = await readBans(deps);
  const names = hosts.map(({ host }) => host);
  const answers = await awaitAnswers(await ask(), names, deps);
  const second = await readBans(deps);
  const lastChange = second.bans.reduce((latest, { since }) => Math.max(latest, since), 0);
  const expectation = expectationOf(first.hostBans, second.hostBans, lastChange, first.beganAt);
  const checked = hosts.map((host) => {
    const known = before.get(host.host);
    const said = recordOf(host.host, answers.get(host.host) ?? [], first.beganAt);
    const bootBefore = known?.reply.kind === "done" ? known.reply.bootId : undefined;
    const record = withFindings(said, known?.differsSince, known?.revision);
    const verdict = judge(host, record, bootBefore, expectation, deps);
    return {
      host,
      verdict,
      record: withFindings(said, differsSince(verdict, known, first.beganAt), known?.revision),
    };
  });
  return { checked, reading: second };
}

export async function readBans({ bans, jails, firewalls, now }: CheckDeps): Promise<Reading> {
  const beganAt = now();
  const rows: Ban[] = [];
  for (const jail of jails) rows.push(...(await bansOf(jail, beganAt, { bans })));
  return { bans: rows, hostBans: hostBans(rows, firewalls), beganAt };
}

/** An answer that is final, and the command that it answers. */
export type Settled = Exclude<Answered, { kind: "pending" }> & { readonly command: string };

/** The answers of the hosts to the commands that were sent, as far as they come in time. */
export async function awaitAnswers(
  reports: readonly FleetReport[],
  hosts: readonly string[],
  { receipts, wait, now }: Pick<CheckDeps, "receipts" | "wait" | "now">,
): Promise<ReadonlyMap<string, readonly Settled[]>> {
  const commands = reports.flatMap((report) => (report.kind === "sent" ? [report.command] : []));
  const parts = partsOf(reports);
  const at = now();
  // A host that the service would not even send to.
  const direct = reports.flatMap((report) =>
    report.kind === "replied" ? [{ ...report, at, command: "" } satisfies Settled] : [],
  );
  let settled = byHost(direct);
  for (const look of commands.length > 0 ? LOOKS : []) {
    await wait(look);
    const answers: (Answered & { readonly command: string })[] = [];
    for (const command of commands) {
      for (const answer of await receipts.collect(command)) answers.push({ ...answer, command });
    }
    settled = byHost([...direct, ...answers.filter((answer) => answer.kind !== "pending")]);
    const answered = hosts.every((host) => (settled.get(host)?.length ?? 0) >= parts);
    const isComplete = answered && answers.every(({ kind }) => kind !== "pending");
    if (isComplete) break;
  }
  return settled;
}

/** How many commands each host was sent: a long list goes in parts, each of them to all who need it, some hosts at a time. */
export function partsOf(reports: readonly FleetReport[]): number {
  const times = new Map<string, number>();
  for (const report of reports) {
    if (report.kind === "sent") times.set(report.to, (times.get(report.to) ?? 0) + 1);
  }
  return Math.max(0, ...times.values());
}

function byHost(answers: readonly Settled[]): ReadonlyMap<string, readonly Settled[]> {
  const map = new Map<string, Settled[]>();
  for (const answer of answers) map.set(answer.host, [...(map.get(answer.host) ?? []), answer]);
  return map;
}

/** What the host said last to the commands of this check; a host that said nothing said that. */
function recordOf(host: string, answers: readonly Settled[], askedAt: number): HostRecord {
  const said = answers.flatMap((answer) => (answer.kind === "replied" ? [answer] : []));
  const last = said.reduce<(typeof said)[number] | undefined>(
    (latest, answer) => (latest === undefined || answer.at >= latest.at ? answer : latest),
    undefined,
  );
  if (last !== undefined) return { host, reply: last.reply, command: last.command, at: last.at };
  const lost = answers.find((answer) => answer.kind === "lost");
  const message =
    lost === undefined ? "it was asked, and did not answer in time" : `the command was lost (${lost.status})`;
  // As of when it was asked: an answer that comes late after all is newer.
  return { host, reply: { kind: "unreadable", message }, command: lost?.command ?? "", at: askedAt };
}

function judge(
  host: FleetHost,
  record: HostRecord,
  bootBefore: string | undefined,
  expectation: Expectation,
  { script, now }: CheckDeps,
): Verdict {
  return judgeHost(sightingOf(host, record, bootBefore), {
    script,
    oldestAgent: OLDEST_AGENT,
    revision: expectation.revision,
    bans: (receipt) => (expectation.agrees(receipt) ? "agree" : expectation.moving ? "differ-while-moving" : "differ"),
    now: now(),
  });
}

/** Since when the host has differed, as this check found it. */
function differsSince(verdict: Verdict, known: HostRecord | undefined, now: number): number | undefined {
  if (verdict.state.kind === "in-sync") return undefined;
  switch (verdict.state.reason.kind) {
    case "differs":
    case "catching-up":
    case "rebooted":
      return known?.differsSince ?? now;
    case "unanswered":
    case "failed":
    case "agent-too-old":
      // Nothing was compared.
      return known?.differsSince;
    default:
      return undefined;
  }
}

/** A record with what checks found out; what they did not find out is left out. */
export function withFindings(
  { host, reply, command, at }: HostRecord,
  since: number | undefined,
  revision: number | undefined,
): HostRecord {
  return {
    host,
    reply,
    command,
    at,
    ...(since === undefined ? {} : { differsSince: since }),
    ...(revision === undefined ? {} : { revision }),
  };
}
