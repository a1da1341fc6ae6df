/** What jails remember of log streams, in the local state: written in the same batch as what came of the lines. */
import { EMPTY_LINE_STATE } from "../../../core/filter/line-state.ts";
import type { LineStates, StoredLineState, StreamKey } from "../../../ports/line-states.ts";
import type { Overlay } from "./overlay.ts";

interface LineStateRow extends StoredLineState {
  readonly forgetAt: number;
}

export function createLineStatesTable(overlay: Overlay): LineStates {
  const read = (key: StreamKey): StoredLineState => {
    const text = overlay.get(rowKey(key));
    return text === undefined ? { state: EMPTY_LINE_STATE, version: 0 } : decodeLineState(text);
  };
  return {
    async load(keys) {
      return keys.map((key) => {
        const { state, version } = read(key);
        return { state, version };
      });
    },
    async save(key, state, version, forgetAt) {
      if (read(key).version !== version) return "conflict";
      overlay.set(rowKey(key), JSON.stringify({ state, version: version + 1, forgetAt } satisfies LineStateRow));
      return "saved";
    },
  };
}

/** "l/sshd//var/log/auth.log": jails are escaped, so the first "/" behind them separates. */
function rowKey({ jail, stream }: StreamKey): string {
  return `l/${encodeURIComponent(jail)}/${stream}`;
}

export function decodeLineState(text: string): LineStateRow {
  return JSON.parse(text) as LineStateRow;
}
