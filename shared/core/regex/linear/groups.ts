/** What a tree says about its groups: who asks about them, and how wide they are. */
import { childrenOf, type RegexNode } from "../tree.ts";
import { type Width, widthOf } from "../width.ts";

/** The groups that conditionals ask about. */
export function testedBy(node: RegexNode): readonly number[] {
  const below = childrenOf(node).flatMap(testedBy);
  return node.kind === "conditional" ? [node.group, ...below] : below;
}

/** The groups of a node. */
export function groupsIn(node: RegexNode): readonly number[] {
  const below = childrenOf(node).flatMap(groupsIn);
  return node.kind === "group" ? [node.index, ...below] : below;
}

/** The groups that back-references mean. */
export function referredTo(node: RegexNode): readonly number[] {
  return node.kind === "backreference" ? [node.group] : childrenOf(node).flatMap(referredTo);
}

/** The groups that a conditional inside of them asks about. */
export function askedWithin(node: RegexNode): ReadonlySet<number> {
  const found = new Set<number>(childrenOf(node).flatMap((child) => [...askedWithin(child)]));
  if (node.kind === "group" && testedBy(node.body).includes(node.index)) found.add(node.index);
  return found;
}

/** The one width of a look-behind; a group that a back-reference in it means stands elsewhere in `root`. */
export function lookbehindWidth(root: RegexNode, node: RegexNode): number {
  const widths = new Map<number, Width>();
  const collect = (part: RegexNode): void => {
    for (const child of childrenOf(part)) collect(child);
    if (part.kind === "group") widths.set(part.index, widthOf(part.body, widths));
  };
  collect(root);
  return widthOf(node, widths).min;
}
