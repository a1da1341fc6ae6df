/**
 * Compare-and-swap, tried again: load, change, save; whoever lost the race reads anew and waits a little longer each
 * time, with jitter, so that many writers of one row come apart.
 */
import { PortError } from "../ports/failure.ts";

/** Waits before attempt `attempt` (1 = the first repetition); the adapter owns the clock and the jitter. */
export type Backoff = (attempt: number) => Promise<void>;

/** Ten attempts with doubling waits outlast any storm that a batch of writers can make. */
const ATTEMPTS = 10;

/** Repeats `attempt` while it says "conflict"; throws PortError "too-busy" when it never ends. */
export async function retryConflicts<T>(
  what: string,
  backoff: Backoff,
  attempt: () => Promise<T | "conflict">,
): Promise<T> {
  for (let count = 1; ; count++) {
    const outcome = await attempt();
    if (outcome !== "conflict") return outcome;
    if (count === ATTEMPTS) {
      throw new PortError("too-busy", `${what} changed ${ATTEMPTS} times under our hands`, "Deliver the batch again.");
    }
    await backoff(count);
  }
}

/** Full jitter: a random share of a wait that doubles, from 20 ms up to 2 s. `random` is in [0, 1). */
export function waitBefore(attempt: number, random: number): number {
  return Math.round(random * Math.min(2_000, 20 * 2 ** attempt));
}
