/**
 * Which characters may stand at the edges of a regex, and next to one of its groups.
 *
 * Always at least what can really happen: what is not understood counts as "any character".
 */
import { takes } from "../regex/character.ts";
import { type Character, childrenOf, type RegexNode } from "../regex/tree.ts";

/** A set of places: after (or before) one of `characters`, at the line's end, or at the edge of the whole regex. */
export interface Edge {
  readonly characters: readonly Character[];
  /** Whether the line itself may end there: "^" or "$" stands there. */
  readonly lineEdge: boolean;
  /** Whether nothing of the regex need stand there, so that what surrounds the regex decides. */
  readonly open: boolean;
}

export type Side = "first" | "last";

const ANY: Character = { kind: "any", position: 0, dotAll: true };
const NOTHING: Edge = { characters: [], lineEdge: false, open: true };
const ANYTHING: Edge = { characters: [ANY], lineEdge: true, open: true };

/** The characters with which a match of `node` may begin or end. */
export function edgeOf(node: RegexNode, side: Side): Edge {
  switch (node.kind) {
    case "literal":
    case "any":
    case "class":
      return { characters: [node], lineEdge: false, open: false };
    case "anchor":
      return isLineEdge(node.place, side) ? { characters: [], lineEdge: true, open: false } : NOTHING;
    case "sequence":
      return chain(node.items, side);
    case "alternation":
      return node.branches.map((branch) => edgeOf(branch, side)).reduce(union);
    case "group":
    case "atomic":
      return edgeOf(node.body, side);
    case "repeat": {
      const body = edgeOf(node.body, side);
      return { ...body, open: body.open || node.min === 0 };
    }
    case "conditional":
      return union(edgeOf(node.matched, side), edgeOf(node.unmatched, side));
    case "look":
      return NOTHING;
    case "backreference":
      return ANYTHING;
  }
}

/** What may stand directly before ("last") or after ("first") the group `index`; undefined where the regex has no such group. */
export function neighboursOf(root: RegexNode, index: number, side: Side): Edge | undefined {
  const path = pathTo(root, index);
  if (path === undefined) return undefined;
  let edge = NOTHING;
  for (let depth = path.length - 2; depth >= 0 && edge.open; depth -= 1) {
    edge = follow(edge, around(path[depth]!, path[depth + 1]!, side));
  }
  return edge;
}

/** What `parent` puts next to its child; open where the child can stand at the parent's own edge. */
function around(parent: RegexNode, child: RegexNode, side: Side): Edge {
  switch (parent.kind) {
    case "sequence": {
      const at = parent.items.indexOf(child);
      return chain(side === "last" ? parent.items.slice(0, at) : parent.items.slice(at + 1), side);
    }
    case "repeat":
      // Its own previous or next round may stand there.
      return parent.max > 1 ? union(edgeOf(parent.body, side), NOTHING) : NOTHING;
    default:
      return NOTHING;
  }
}

/** The nodes from `root` down to the group, both included. */
function pathTo(root: RegexNode, index: number): readonly RegexNode[] | undefined {
  if (root.kind === "group" && root.index === index) return [root];
  for (const child of childrenOf(root)) {
    const path = pathTo(child, index);
    if (path !== undefined) return [root, ...path];
  }
  return undefined;
}

function chain(items: readonly RegexNode[], side: Side): Edge {
  const ordered = side === "first" ? items : [...items].reverse();
  let edge = NOTHING;
  for (const item of ordered) {
    if (!edge.open) break;
    edge = follow(edge, edgeOf(item, side));
  }
  return edge;
}

/** `next` stands behind `edge`, and shows where `edge` is open. */
function follow(edge: Edge, next: Edge): Edge {
  return {
    characters: [...edge.characters, ...next.characters],
    lineEdge: edge.lineEdge || next.lineEdge,
    open: next.open,
  };
}

function union(left: Edge, right: Edge): Edge {
  return {
    characters: [...left.characters, ...right.characters],
    lineEdge: left.lineEdge || right.lineEdge,
    open: left.open || right.open,
  };
}

function isLineEdge(place: string, side: Side): boolean {
  if (side === "last") return place === "start" || place === "line-start";
  return place === "end" || place === "line-end" || place === "very-end";
}

/** Whether one of the characters may be `code`. */
export function admits(edge: Edge, code: number): boolean {
  return edge.characters.some((character) => takes(character, code));
}
