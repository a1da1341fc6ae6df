/**
 * The failure windows of every (jail, id), changed by compare-and-swap only: nothing is ever added blindly, so a
 * redelivered batch cannot count twice and two writers cannot lose each other's failures.
 */
import type { BanKey } from "../core/detect/key.ts";
import type { Window } from "../core/detect/window.ts";

/** A window and the version that a save must name; version 0 = there is no row yet. */
export interface StoredWindow {
  readonly window: Window;
  readonly version: number;
}

export interface Windows {
  /** The windows of the keys, in their order; a key without a row gives the empty window. Read consistently. */
  load(keys: readonly BanKey[]): Promise<readonly StoredWindow[]>;
  /**
   * Stores the window if the row still has `version`. After `forgetAt` (epoch ms; undefined = never) the row may go.
   */
  save(key: BanKey, window: Window, version: number, forgetAt: number | undefined): Promise<"saved" | "conflict">;
  /** How many ids of the jail failed after `after` (epoch ms) and are not banned for it: "Currently failed". */
  watched(jail: string, after: number): Promise<number>;
}
