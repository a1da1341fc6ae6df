/** `doctor` on what a stack keeps and whom it tells: its tables, its ruleset, its jails, its mails. */
import { parseIp } from "../core/address.ts";
import type { Finding } from "../core/report/findings.ts";
import { formatTime, type ZoneOffset } from "../core/report/time-text.ts";
import type { Bans } from "../ports/bans.ts";
import type { Breakers } from "../ports/breakers.ts";
import type { Control } from "../ports/control.ts";
import type { Editions } from "../ports/editions.ts";
import type { Subscribers } from "../ports/subscribers.ts";
import type { Windows } from "../ports/windows.ts";

export interface StateDeps {
  readonly windows: Windows;
  readonly bans: Bans;
  readonly control: Control;
  readonly editions: Editions;
}

/** An address that is nobody's, to look up (RFC 5737). */
const NOBODY = parseIp("192.0.2.0")!;

/** Reads each table once. Throws PortError for one that cannot be read. */
export async function* examineState(zone: ZoneOffset, deps: StateDeps): AsyncGenerator<Finding> {
  await deps.windows.load([{ jail: "doctor", id: NOBODY }]);
  await deps.bans.ofId(NOBODY);
  await deps.control.entries();
  yield { subject: "tables", level: "ok", text: "windows, bans and control can be read" };
  const edition = await deps.editions.current();
  yield edition === undefined
    ? {
        subject: "ruleset",
        level: "warning",
        text: "has not been adopted: none of the stack's functions has run",
        next: "Wait a minute for the sweep; if it stays so, read the functions' logs.",
      }
    : { subject: "ruleset", level: "ok", text: `${edition.hash}, since ${formatTime(edition.since, zone)}` };
}

/** Jails that do nothing although they are configured. Throws PortError. */
export async function* examineJails(
  jails: readonly string[],
  deps: { readonly breakers: Breakers; readonly control: Control },
): AsyncGenerator<Finding> {
  const idle = new Set((await deps.control.entries()).flatMap((entry) => (entry.kind === "idle" ? [entry.jail] : [])));
  let working = 0;
  for (const jail of jails) {
    const subject = `jail ${jail}`;
    const { state } = await deps.breakers.load(jail);
    if (state.kind !== "armed") {
      yield {
        ...{ subject, level: "failure", text: "was stopped by its breaker: further bans are held back" },
        next: `Look at what is held, then: fleet2ban set ${jail} held ban|let-go`,
      };
    } else if (idle.has(jail)) {
      yield { subject, level: "warning", text: "is idle", next: `To wake it: fleet2ban set ${jail} idle off` };
    } else working++;
  }
  if (working > 0) yield { subject: "jails", level: "ok", text: `${working} of ${jails.length} at work` };
}

/** Who hears of one topic. Throws PortError. */
export async function* examineTopic(
  topic: { readonly arn: string; readonly what: string },
  { subscribers }: { readonly subscribers: Subscribers },
): AsyncGenerator<Finding> {
  const all = await subscribers.of(topic.arn);
  const subject = topic.what;
  const next = `Subscribe somebody to ${topic.arn}.`;
  if (all.length === 0) yield { subject, level: "warning", text: "nobody is subscribed", next };
  for (const { endpoint } of all.filter(({ confirmed }) => !confirmed)) {
    const text = `${endpoint} has not confirmed the subscription, and gets nothing`;
    yield {
      subject,
      level: "warning",
      text,
      next: "Follow the link in the mail from AWS, or subscribe again after two days.",
    };
  }
  const heard = all.filter(({ confirmed }) => confirmed).length;
  if (heard > 0) yield { subject, level: "ok", text: `${heard} subscribed and confirmed` };
}
