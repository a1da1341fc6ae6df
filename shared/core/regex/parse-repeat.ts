/** How often something is repeated: `* + ? {n} {n,m} {,m} {n,}`. A brace that says no such thing is a character. */
import type { Cursor } from "./cursor.ts";
import { takeDigits } from "./parse-class.ts";
import type { Repeat } from "./tree.ts";

/** Python's own limit on a count. */
const MAX_REPEAT = 4294967295;

/** Reads the bounds that stand next; undefined, and nothing taken, where none do. */
export function takeBounds(cursor: Cursor): Pick<Repeat, "min" | "max"> | undefined {
  if (cursor.accept("*")) return { min: 0, max: Number.POSITIVE_INFINITY };
  if (cursor.accept("+")) return { min: 1, max: Number.POSITIVE_INFINITY };
  if (cursor.accept("?")) return { min: 0, max: 1 };
  const start = cursor.position;
  const mark = cursor.mark();
  if (!cursor.accept("{")) return undefined;
  const low = takeDigits(cursor);
  const comma = cursor.accept(",");
  const high = comma ? takeDigits(cursor) : low;
  if (!cursor.accept("}") || (low === "" && !comma)) {
    cursor.rewind(mark);
    return undefined;
  }
  const min = low === "" ? 0 : Number(low);
  const max = high === "" ? Number.POSITIVE_INFINITY : Number(high);
  if (min >= MAX_REPEAT || (high !== "" && max >= MAX_REPEAT)) {
    cursor.fail("repeat-too-large", start, "a repetition count is too large");
  }
  if (max < min) cursor.fail("min-above-max", start, "a repetition has more at least than at most");
  return { min, max };
}
