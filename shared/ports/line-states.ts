/**
 * What jails remember of log streams between batches (core/filter/line-state.ts), changed by compare-and-swap only. Jails
 * whose filters judge each line by itself never ask.
 */
import type { LineState } from "../core/filter/line-state.ts";

export interface StreamKey {
  readonly jail: string;
  /** Log stream or file path. */
  readonly stream: string;
}

/** A state and the version that a save must name; version 0 = there is no row yet. */
export interface StoredLineState {
  readonly state: LineState;
  readonly version: number;
}

export interface LineStates {
  /** The states of the keys, in their order; a key without a row gives the empty state. Read consistently. */
  load(keys: readonly StreamKey[]): Promise<readonly StoredLineState[]>;
  /** Stores the state if the row still has `version`. After `forgetAt` (epoch ms) the row may go. */
  save(key: StreamKey, state: LineState, version: number, forgetAt: number): Promise<"saved" | "conflict">;
}
