/**
 * A breaker that trips calls for a person, once, although everybody who holds a ban of its jail finds it tripped, and
 * although whoever tripped it may have died, or failed at something else, before it could tell.
 */
import type { Breakers } from "../ports/breakers.ts";
import { type Tripped, trippedBy } from "./place-ban.ts";
import { type Backoff, retryConflicts } from "./retry-conflicts.ts";

export interface ClaimDeps {
  readonly breakers: Breakers;
  readonly backoff: Backoff;
}

/** Those of the trips that the caller is to tell, each jail once: nobody else gets them from here on. */
export async function claimTrips(tripped: readonly Tripped[], deps: ClaimDeps): Promise<readonly Tripped[]> {
  const claimed: Tripped[] = [];
  for (const jail of new Set(tripped.map((each) => each.jail))) {
    await change(jail, deps, async ({ state, version }) => {
      if (state.kind === "armed" || state.untold === undefined) return "saved";
      const { untold: _, ...told } = state;
      const outcome = await deps.breakers.save(jail, told, version);
      if (outcome === "saved") claimed.push(trippedBy(jail, told));
      return outcome;
    });
  }
  return claimed;
}

/** Gives back a claim of which nobody could be told: whoever holds a ban next finds it. */
export async function returnTrip(jail: string, deps: ClaimDeps): Promise<void> {
  await change(jail, deps, async ({ state, version }) =>
    // Armed by now: a person has looked.
    state.kind === "armed" ? "saved" : deps.breakers.save(jail, { ...state, untold: true }, version),
  );
}

async function change(
  jail: string,
  { breakers, backoff }: ClaimDeps,
  attempt: (loaded: Awaited<ReturnType<Breakers["load"]>>) => Promise<"saved" | "conflict">,
): Promise<void> {
  await retryConflicts(`the breaker of ${jail}`, backoff, async () => attempt(await breakers.load(jail)));
}
