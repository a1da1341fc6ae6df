/**
 * Forgetting: windows, histories, held bans and states of log streams that can change no decision any more.
 *
 * A walk in small steps over all rows instead of an index by age: an index would double the writes of every failure,
 * and nothing depends on a row going early.
 */
import { forgetOffenceAt } from "../../../core/detect/offence.ts";
import { decodeBan } from "./bans-table.ts";
import { prefixRange } from "./keys.ts";
import { decodeLineState } from "./line-states-table.ts";
import { decodeOffence } from "./offenders-table.ts";
import type { Overlay } from "./overlay.ts";
import { decodeWindow } from "./window-row.ts";

/** When a row of the table may go; undefined = never. */
const FORGET_AT: readonly (readonly [table: string, forgetAt: (text: string) => number | undefined])[] = [
  ["w/", (text) => decodeWindow(text).forgetAt],
  ["o/", (text) => forgetOffenceAt(decodeOffence(text))],
  ["h/", (text) => decodeBan(text).expiresAt],
  ["l/", (text) => decodeLineState(text).forgetAt],
];

export function createPruner(overlay: Overlay): (before: number, limit: number) => Promise<number> {
  let table = 0;
  let from = "";
  return async (before, limit) => {
    let dropped = 0;
    let left = limit;
    for (let tables = 0; tables < FORGET_AT.length && left > 0; tables++) {
      const [prefix, forgetAt] = FORGET_AT[table]!;
      const [first, end] = prefixRange(prefix);
      let done = true;
      for await (const [key, text] of overlay.range(from === "" ? first : from, end)) {
        if (left-- === 0) {
          from = key;
          done = false;
          break;
        }
        const at = forgetAt(text);
        if (at === undefined || at > before) continue;
        overlay.delete(key);
        dropped++;
      }
      if (!done) break;
      from = "";
      table = (table + 1) % FORGET_AT.length;
    }
    return dropped;
  };
}
