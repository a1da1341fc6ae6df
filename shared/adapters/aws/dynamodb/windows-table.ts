/**
 * Failure windows in DynamoDB: one row a window, read in batches and written by compare-and-swap.
 *
 * A row that cannot be read (a person's hands) counts as empty, and is told: else every payload in which its id fails
 * would come again for ever, with everybody else's failures. That bans later, never wrongly: what a ban or a pardon has
 * settled, the id's history knows too.
 */
import { WINDOWS_TABLE } from "../../../contract/tables.ts";
import { keyText, parseKey } from "../../../core/detect/key.ts";
import { EMPTY_WINDOW } from "../../../core/detect/window.ts";
import type { StoredWindow, Windows } from "../../../ports/windows.ts";
import { type FoundRow, number, optional, text, textOf, ttl } from "./attributes.ts";
import { above, both, startsWith } from "./clause.ts";
import { NO_ROW, unchanged, versionAfter, versionOf } from "./row-version.ts";
import type { Table } from "./table.ts";
import { orElse, type Unreadable } from "./unreadable.ts";
import { decodeWindow, encodeWindow } from "./window-row.ts";

const KEY = WINDOWS_TABLE.partitionKey;

/** `now` = the clock, epoch ms. */
export function createWindowsTable(table: Table, now: () => number, unreadable: Unreadable): Windows {
  return {
    async load(keys) {
      const wanted = keys.map(keyText);
      const rows = await table.getMany([...new Set(wanted)].map((key) => ({ [KEY]: text(key) })));
      const byKey = new Map(rows.map((row) => [textOf(row, KEY), row]));
      return wanted.map((key) => stored(key, byKey.get(key), unreadable));
    },
    async save(key, window, version, forgetAt) {
      const newest = window.failures.at(-1)?.at;
      const outcome = await table.put(
        {
          [KEY]: text(keyText(key)),
          version: number(versionAfter(version, now())),
          window: encodeWindow(keyText(key), window),
          ...optional("newest", newest === undefined ? undefined : number(newest)),
          ...ttl(forgetAt),
        },
        unchanged(version, KEY),
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

function stored(key: string, row: FoundRow | undefined, unreadable: Unreadable): StoredWindow {
  if (row === undefined) return { window: EMPTY_WINDOW, version: NO_ROW };
  return { window: orElse(() => decodeWindow(key, row.window), EMPTY_WINDOW, unreadable), version: versionOf(row) };
}
