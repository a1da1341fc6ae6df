/** The history of who was banned; outlives the ban rows. */
import type { Target } from "../core/address.ts";
import type { Ban } from "../core/ban.ts";
import type { BanKey } from "../core/detect/key.ts";
import type { Offence } from "../core/detect/offence.ts";

export interface Offenders {
  /** The history of the id in every jail. Read consistently. */
  history(id: Target): Promise<readonly Offence[]>;
  /** Notes a ban as `noteBan` does, so it may be called any number of times. */
  record(ban: Ban): Promise<void>;
  /** Sets the count to 0 as a manual unban at `at` (epoch ms) does; without a history it does nothing. */
  pardon(key: BanKey, at: number): Promise<void>;
}
