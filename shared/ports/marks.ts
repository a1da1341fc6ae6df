/** Notes that something was done, where doing it leaves nothing else behind and doing it twice would be noticed. */

export interface Marks {
  /** Those of the names that are noted. No name twice, at most 100. */
  noted(names: readonly string[]): Promise<ReadonlySet<string>>;
  /** Notes a name, to be forgotten some time after `until` (epoch ms). */
  note(name: string, until: number): Promise<void>;
}
