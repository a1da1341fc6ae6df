/** The log of what was found, banned and unbanned, in Fail2Ban's own format, for people and for recidive. */
import type { Happening } from "../core/report/log-line.ts";

export interface BanLog {
  /** Writes one line each; `at` = the time of writing, epoch ms. */
  write(happenings: readonly Happening[], at: number): Promise<void>;
}
