/** Copies of regex trees with something changed. */
import { childrenOf, type Group, type RegexNode } from "../regex/tree.ts";

/** A node with its children replaced. */
export function mapChildren(node: RegexNode, map: (child: RegexNode) => RegexNode): RegexNode {
  switch (node.kind) {
    case "literal":
    case "any":
    case "class":
    case "anchor":
    case "backreference":
      return node;
    case "sequence":
      return { ...node, items: node.items.map(map) };
    case "alternation":
      return { ...node, branches: node.branches.map(map) };
    case "group":
    case "repeat":
    case "atomic":
    case "look":
      return { ...node, body: map(node.body) };
    case "conditional":
      return { ...node, matched: map(node.matched), unmatched: map(node.unmatched) };
  }
}

/** The tree with only those groups that are asked for; of the others their content is left. */
export function keepGroups(node: RegexNode, keep: (index: number) => boolean): RegexNode {
  const kept = mapChildren(node, (child) => keepGroups(child, keep));
  return kept.kind === "group" && !keep(kept.index) ? kept.body : kept;
}

/** The groups of a tree, outermost first. */
export function groupsOf(root: RegexNode): readonly Group[] {
  const below = childrenOf(root).flatMap(groupsOf);
  return root.kind === "group" ? [root, ...below] : below;
}

/** The group with a number. */
export function groupOf(root: RegexNode, index: number): Group | undefined {
  return groupsOf(root).find((group) => group.index === index);
}
