/**
 * The breaker: a jail that bans more ids a minute than its limit is more likely a wrong regex than an attack of that
 * size, so it is stopped and its further decisions are held for a person to look at.
 *
 * A state machine on the times of the bans themselves, in one-second buckets, so that it stays small and says the same
 * in a replay. It stays tripped until a person resets it.
 */

/** Bans in the minute before the newest one, by second; [epoch s, bans], oldest first. */
export type BanRate = readonly (readonly [second: number, bans: number])[];

export type BreakerState =
  | { readonly kind: "armed"; readonly rate: BanRate }
  | {
      readonly kind: "tripped";
      /** Time of the ban that was one too many, epoch ms. */
      readonly at: number;
      /** Bans in that minute; 0 = nobody knows, as the breaker's state was lost. */
      readonly bans: number;
      /** No person was told yet; who tells one takes it off. */
      readonly untold?: true;
    };

/** Fits an attack by hundreds of addresses a minute; a regex that hits every visitor passes it within seconds. */
export const DEFAULT_BANS_PER_MINUTE = 300;

export const ARMED: BreakerState = { kind: "armed", rate: [] };

/** Counts one ban that was made at `at` (epoch ms); trips when its minute holds more than `limit`. */
export function countBan(state: BreakerState, at: number, limit: number): BreakerState {
  switch (state.kind) {
    case "tripped":
      return state;
    case "armed": {
      const second = Math.floor(at / 1000);
      const newest = Math.max(second, state.rate.at(-1)?.[0] ?? second);
      const buckets = new Map(state.rate);
      buckets.set(second, (buckets.get(second) ?? 0) + 1);
      const rate = [...buckets].filter(([bucket]) => bucket > newest - 60).sort(([a], [b]) => a - b);
      const bans = rate.reduce((sum, [, count]) => sum + count, 0);
      return bans > limit ? { kind: "tripped", at, bans, untold: true } : { kind: "armed", rate };
    }
  }
}
