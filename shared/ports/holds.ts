/** Bans that a tripped breaker held back: decided and explained, but enforced by nobody until a person says so. */
import type { Ban } from "../core/ban.ts";
import type { BanKey } from "../core/detect/key.ts";

export interface Holds {
  /** Keeps a decision; one with the same key replaces it. */
  hold(ban: Ban): Promise<void>;
  /** The held bans of one jail, ended ones included, in no promised order. */
  inJail(jail: string): AsyncIterable<Ban>;
  /** Drops one; false = it was not there. */
  drop(key: BanKey): Promise<boolean>;
}
