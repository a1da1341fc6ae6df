/** How many characters a node can take: what look-behind must know, and what tells an empty repetition from a real one. */
import type { RegexNode } from "./tree.ts";

export interface Width {
  readonly min: number;
  /** Infinity = no limit. */
  readonly max: number;
}

/** Widths of groups that are already closed, by index; a back-reference to any other has no known width. */
export type GroupWidths = ReadonlyMap<number, Width>;

const NO_GROUPS: GroupWidths = new Map();
const NONE: Width = { min: 0, max: 0 };
const ONE: Width = { min: 1, max: 1 };

/** The least and the most code points that `node` can take; `groups` are the groups that a back-reference may mean. */
export function widthOf(node: RegexNode, groups: GroupWidths = NO_GROUPS): Width {
  switch (node.kind) {
    case "literal":
    case "any":
    case "class":
      return ONE;
    case "anchor":
    case "look":
      return NONE;
    case "sequence":
      return node.items.map((item) => widthOf(item, groups)).reduce(add, NONE);
    case "alternation":
      return node.branches.map((branch) => widthOf(branch, groups)).reduce(either);
    case "conditional":
      return either(widthOf(node.matched, groups), widthOf(node.unmatched, groups));
    case "group":
    case "atomic":
      return widthOf(node.body, groups);
    case "repeat": {
      const body = widthOf(node.body, groups);
      return { min: times(body.min, node.min), max: times(body.max, node.max) };
    }
    case "backreference":
      return groups.get(node.group) ?? { min: 0, max: Number.POSITIVE_INFINITY };
  }
}

function add(left: Width, right: Width): Width {
  return { min: left.min + right.min, max: left.max + right.max };
}

function either(left: Width, right: Width): Width {
  return { min: Math.min(left.min, right.min), max: Math.max(left.max, right.max) };
}

/** Zero times infinity is zero here. */
function times(width: number, count: number): number {
  return width === 0 || count === 0 ? 0 : width * count;
}

/** Whether a node prefers any way of taking something to every way of taking nothing; true where it must take something. */
export function prefersSomething(node: RegexNode): boolean {
  const width = widthOf(node);
  if (width.min > 0 || width.max === 0) return true;
  switch (node.kind) {
    case "sequence":
      return node.items.every((item) => prefersSomething(item));
    case "alternation":
      return node.branches.every(
        (branch, index) => prefersSomething(branch) && (widthOf(branch).min > 0 || index === node.branches.length - 1),
      );
    case "group":
    case "atomic":
      return prefersSomething(node.body);
    case "repeat":
      return node.mode !== "lazy" && prefersSomething(node.body);
    case "literal":
    case "any":
    case "class":
    case "anchor":
    case "look":
      return true;
    case "backreference":
    case "conditional":
      return false;
  }
}
