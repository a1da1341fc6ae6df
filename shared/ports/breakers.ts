/** The breaker of each jail, changed by compare-and-swap. */
import type { BreakerState } from "../core/detect/breaker.ts";

export interface Breakers {
  /** The state and the version that a save must name; version 0 = armed, no row yet. */
  load(jail: string): Promise<{ readonly state: BreakerState; readonly version: number }>;
  /** Stores the state if the row still has `version`. */
  save(jail: string, state: BreakerState, version: number): Promise<"saved" | "conflict">;
}
