/** Conditionals inside of the group they ask about: Python 3.11 sees there what tries that failed have left. */
import { childrenOf, type RegexNode } from "../../../shared/core/regex/tree.ts";

/** Whether there is such a conditional; no comparison with Python is worth anything then. */
export function asksWithin(node: RegexNode, open: readonly number[] = []): boolean {
  if (node.kind === "conditional" && open.includes(node.group)) return true;
  const inside = node.kind === "group" ? [...open, node.index] : open;
  return childrenOf(node).some((child) => asksWithin(child, inside));
}
