/**
 * Which events of CloudWatch's list can matter, found in its bytes before any of them is parsed.
 *
 * A quote inside a JSON string is always escaped, so `},{"id":"` cannot stand in a message: it separates events. A literal
 * is looked for as JSON writes it; as JSON may also write any character as \uXXXX and "/" as \/, an event with such an
 * escape can always matter.
 */
import { createLiteralSearch, type SearchableBytes } from "./literal-search.ts";
import type { Literal, PairCounts } from "./pair-choice.ts";

/** The end of an event, and the beginning of the next. One that begins otherwise is inside of an event. */
export const NEXT_EVENT = '},{"id":"';

/**
 * Tells `take` where each event that can matter begins and ends, among those from `begin` to `end` (bytes), until that
 * returns false. Resolves to the number of events that were looked at.
 */
export type EventSift = (
  json: SearchableBytes,
  begin: number,
  end: number,
  take: (begin: number, end: number) => boolean,
) => number;

const LITERAL = 0;
const NEXT = 1;

/** Text as it stands in a JSON string. */
export function inJson(text: string): Uint8Array {
  return Buffer.from(JSON.stringify(text).slice(1, -1));
}

/** What is searched for beside the jails' literals: their pairs are awaited anyway. */
export const FIXED: readonly Literal[] = [NEXT_EVENT, "\\u", "\\/"].map((text) => ({
  bytes: Buffer.from(text),
  folded: false,
}));

/** `literals` as inJson has them; of each event that can matter one stands in its message. */
export function createEventSift(literals: readonly Literal[], counts: PairCounts): EventSift {
  const [next, ...escapes] = FIXED;
  const search = createLiteralSearch(
    [{ ...next!, mark: NEXT }, ...[...escapes, ...literals].map((literal) => ({ ...literal, mark: LITERAL }))],
    counts,
  );
  return (json, first, end, take) => {
    let begin = first;
    let events = 1;
    let canMatter = false;
    let goesOn = true;
    search(json, (mark, at) => {
      // Before the list, or told a second time.
      if (at < begin) return false;
      if (mark === LITERAL) {
        canMatter = true;
        return false;
      }
      if (canMatter) goesOn = take(begin, at + 1);
      begin = at + 2;
      events += 1;
      canMatter = false;
      return !goesOn;
    });
    if (canMatter && goesOn) take(begin, end);
    return events;
  };
}
