/**
 * Where in a line a template matches, and what of it is group 1, the part that is cut out.
 *
 * RE2 tells positions only at a price (flag "d", half as much again as the search). Where group 1 is a plain part of the
 * whole, the lengths of what comes before it tell as much.
 */
import RE2 from "re2";
import { childrenOf, type Group, type RegexNode } from "../regex/tree.ts";

/** Where a template matches, in UTF-16 units. */
export interface DateMatch {
  /** From where its distance to the line's begin is counted. */
  readonly from: number;
  /** What is cut out: [start, end); empty where group 1 took no part. */
  readonly start: number;
  readonly end: number;
}

export type Locator = (line: string) => DateMatch | undefined;

/**
 * A locator for a tree whose only groups are the copies of group 1. `bounded` gives the RE2 text of a tree, with the
 * context before it as RE2's group 1.
 */
export function createLocator(
  root: RegexNode,
  bounded: (root: RegexNode) => string,
  isCut: (index: number) => boolean,
): Locator {
  const split = splitAtCut(root, isCut);
  return split === undefined ? byIndices(new RE2(bounded(root), "du")) : byLengths(new RE2(bounded(split), "u"));
}

/** The tree as a sequence of a group with what comes before, and group 1; undefined where group 1 stands deeper. */
function splitAtCut(root: RegexNode, isCut: (index: number) => boolean): RegexNode | undefined {
  const items = root.kind === "sequence" ? root.items : [root];
  const at = items.findIndex((item) => item.kind === "group" && isCut(item.index));
  if (at < 0 || items.some((item, index) => index !== at && hasGroup(item))) return undefined;
  const { position } = root;
  const before: Group = {
    kind: "group",
    position,
    index: 0,
    name: undefined,
    body: { kind: "sequence", position, items: items.slice(0, at) },
  };
  return { kind: "sequence", position, items: [before, ...items.slice(at)] };
}

function hasGroup(node: RegexNode): boolean {
  return node.kind === "group" || childrenOf(node).some(hasGroup);
}

/** RE2's groups: context, what comes before the cut, the cut. */
function byLengths(re2: RE2): Locator {
  return (line) => {
    const found = re2.exec(line);
    if (found === null) return undefined;
    const from = found.index + found[1]!.length;
    const start = from + found[2]!.length;
    return { from, start, end: start + found[3]!.length };
  };
}

/** RE2's groups: context, copies of group 1. */
function byIndices(re2: RE2): Locator {
  return (line) => {
    const found = re2.exec(line);
    if (found === null) return undefined;
    const [, context, ...copies] = found.indices!;
    const from = context![1];
    const [start, end] = copies.find((span) => span !== undefined) ?? [from, from];
    return { from, start, end };
  };
}
