/**
 * Failure windows in DynamoDB: one row a window, read in batches and written by compare-and-swap.
 *
 * The first version of a row is the time of its creation, not 1: a row that TTL deletes and somebody writes anew must
 * not look like the one that another writer read before.
 */
import { WINDOWS_TABLE } from "../../../contract/tables.ts";
import { keyText, parseKey } from "../../../core/detect/key.ts";
import { EMPTY_WINDOW } from "../../../core/detect/window.ts";
import type { StoredWindow, Windows } from "../../../ports/windows.ts";
import { type FoundRow, number, numberOf, optional, text, textOf, ttl } from "./attributes.ts";
import { above, absent, both, equal, startsWith } from "./clause.ts";
import type { Table } from "./table.ts";
import { decodeWindow, encodeWindow } from "./window-row.ts";

const KEY = WINDOWS_TABLE.partitionKey;

/** `now` = the clock, epoch ms. */
export function createWindowsTable(table: Table, now: () => number): Windows {
  return {
    async load(keys) {
      const wanted = keys.map(keyText);
      const rows = await table.getMany([...new Set(wanted)].map((key) => ({ [KEY]: text(key) })));
      const byKey = new Map(rows.map((row) => [textOf(row, KEY), row]));
      return wanted.map((key) => stored(key, byKey.get(key)));
    },
    async save(key, window, version, forgetAt) {
      const newest = window.failures.at(-1)?.at;
      const nobodyMadeIt = absent(KEY);
      const nobodyChangedIt = equal("version", number(version));
      const outcome = await table.put(
        {
          [KEY]: text(keyText(key)),
          version: number(version === 0 ? now() : version + 1),
          window: encodeWindow(keyText(key), window),
          ...optional("newest", newest === undefined ? undefined : number(newest)),
          ...ttl(forgetAt),
        },
        version === 0 ? nobodyMadeIt : nobodyChangedIt,
      );
      return outcome.kind === "written" ? "saved" : "conflict";
    },
    async watched(jail, after) {
      const failedLately = above("newest", number(after));
      let count = 0;
      for await (const row of table.scan(both(startsWith(KEY, text(`${jail}#`)), failedLately), [KEY])) {
        // A jail's name may hold the separator: "web" would find the rows of "web#2" too.
        if (parseKey(textOf(row, KEY)!).jail === jail) count++;
      }
      return count;
    },
  };
}

function stored(key: string, row: FoundRow | undefined): StoredWindow {
  if (row === undefined) return { window: EMPTY_WINDOW, version: 0 };
  return { window: decodeWindow(key, row.window), version: numberOf(row, "version") ?? 0 };
}
