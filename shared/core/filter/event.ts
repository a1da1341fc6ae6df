/** What goes into matching and what comes out of it. */
import type { Target } from "../address.ts";
import type { LineState } from "./line-state.ts";

/** One log line as it arrived. */
export interface LogEvent {
  /** Identity, unique for ever: CloudWatch's logEvents[].id, or "device:inode:offset" of a local file. */
  readonly id: string;
  /** Log stream or file path: which host or file wrote it. */
  readonly stream: string;
  /** When it was received, epoch ms: it plays Fail2Ban's "now" for the line's own date. */
  readonly at: number;
  /** The line without its line end; of a journal, the entry as JSON. */
  readonly text: string;
  /** When it was written, epoch ms, where its source knows; else its own text says. */
  readonly writtenAt?: number;
  /** True for content older than the start of reading: the line's own date then counts, however old. */
  readonly catchUp?: boolean;
}

/** Who failed: an address, or a host name that the caller still has to resolve (usedns yes or warn). */
export type Suspect =
  | { readonly kind: "address"; readonly id: Target }
  | { readonly kind: "name"; readonly name: string };

/** One failed attempt that a filter found. */
export interface Failure {
  readonly jail: string;
  readonly suspect: Suspect;
  /** Event time, epoch ms. */
  readonly at: number;
  /** The log event's id: what makes this failure distinct from every other. */
  readonly identity: string;
  readonly stream: string;
  /** The line; where several made up the failure, all of them, joined by "\n". */
  readonly line: string;
}

/** What matching a batch did in one jail: counts of lines, and of searches given up. */
export interface Tally {
  /** Lines that a failregex matched and no ignoreregex took back. */
  readonly matched: number;
  /** Lines that an ignoreregex took back. */
  readonly ignored: number;
  /** Matches whose id is no valid address, so nothing may be banned for them. */
  readonly refused: number;
  /** Lines that carry the jail's literals but have a shape its prefregex does not know. */
  readonly unparsed: number;
  /** Searches that a regex gave up, its budget of steps spent: they found nothing, and the others went on. */
  readonly exceeded: number;
}

/** Lines of one stream that one jail can judge only together with earlier ones. */
export interface Thread {
  readonly jail: string;
  readonly stream: string;
  /** Goes on from what the jail remembers of the stream; changes nothing itself, so it may be asked again. */
  resume(state: LineState): Resumed;
}

export interface Resumed {
  /** What to remember now: the same object where every line was known already. */
  readonly state: LineState;
  readonly failures: readonly Failure[];
  readonly tally: Tally;
}

export interface MatchReport {
  readonly lines: number;
  /** Failures that single lines tell. */
  readonly failures: readonly Failure[];
  /** By jail name; without what the threads come to. */
  readonly tallies: ReadonlyMap<string, Tally>;
  /** One for each jail and stream that needs state across lines; mostly none. */
  readonly threads: readonly Thread[];
}

/** Every jail of a configuration, compiled; the only thing that sees text written by clients. */
export interface Matcher {
  match(events: readonly LogEvent[]): MatchReport;
}
