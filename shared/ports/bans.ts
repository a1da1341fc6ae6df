/**
 * The ban rows: the truth and the outbox at once. Every change to them comes out as a BanChange (the table's stream in
 * the cloud, the journal locally), at least once and per row in order; only those changes make anything happen.
 */
import type { Target } from "../core/address.ts";
import type { Ban } from "../core/ban.ts";
import type { BanKey } from "../core/detect/key.ts";

export type PutOutcome =
  | { readonly kind: "created"; readonly ban: Ban }
  /** The row of an ended ban, or of the named generation, was replaced; `ban` has the generation that was stored. */
  | { readonly kind: "renewed"; readonly ban: Ban; readonly previous: Ban }
  /** The id is banned in this jail already, by `ban`; nothing was written. */
  | { readonly kind: "standing"; readonly ban: Ban };

export interface Bans {
  /**
   * Writes the ban where no ban stands at `ban.since`, or where the row has generation `replacing`. One conditional
   * write, safe to repeat. The stored generation is greater than that of the row it replaces.
   */
  put(ban: Ban, replacing?: number): Promise<PutOutcome>;
  /**
   * Deletes the row if it still has this generation; false = it is gone or was renewed. `at` (epoch ms) tells the
   * change's reason: the ban is over by then, or it was lifted by hand.
   */
  lift(ban: BanKey & { readonly generation: number }, at: number): Promise<boolean>;
  /** The rows of one id over all jails, ended ones included: ask `expiresAt > now`. Read consistently. */
  ofId(id: Target): Promise<readonly Ban[]>;
  /** Rows that ended at or before `now` (epoch ms), earliest end first, at most `limit`. */
  due(now: number, limit: number): Promise<readonly Ban[]>;
  /** The rows of one jail, ended ones included, in no promised order. */
  inJail(jail: string): AsyncIterable<Ban>;
}
