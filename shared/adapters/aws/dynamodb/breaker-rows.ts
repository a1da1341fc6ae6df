/**
 * Breakers as rows of the control table: the state as JSON, changed by compare-and-swap.
 *
 * A row that cannot be read (a person's hands) counts as tripped, and is told: what its jail decides is held for a person,
 * who arms it anew by saying what becomes of that.
 */
import { ARMED, type BreakerState } from "../../../core/detect/breaker.ts";
import type { Breakers } from "../../../ports/breakers.ts";
import { PortError } from "../../../ports/failure.ts";
import { number, text, textOf } from "./attributes.ts";
import { at, KIND, NAME } from "./control-keys.ts";
import { NO_ROW, unchanged, versionOf } from "./row-version.ts";
import type { Table } from "./table.ts";
import { orElse, type Unreadable } from "./unreadable.ts";

const DOUBTFUL: BreakerState = { kind: "tripped", at: 0, bans: 0, untold: true };

export function createBreakerRows(table: Table, unreadable: Unreadable): Breakers {
  return {
    async load(jail) {
      const row = await table.get(at(KIND.breaker, jail));
      if (row === undefined) return { state: ARMED, version: NO_ROW };
      const state = orElse(() => parse(jail, textOf(row, "state")), DOUBTFUL, unreadable);
      return { state, version: versionOf(row) };
    },
    async save(jail, state, version) {
      // These rows stay, so they may count from one.
      const next = Math.max(version, NO_ROW) + 1;
      const row = { ...at(KIND.breaker, jail), state: text(JSON.stringify(state)), version: number(next) };
      const outcome = await table.put(row, unchanged(version, NAME));
      return outcome.kind === "written" ? "saved" : "conflict";
    },
  };
}

function parse(jail: string, json: string | undefined): BreakerState {
  try {
    const state: unknown = JSON.parse(json ?? "");
    if (isState(state)) return state;
  } catch {
    // The same as any other text that is no state: below.
  }
  throw new PortError(
    "state-corrupt",
    `the breaker of ${jail} cannot be read`,
    `The jail is stopped until a person says what becomes of its bans: fleet2ban set ${jail} held ban|let-go`,
  );
}

function isState(value: unknown): value is BreakerState {
  const state = (value ?? {}) as Partial<BreakerState>;
  switch (state.kind) {
    case "armed":
      return (
        Array.isArray(state.rate) &&
        state.rate.every((bucket) => Array.isArray(bucket) && bucket.every(Number.isFinite))
      );
    case "tripped":
      return Number.isFinite(state.at) && Number.isFinite(state.bans);
    case undefined:
      return false;
  }
}
