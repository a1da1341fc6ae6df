/**
 * Versions of rows that change by compare-and-swap only.
 *
 * The first version of a row is the time of its creation, not 1: a row that TTL deletes and somebody writes anew must
 * not look like the one that another writer read before. A row without a version that we wrote (a person's hands) has
 * one all the same, under which it can be replaced: nobody could ever change it otherwise.
 */
import { type FoundRow, number, numberOf } from "./attributes.ts";
import { above, absent, atMost, type Clause, either, equal, noNumber } from "./clause.ts";

/** There is no row. */
export const NO_ROW = 0;
const UNREADABLE = -1;

/** The version of a row that was read. */
export function versionOf(row: FoundRow): number {
  const version = numberOf(row, "version");
  return version !== undefined && isReadable(version) ? version : UNREADABLE;
}

/** The version that a row is written with over `version`; `now` = the clock, epoch ms. */
export function versionAfter(version: number, now: number): number {
  return isReadable(version) ? version + 1 : now;
}

/** Nobody changed the row since it was read with `version`; `key` = an attribute of its key. */
export function unchanged(version: number, key: string): Clause {
  if (version === NO_ROW) return absent(key);
  if (isReadable(version)) return equal("version", number(version));
  return either(noNumber("version"), atMost("version", number(0)), above("version", number(Number.MAX_SAFE_INTEGER)));
}

function isReadable(version: number): boolean {
  return version > 0 && version <= Number.MAX_SAFE_INTEGER;
}
