/** A hint for a mistyped word. */
import { nearest } from "../../shared/core/config/nearest.ts";

/** "Did you mean bantime?", or the whole list where nothing is near. */
export function suggest(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? `There are: ${known.join(", ")}` : `Did you mean ${near}?`;
}
