/** Ends bans on time in the rows; the kernel ended them by its own clock already. */
import type { Bans } from "../ports/bans.ts";

/**
 * Lifts what is over at `now` (epoch ms), at most `limit` rows, earliest end first. Returns how many it lifted: as many
 * as `limit` means there may be more. A ban renewed meanwhile stays: the lift names the generation it saw.
 */
export async function sweepExpired(now: number, { bans }: { readonly bans: Bans }, limit = 500): Promise<number> {
  let lifted = 0;
  for (const ban of await bans.due(now, limit)) {
    if (await bans.lift(ban, now)) lifted++;
  }
  return lifted;
}
