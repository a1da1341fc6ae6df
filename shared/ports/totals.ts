/** The "Total …" figures. A contribution is named, and one with a name already seen adds nothing. */

/** Counts of one jail since the state began. */
export interface JailTotals {
  /** Failures that counted. */
  readonly failed: number;
  readonly banned: number;
  /** Failures of ids on an allowlist or the never-ban list. */
  readonly ignored: number;
}

export type TotalsByJail = ReadonlyMap<string, JailTotals>;

export interface Totals {
  /** Adds once per `name`; redelivery is recognised for at least the thousand names before. */
  add(name: string, by: TotalsByJail): Promise<void>;
  /** Every jail that has any. */
  read(): Promise<TotalsByJail>;
}

export const NO_TOTALS: JailTotals = { failed: 0, banned: 0, ignored: 0 };
