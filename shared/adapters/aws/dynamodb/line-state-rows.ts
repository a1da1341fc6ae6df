/**
 * What jails remember of log streams, as rows of the control table: JSON, deflated where that saves write units, changed
 * by compare-and-swap. As with windows, the first version of a row is the time of its creation.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { EMPTY_LINE_STATE, type LineState } from "../../../core/filter/line-state.ts";
import { PortError } from "../../../ports/failure.ts";
import type { LineStates, StoredLineState, StreamKey } from "../../../ports/line-states.ts";
import { bytes, type FoundRow, number, numberOf, text, textOf, ttl } from "./attributes.ts";
import { absent, equal } from "./clause.ts";
import { at, KIND, NAME, PARTITION } from "./control-keys.ts";
import type { Table } from "./table.ts";

/** Below it the row fits one write unit anyhow. */
const WORTH_DEFLATING = 700;
/** No state that we wrote inflates to more. */
const INFLATED_LIMIT = 4 * 1024 * 1024;

/** `now` = the clock, epoch ms. */
export function createLineStateRows(table: Table, now: () => number): LineStates {
  return {
    async load(keys) {
      const rows = await table.getMany([...new Map(keys.map((key) => [nameOf(key), rowKey(key)])).values()]);
      const byName = new Map(rows.map((row) => [`${textOf(row, PARTITION)}\n${textOf(row, NAME)}`, row]));
      return keys.map((key) => stored(key, byName.get(nameOf(key))));
    },
    async save(key, state, version, forgetAt) {
      const nobodyMadeIt = absent(NAME);
      const nobodyChangedIt = equal("version", number(version));
      const row = {
        ...rowKey(key),
        version: number(version === 0 ? now() : version + 1),
        state: encode(state),
        ...ttl(forgetAt),
      };
      const outcome = await table.put(row, version === 0 ? nobodyMadeIt : nobodyChangedIt);
      return outcome.kind === "written" ? "saved" : "conflict";
    },
  };
}

function rowKey({ jail, stream }: StreamKey) {
  return at(KIND.lines(jail), stream);
}

function nameOf({ jail, stream }: StreamKey): string {
  return `${KIND.lines(jail)}\n${stream}`;
}

function stored(key: StreamKey, row: FoundRow | undefined): StoredLineState {
  if (row === undefined) return { state: EMPTY_LINE_STATE, version: 0 };
  return { state: decode(key, row), version: numberOf(row, "version") ?? 0 };
}

function encode(state: LineState): AttributeValue {
  const json = JSON.stringify(state);
  return json.length <= WORTH_DEFLATING ? text(json) : bytes(deflateRawSync(json));
}

function decode({ jail, stream }: StreamKey, { state }: FoundRow): LineState {
  try {
    if (state?.S !== undefined) return JSON.parse(state.S) as LineState;
    if (!(state?.B instanceof Uint8Array)) throw new Error("it has no state attribute");
    return JSON.parse(inflateRawSync(state.B, { maxOutputLength: INFLATED_LIMIT }).toString()) as LineState;
  } catch (cause) {
    // Nothing is judged on a state that cannot be read.
    throw new PortError(
      "state-corrupt",
      `what ${jail} remembers of ${stream} cannot be read`,
      `Delete the row "${KIND.lines(jail)}", "${stream}" of the control table: the stream begins anew.`,
      cause,
    );
  }
}
