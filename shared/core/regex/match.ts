/** What a regex found, whichever engine ran it. */

/** The place of a group in the text, in UTF-16 units: [start, end). */
export type Span = readonly [start: number, end: number];

export interface RegexMatch {
  /** Where the match starts and ends in the text, in UTF-16 units. */
  readonly index: number;
  readonly end: number;
  /** Every named group; undefined where it took no part. */
  readonly groups: Readonly<Record<string, string | undefined>>;
  /** By group number, 0 = the whole match; empty unless asked for by `positions`. */
  readonly spans: readonly (Span | undefined)[];
}
