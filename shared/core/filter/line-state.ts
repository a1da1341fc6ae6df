/**
 * What a jail remembers of one log stream between lines: connections under way (`<F-MLFID>`), the last lines
 * (`maxlines`), and which events it has taken in already.
 *
 * Plain data, so that any store keeps it as JSON. Every part is bounded: what clients write can push the oldest out,
 * never make it grow.
 */

/** One connection (or whatever else `<F-MLFID>` names) and what its lines said so far. */
export interface Session {
  readonly id: string;
  /** Receipt of its first line, epoch ms. */
  readonly since: number;
  /** Receipt of the line that ended it (`<F-MLFFORGET>`), epoch ms: from then on the id means another connection. */
  readonly closedAt?: number;
  /** Who it is: fid, ip4, ip6, cidr, dns and user, as the latest lines say. */
  readonly groups: Readonly<Record<string, string>>;
  /** Every user name that was tried. */
  readonly users: readonly string[];
  /** Whether its latest line is no failure by itself (`<F-NOFAIL>`, `<F-MLFGAINED>`). */
  readonly helper: boolean;
  /** Whether it failed before anybody knew from where: the failure counts once a line says so. */
  readonly pending: boolean;
  /** Lines of failures that are not told yet. */
  readonly lines: readonly string[];
  /** Lines that were no failures; they explain a later one. */
  readonly aside: readonly string[];
}

/** A line in the buffer of a filter that spans lines; its date stands from `start` to `end`, and regexes do not see it. */
export interface BufferedLine {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Events taken in together: eleven characters for each, and the latest receipt among them, epoch ms. */
export interface SeenEvents {
  readonly at: number;
  readonly ids: string;
}

export interface LineState {
  /** In the order in which they began. */
  readonly sessions: readonly Session[];
  readonly buffer: readonly BufferedLine[];
  /** The instant of the latest line with a date, epoch ms; only filters that span lines ask. */
  readonly datedAt?: number;
  /** Oldest first. */
  readonly seen: readonly SeenEvents[];
  /** Of events received before this (epoch ms) nobody knows any more whether they were taken in. */
  readonly horizon: number;
}

export const EMPTY_LINE_STATE: LineState = { sessions: [], buffer: [], seen: [], horizon: 0 };

/** A session that is heard of no more is forgotten five minutes after its first line, as Fail2Ban does, ms. */
export const SESSION_LIFE = 300_000;
/** A closed session still takes lines that come late, so long after it was closed, ms. */
export const CLOSED_LIFE = 60_000;
/** Fail2Ban keeps as many. */
export const MAX_SESSIONS = 100;
/** Lines that a filter may span, whatever `maxlines` says, and the characters that they may have together. */
export const MAX_LINES = 100;
export const MAX_BUFFER = 32_768;
/** Events remembered by identity. */
export const MAX_SEEN = 512;

/** A row that no line has touched for an hour says nothing any more, ms. */
const ROW_LIFE = 3_600_000;

/** When the state may go, epoch ms: an hour after the latest event in it. */
export function forgetLineStateAt(state: LineState): number {
  return Math.max(state.horizon, ...state.seen.map(({ at }) => at)) + ROW_LIFE;
}

/** Lines are kept to explain a ban, so the beginning of a long one will do. */
const LINE_LENGTH = 500;

/** The beginning of a text, not cut in the middle of a character of two units. */
export function beginning(text: string, length = LINE_LENGTH): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length);
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}
