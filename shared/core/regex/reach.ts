/**
 * How far a regex got in a text that it does not match: the longest beginning of the pattern that does match, which is
 * where a person looks first. Beginnings are cut out of the tree, never out of the text of the pattern.
 */
import { createLinearProgram } from "./linear/linear-program.ts";
import type { Regex, RegexNode, Repeat } from "./tree.ts";

export interface Reach {
  /** Where in the pattern (code points) the first node begins that did not match. */
  readonly position: number;
  /** What the beginning before it matched: [start, end) of the text in UTF-16 units; undefined = nothing at all. */
  readonly matched: readonly [start: number, end: number] | undefined;
}

/** Says where the regex stopped; undefined where it matches, or is too large to be cut into beginnings. */
export function reachOf(regex: Regex, text: string): Reach | undefined {
  const matches = (items: readonly RegexNode[]) => {
    const root: RegexNode = { kind: "sequence", position: 0, items };
    return createLinearProgram({ ...regex, root })?.exec(text);
  };
  if (createLinearProgram(regex) === undefined || matches([regex.root]) !== undefined) return undefined;
  const stop = stopIn(regex.root, [], matches);
  const found = stop.before.length === 0 ? undefined : matches(stop.before);
  return { position: stop.position, matched: found === undefined ? undefined : [found.index, found.end] };
}

type Matches = (items: readonly RegexNode[]) => { readonly end: number } | undefined;

interface Stop {
  readonly position: number;
  /** The beginning that matched. */
  readonly before: readonly RegexNode[];
}

/** `before` matches and `before` with `node` does not: the place inside `node` where that comes from. */
function stopIn(node: RegexNode, before: readonly RegexNode[], matches: Matches): Stop {
  switch (node.kind) {
    case "sequence": {
      const count = longest(node.items, before, matches);
      const next = node.items[count];
      return next === undefined
        ? { position: node.position, before }
        : stopIn(next, [...before, ...node.items.slice(0, count)], matches);
    }
    case "group":
    case "atomic":
      return stopIn(node.body, before, matches);
    case "repeat": {
      const turns = turnsOf(node, before, matches);
      return stopIn(node.body, turns === 0 ? before : [...before, { ...node, min: turns, max: turns }], matches);
    }
    case "alternation":
      return node.branches
        .map((branch) => stopIn(branch, before, matches))
        .reduce((best, stop) => (endOf(stop, matches) > endOf(best, matches) ? stop : best));
    case "conditional":
    case "look":
    case "backreference":
    case "literal":
    case "any":
    case "class":
    case "anchor":
      return { position: node.position, before };
  }
}

/** How many of the items match after `before`: a longer beginning matches only where a shorter one does. */
function longest(items: readonly RegexNode[], before: readonly RegexNode[], matches: Matches): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (matches([...before, ...items.slice(0, middle)]) === undefined) high = middle - 1;
    else low = middle;
  }
  return low;
}

/** How many turns match, of at least `min` that would have to. */
function turnsOf(node: Repeat, before: readonly RegexNode[], matches: Matches): number {
  let turns = node.min - 1;
  while (turns > 0 && matches([...before, { ...node, min: turns, max: turns }]) === undefined) turns--;
  return Math.max(0, turns);
}

function endOf({ before }: Stop, matches: Matches): number {
  return before.length === 0 ? -1 : (matches(before)?.end ?? -1);
}
