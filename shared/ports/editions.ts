/** The ruleset that the fleet runs, and its revision: hosts ignore firewall rules of an older one. */

export interface Edition {
  /** Hash of the ruleset. */
  readonly hash: string;
  /** Greater = later; never the same for two rulesets. */
  readonly revision: number;
  /** Since when, epoch ms. */
  readonly since: number;
  /** The ruleset itself, as its file's text, for who asks from outside. */
  readonly ruleset: string;
}

export interface Editions {
  current(): Promise<Edition | undefined>;
  /** Stores the edition if the stored one still has revision `replacing`; undefined = there is none yet. */
  replace(edition: Edition, replacing: number | undefined): Promise<"saved" | "conflict">;
}
