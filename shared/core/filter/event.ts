/** What goes into matching and what comes out of it. */
import type { Target } from "../address.ts";

/** One log line as it arrived. */
export interface LogEvent {
  /** Identity, unique for ever: CloudWatch's logEvents[].id, or "device:inode:offset" of a local file. */
  readonly id: string;
  /** Log stream or file path: which host or file wrote it. */
  readonly stream: string;
  /** When it was received, epoch ms: it plays Fail2Ban's "now" for the line's own date. */
  readonly at: number;
  /** The line without its line end. */
  readonly text: string;
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
  readonly line: string;
}

/** What matching a batch did in one jail, as counts of lines. */
export interface Tally {
  /** Lines that a failregex matched and no ignoreregex took back. */
  readonly matched: number;
  /** Lines that an ignoreregex took back. */
  readonly ignored: number;
  /** Matches whose id is no valid address, so nothing may be banned for them. */
  readonly refused: number;
  /** Lines that carry the jail's literals but have a shape its prefregex does not know. */
  readonly unparsed: number;
}

export interface MatchReport {
  readonly lines: number;
  readonly failures: readonly Failure[];
  /** By jail name. */
  readonly tallies: ReadonlyMap<string, Tally>;
}

/** Every jail of a configuration, compiled; the only thing that sees text written by clients. */
export interface Matcher {
  match(events: readonly LogEvent[]): MatchReport;
}
