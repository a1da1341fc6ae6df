/**
 * What jails remember of log streams, as rows of the control table: JSON, deflated where that saves write units, changed
 * by compare-and-swap. As with windows, a row that cannot be read counts as empty, and is told: the stream begins anew.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { EMPTY_LINE_STATE, type LineState } from "../../../core/filter/line-state.ts";
import { PortError } from "../../../ports/failure.ts";
import type { LineStates, StoredLineState, StreamKey } from "../../../ports/line-states.ts";
import { bytes, type FoundRow, number, text, textOf, ttl } from "./attributes.ts";
import { at, KIND, NAME, PARTITION } from "./control-keys.ts";
import { NO_ROW, unchanged, versionAfter, versionOf } from "./row-version.ts";
import type { Table } from "./table.ts";
import { orElse, type Unreadable } from "./unreadable.ts";

/** Below it the row fits one write unit anyhow. */
const WORTH_DEFLATING = 700;
/** No state that we wrote inflates to more. */
const INFLATED_LIMIT = 4 * 1024 * 1024;

/** `now` = the clock, epoch ms. */
export function createLineStateRows(table: Table, now: () => number, unreadable: Unreadable): LineStates {
  return {
    async load(keys) {
      const rows = await table.getMany([...new Map(keys.map((key) => [nameOf(key), rowKey(key)])).values()]);
      const byName = new Map(rows.map((row) => [`${textOf(row, PARTITION)}\n${textOf(row, NAME)}`, row]));
      return keys.map((key) => stored(key, byName.get(nameOf(key)), unreadable));
    },
    async save(key, state, version, forgetAt) {
      const row = {
        ...rowKey(key),
        version: number(versionAfter(version, now())),
        state: encode(state),
        ...ttl(forgetAt),
      };
      const outcome = await table.put(row, unchanged(version, NAME));
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

function stored(key: StreamKey, row: FoundRow | undefined, unreadable: Unreadable): StoredLineState {
  if (row === undefined) return { state: EMPTY_LINE_STATE, version: NO_ROW };
  return { state: orElse(() => decode(key, row), EMPTY_LINE_STATE, unreadable), version: versionOf(row) };
}

function encode(state: LineState): AttributeValue {
  const json = JSON.stringify(state);
  return json.length <= WORTH_DEFLATING ? text(json) : bytes(deflateRawSync(json));
}

function decode({ jail, stream }: StreamKey, row: FoundRow): LineState {
  try {
    const state: unknown = JSON.parse(jsonOf(row));
    if (!isLineState(state)) throw new Error("it is no state");
    return state;
  } catch (cause) {
    throw new PortError(
      "state-corrupt",
      `what ${jail} remembers of ${stream} cannot be read`,
      "The stream begins anew with the next line. Whoever wrote that row was not fleet2ban.",
      cause,
    );
  }
}

function jsonOf({ state }: FoundRow): string {
  if (state?.S !== undefined) return state.S;
  if (!(state?.B instanceof Uint8Array)) throw new Error("it has no state attribute");
  return inflateRawSync(state.B, { maxOutputLength: INFLATED_LIMIT }).toString();
}

function isLineState(value: unknown): value is LineState {
  const { sessions, buffer, seen, horizon } = (value ?? {}) as Partial<Record<keyof LineState, unknown>>;
  return [sessions, buffer, seen].every(Array.isArray) && Number.isFinite(horizon);
}
