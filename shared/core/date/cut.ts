/** Where a template can cut a line: which characters may stand to the left and to the right of what it takes out. */
import type { Group, RegexNode } from "../regex/tree.ts";
import { wordness } from "./bound-context.ts";
import type { BeginBound, EndBound } from "./bounds.ts";
import { admits, type Edge, edgeOf, neighboursOf } from "./edges.ts";

export interface Cut {
  /**
   * Whether `before` and `after` can become neighbours by a cut: one character, or "" for the line's begin or end, which
   * "\n" may stand for too, since filters see lines with their end.
   */
  between(before: string, after: string): boolean;
}

/** The cut of a template; `groups` are all places of its group 1. */
export function cutOf(
  bounds: { readonly begin: BeginBound; readonly end: EndBound },
  root: RegexNode,
  groups: readonly Group[],
): Cut {
  const places = groups.map(({ index }) => ({
    before: neighboursOf(root, index, "last"),
    after: neighboursOf(root, index, "first"),
  }));
  const first = edgeOf(root, "first");
  const last = edgeOf(root, "last");
  return {
    between: (before, after) =>
      places.some(
        (place) =>
          stands(place.before, before, () => beginAllows(bounds.begin, first, before)) &&
          stands(place.after, after, () => endAllows(bounds.end, last, after)),
      ),
  };
}

/** Whether `neighbour` can stand at an edge; where the regex has nothing there, the bound decides. */
function stands(edge: Edge | undefined, neighbour: string, bound: () => boolean): boolean {
  if (edge === undefined) return false;
  if (edge.open && bound()) return true;
  if (edge.lineEdge && (neighbour === "" || neighbour === "\n")) return true;
  return neighbour !== "" && admits(edge, neighbour.codePointAt(0)!);
}

function beginAllows(bound: BeginBound, first: Edge, neighbour: string): boolean {
  if (neighbour === "" || bound === "none") return true;
  return !isWord(neighbour) || (bound === "word" && wordness(first) !== "word");
}

function endAllows(bound: EndBound, last: Edge, neighbour: string): boolean {
  if (neighbour === "" || bound === "none") return true;
  return !isWord(neighbour) || wordness(last) !== "word";
}

/** Half a character may belong to either kind: it counts as none of a word, which allows more. */
function isWord(character: string): boolean {
  return /^[\p{L}\p{N}_]/u.test(character);
}
