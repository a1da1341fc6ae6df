/** Failures of a batch, by whose they are: one window and one row each, however many lines there were. */
import { type BanKey, keyText } from "../core/detect/key.ts";
import type { Failure, LogEvent } from "../core/filter/event.ts";
import type { ReceivedFailure } from "./count-failures.ts";
import type { Named } from "./name-suspects.ts";

/** The failures of one id in one jail, in the order in which they came, each identity once. */
export interface Group {
  readonly key: BanKey;
  readonly failures: readonly ReceivedFailure[];
}

/** When each failing line was received (epoch ms), by identity. */
export function receiptTimes(events: readonly LogEvent[], failures: readonly Failure[]): ReadonlyMap<string, number> {
  const failing = new Set(failures.map((failure) => failure.identity));
  return new Map(events.filter((event) => failing.has(event.id)).map((event) => [event.id, event.at]));
}

/** Groups by jail and id; `receivedAt` is what receiptTimes says. */
export function groupFailures(
  named: readonly Named[],
  receivedAt: ReadonlyMap<string, number>,
): ReadonlyMap<string, Group> {
  const groups = new Map<string, { key: BanKey; failures: ReceivedFailure[]; identities: Set<string> }>();
  for (const { failure, id } of named) {
    const key: BanKey = { jail: failure.jail, id };
    const text = keyText(key);
    const group = groups.get(text) ?? { key, failures: [], identities: new Set() };
    groups.set(text, group);
    if (group.identities.has(failure.identity)) continue;
    group.identities.add(failure.identity);
    const { at, identity, stream, line } = failure;
    group.failures.push({ at, identity, stream, line: shorten(line), receivedAt: receivedAt.get(identity) ?? at });
  }
  return groups;
}

/** Lines are kept to explain a ban; a thousand of them from one id must still fit into a row. */
const LINE_LENGTH = 1_000;

function shorten(line: string): string {
  if (line.length <= LINE_LENGTH) return line;
  const cut = line.slice(0, LINE_LENGTH);
  // Not in the middle of a character of two units.
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}
