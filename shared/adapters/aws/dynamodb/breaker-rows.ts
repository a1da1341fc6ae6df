/** Breakers as rows of the control table: the state as JSON, changed by compare-and-swap. */
import { ARMED, type BreakerState } from "../../../core/detect/breaker.ts";
import type { Breakers } from "../../../ports/breakers.ts";
import { PortError } from "../../../ports/failure.ts";
import { number, numberOf, text, textOf } from "./attributes.ts";
import { absent, equal } from "./clause.ts";
import { at, KIND, NAME } from "./control-keys.ts";
import type { Table } from "./table.ts";

export function createBreakerRows(table: Table): Breakers {
  return {
    async load(jail) {
      const row = await table.get(at(KIND.breaker, jail));
      if (row === undefined) return { state: ARMED, version: 0 };
      return { state: parse(jail, textOf(row, "state")), version: numberOf(row, "version") ?? 0 };
    },
    async save(jail, state, version) {
      const nobodyMadeIt = absent(NAME);
      const nobodyChangedIt = equal("version", number(version));
      const row = { ...at(KIND.breaker, jail), state: text(JSON.stringify(state)), version: number(version + 1) };
      const outcome = await table.put(row, version === 0 ? nobodyMadeIt : nobodyChangedIt);
      return outcome.kind === "written" ? "saved" : "conflict";
    },
  };
}

function parse(jail: string, json: string | undefined): BreakerState {
  try {
    const state = JSON.parse(json ?? "") as BreakerState;
    if (state.kind === "armed" || state.kind === "tripped") return state;
  } catch {
    // The same as any other text that is no state: below.
  }
  throw new PortError(
    "state-corrupt",
    `the breaker of ${jail} cannot be read`,
    `Delete the row "${KIND.breaker}", "${jail}" of the control table: the breaker is armed anew.`,
  );
}
