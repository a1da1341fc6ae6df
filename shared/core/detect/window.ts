/**
 * Failure windows: how often one id failed in one jail within `findtime`.
 *
 * Times are epoch milliseconds of the failures, never of a clock, and a failure is known by its identity, so the same
 * failures in any order, in any batches, delivered any number of times, come to the same: the id is banned exactly
 * when `maxretry` distinct failures lie within one `findtime`.
 *
 * What may be forgotten. Call the newest counted time N. Events come at most one findtime late, so a failure yet to
 * come has t ≥ N − findtime, and only failures younger than t − findtime ≥ N − 2 findtime can share a findtime with
 * it: older ones are dropped. What stays fits into two findtimes, (N − 2f, N − f] and (N − f, N]; neither holds
 * `maxretry` failures, or there would be a ban, so a window that is not banned keeps at most 2 (maxretry − 1).
 *
 * What a ban means. From the ban on the window is closed until the ban's end: failures before that end belong to the
 * ban, however late or often they come, and never start another.
 */

/** One failure that counts. */
export interface CountedFailure {
  /** Epoch ms. */
  readonly at: number;
  /** The log event's id. */
  readonly identity: string;
  /** Log stream or file that wrote it. */
  readonly stream: string;
  /** The log line; undefined where more than `maxmatches` newer ones are kept. */
  readonly line: string | undefined;
}

/** Failures before `until` are settled: they belong to a ban, or a person pardoned them. */
export interface Closed {
  /** Epoch ms; undefined = for ever. */
  readonly until: number | undefined;
}

export interface Window {
  /** In the order of time, then identity. */
  readonly failures: readonly CountedFailure[];
  readonly closed: Closed | undefined;
}

/** The rules of a jail that a window needs; durations in ms. */
export interface WindowPolicy {
  readonly maxretry: number;
  readonly findtime: number;
  /** Lines kept; 0 = none. */
  readonly maxmatches: number;
}

export type Decision =
  | { readonly kind: "watch"; readonly remaining: number }
  | {
      readonly kind: "ban";
      /** Time of the failure that completed the window. */
      readonly since: number;
      /** The failures that led to it, in the order of time. */
      readonly failures: readonly CountedFailure[];
    };

/** No failure yet. */
export const EMPTY_WINDOW: Window = { failures: [], closed: undefined };

/** Whether a failure at this time counts: not while it belongs to what is settled. */
export function isOpenAt(window: Window, at: number): boolean {
  return window.closed === undefined || (window.closed.until !== undefined && at >= window.closed.until);
}

/** Adds failures; one already counted (same identity), settled or too old changes nothing. */
export function record(window: Window, failures: readonly CountedFailure[], policy: WindowPolicy): Window {
  const known = new Set(window.failures.map((failure) => failure.identity));
  const added: CountedFailure[] = [];
  for (const failure of failures) {
    if (known.has(failure.identity) || !isOpenAt(window, failure.at)) continue;
    known.add(failure.identity);
    added.push(failure);
  }
  if (added.length === 0) return window;
  const all = [...window.failures, ...added].sort(byTime);
  const horizon = all.at(-1)!.at - 2 * policy.findtime;
  const kept = all.filter((failure) => failure.at > horizon);
  return { ...window, failures: withoutOldLines(kept, policy.maxmatches) };
}

/** Says what the window calls for; it does not act. The earliest complete window decides. */
export function decide(window: Window, policy: WindowPolicy): Decision {
  const { failures } = window;
  const span = Math.max(1, policy.maxretry);
  for (let last = span - 1; last < failures.length; last++) {
    const first = last - span + 1;
    const since = failures[last]!.at;
    if (since - failures[first]!.at < policy.findtime) {
      return { kind: "ban", since, failures: failures.slice(first, last + 1) };
    }
  }
  const newest = failures.at(-1)?.at ?? 0;
  const recent = failures.filter((failure) => failure.at > newest - policy.findtime).length;
  return { kind: "watch", remaining: span - recent };
}

/** Settles every failure before `closed.until`, counted or yet to come; replaces what was settled before. */
export function close(window: Window, closed: Closed): Window {
  const settled = { failures: window.failures, closed };
  return { closed, failures: window.failures.filter((failure) => isOpenAt(settled, failure.at)) };
}

/** Settles what a ban covers: its own failures, even where the bantime is 0, and every one before its end. */
export function closeWith(
  window: Window,
  ban: { readonly since: number; readonly expiresAt: number | undefined },
): Window {
  return close(window, { until: ban.expiresAt === undefined ? undefined : Math.max(ban.expiresAt, ban.since + 1) });
}

/**
 * When the window says nothing any more, epoch ms of event time: the last moment at which an event that comes a
 * findtime late could still meet what it holds. Undefined = never (a permanent ban).
 */
export function forgetAt(window: Window, policy: WindowPolicy): number | undefined {
  if (window.closed !== undefined && window.closed.until === undefined) return undefined;
  const newest = window.failures.at(-1)?.at ?? 0;
  return Math.max(newest, window.closed?.until ?? 0) + 2 * policy.findtime;
}

function byTime(a: CountedFailure, b: CountedFailure): number {
  return a.at - b.at || (a.identity < b.identity ? -1 : a.identity > b.identity ? 1 : 0);
}

function withoutOldLines(failures: readonly CountedFailure[], maxmatches: number): readonly CountedFailure[] {
  const first = failures.length - maxmatches;
  return failures.map((failure, index) =>
    index < first && failure.line !== undefined ? { ...failure, line: undefined } : failure,
  );
}
