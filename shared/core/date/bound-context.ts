/**
 * Word bounds without look-around: the character next to the date is matched too, outside of the date's groups.
 *
 * A bound holds unless both its neighbours are word characters. So where the date's own edge is a word character, the
 * neighbour must be none; where it never is, there is no bound at all; where it may be either (" 5/Oct" or "15/Oct"), the
 * neighbour may be a word character only beside an edge that is none, which RE2's own \b tells for ASCII.
 *
 * "ascii" is right for ASCII texts, and wide enough to screen any other; "exact" is right for all (but for a date that has
 * an edge beyond ASCII, which no known format has).
 */
import type { Character, ClassItem } from "../regex/tree.ts";
import type { BeginBound, EndBound } from "./bounds.ts";
import type { Edge } from "./edges.ts";

export type ContextForm = "ascii" | "exact";

const OTHER: Record<ContextForm, string> = { ascii: "[^0-9A-Za-z_]", exact: "[^\\p{L}\\p{N}_]" };
const WORD = "[0-9A-Za-z_]";
const BEYOND_ASCII = "[^\\x00-\\x{7F}]";

/** RE2 text for what comes before the match of a template whose match can begin as `edge` says. */
export function contextBefore(bound: BeginBound, edge: Edge, form: ContextForm): string {
  switch (bound) {
    case "none":
      return "";
    case "line":
      return `\\A${OTHER[form]}{0,2}`;
    case "word":
      switch (wordness(edge)) {
        case "other":
          return "";
        case "word":
          return `(?:\\A|${OTHER[form]})`;
        case "either":
          return `(?:\\A|${OTHER[form]}|${WORD}\\b${form === "exact" ? `|${BEYOND_ASCII}\\B` : ""})`;
      }
  }
}

/** RE2 text for what comes after the match of a template whose match can end as `edge` says. */
export function contextAfter(bound: EndBound, edge: Edge, form: ContextForm): string {
  if (bound === "none") return "";
  switch (wordness(edge)) {
    case "other":
      return "";
    case "word":
      return `(?:\\z|${OTHER[form]})`;
    case "either":
      return `(?:\\z|${OTHER[form]}|\\b${WORD}${form === "exact" ? `|\\B${BEYOND_ASCII}` : ""})`;
  }
}

type Wordness = "word" | "other" | "either";

/** Whether the characters of an edge are word characters: all, none, or it depends. */
export function wordness(edge: Edge): Wordness {
  if (edge.open || edge.lineEdge) return "either";
  return common(edge.characters.map(wordnessOf));
}

function wordnessOf(character: Character): Wordness {
  switch (character.kind) {
    case "any":
      return "either";
    case "literal":
      return rangeWordness(character.code, character.code);
    case "class": {
      const [only] = character.items;
      if (!character.negated) return common(character.items.map(itemWordness));
      if (character.items.length > 1 || only?.kind !== "category") return "either";
      return itemWordness({ ...only, negated: !only.negated });
    }
  }
}

function itemWordness(item: ClassItem): Wordness {
  if (item.kind === "range") return rangeWordness(item.from, item.to);
  if (item.negated) return item.category === "word" ? "other" : "either";
  return item.category === "space" ? "other" : "word";
}

function rangeWordness(from: number, to: number): Wordness {
  if (to > 0x7f) return "either";
  const codes = Array.from({ length: to - from + 1 }, (_, offset) => String.fromCharCode(from + offset));
  return common(codes.map((character) => (/^[0-9A-Za-z_]$/.test(character) ? "word" : "other")));
}

function common(kinds: readonly Wordness[]): Wordness {
  const [first] = kinds;
  return first !== undefined && kinds.every((kind) => kind === first) ? first : "either";
}
