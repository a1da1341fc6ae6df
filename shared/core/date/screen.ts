/**
 * A wider regex in place of an exact one, to reject lines quickly: it hits wherever the exact one hits, and sometimes in more.
 *
 * All templates of a detector are screened in one pass by one automaton, whose states are the combinations of how far each
 * template has come. A client who writes dates and half dates all over a line makes many of them, and each has to be
 * built. So digits are not told apart here, a separator need not be the same twice, and what may follow a date is left
 * to the exact regex.
 */
import type { ClassItem, RegexNode } from "../regex/tree.ts";
import { groupOf, mapChildren } from "./tree-map.ts";

const ZERO = 0x30;
const NINE = 0x39;
const DIGITS: ClassItem = { kind: "range", from: ZERO, to: NINE };

/** The screen of a regex, for a place where anything may follow. */
export function screenOf(root: RegexNode): RegexNode {
  return withoutTail(loosened(root, root));
}

function loosened(node: RegexNode, root: RegexNode): RegexNode {
  switch (node.kind) {
    case "literal":
      if (node.code < ZERO || node.code > NINE) return node;
      return { ...node, kind: "class", negated: false, items: [DIGITS] };
    case "class": {
      if (node.negated) return node;
      const others = node.items.filter((item) => item.kind !== "range" || item.from < ZERO || item.to > NINE);
      return others.length === node.items.length ? node : { ...node, items: [DIGITS, ...others] };
    }
    case "group":
      return loosened(node.body, root);
    case "backreference": {
      const group = groupOf(root, node.group);
      return group === undefined ? node : loosened(group.body, root);
    }
    default:
      return mapChildren(node, (child) => loosened(child, root));
  }
}

/** Without what may be missing at the end. */
function withoutTail(node: RegexNode): RegexNode {
  if (node.kind !== "sequence") return node;
  const last = node.items.at(-1);
  if (last === undefined) return node;
  if (last.kind === "repeat" && last.min === 0) return withoutTail({ ...node, items: node.items.slice(0, -1) });
  return { ...node, items: [...node.items.slice(0, -1), withoutTail(last)] };
}
