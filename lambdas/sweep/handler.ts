/**
 * Ends bans on time in the rows, once a minute. The kernels ended them by their own clocks already, so a second more in
 * the rows hurts nobody; a second less would tell people of an unban that had not come yet.
 */
import { sweepExpired } from "../../shared/app/sweep-expired.ts";
import type { Bans } from "../../shared/ports/bans.ts";
import type { Call } from "../runtime/invocation.ts";

/** How far clocks of this process and of others may be apart, ms: so long after its end a ban is swept. */
export const CLOCK_ROOM = 2_000;
/** Rows lifted at once, and how much time of the function's is left for whoever is under way, ms. */
const AT_ONCE = 200;
const TIME_FOR_ONE_ROUND = 15_000;

/** Lifts until nothing is due, or until time runs short: the next minute goes on. */
export function createHandler({ bans }: { readonly bans: Bans }) {
  return async (_: unknown, { now, remaining, log }: Call): Promise<{ readonly lifted: number }> => {
    let lifted = 0;
    let last = AT_ONCE;
    // Not "while as many as fit": the index is behind the rows, so some of what it shows may be gone already.
    while (last > 0 && remaining() > TIME_FOR_ONE_ROUND) {
      last = await sweepExpired(now() - CLOCK_ROOM, { bans }, AT_ONCE);
      lifted += last;
    }
    if (lifted > 0) log.info("bans that are over were lifted", { bans: lifted, more: last > 0 });
    return { lifted };
  };
}
