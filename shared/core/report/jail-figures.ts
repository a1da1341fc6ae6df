/** What `status` says of one jail, as figures; the trees and the JSON are two views of it. */
import type { Target } from "../address.ts";

export interface JailFigures {
  readonly name: string;
  readonly filter: {
    /** Ids with at least one failure in the window, not failures. */
    readonly currentlyFailed: number;
    /** Failures since the state began; a line fed twice counts once. */
    readonly totalFailed: number;
    readonly files: readonly string[];
    /** Searches that the filter's regexes gave up since the daemon began, their budget of steps spent; absent = none. */
    readonly exceeded?: number;
  };
  readonly actions: {
    readonly currentlyBanned: number;
    readonly totalBanned: number;
    /** In the order in which they were banned. */
    readonly banned: readonly Target[];
  };
}
