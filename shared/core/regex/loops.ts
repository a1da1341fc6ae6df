/**
 * Loops whose body may take nothing, written so that it never does.
 *
 * In `(?:[^"]*|"[^"]*")*` an iteration that takes nothing ends Python's loop then and there, before the branches after it
 * are tried; RE2 would try them first. Said with a body that always takes something, both agree: what stands before the
 * empty way is repeated greedily, what stands after it only when the rest of the pattern fails: X*(?:Y X*)*?
 */
import type { RegexNode, Repeat } from "./tree.ts";
import { prefersSomething, widthOf } from "./width.ts";

/** Ways of taking something, in order: before the way that takes nothing, and after it. */
interface Ways {
  readonly before: readonly RegexNode[];
  readonly after: readonly RegexNode[];
}

/** The same loop with a body that takes something; undefined where it cannot be said so, or the loop has groups to keep. */
export function withoutEmptyTurns(loop: Repeat): RegexNode | undefined {
  const least = { greedy: 1, lazy: 0, possessive: -1 }[loop.mode];
  if (loop.min > least || loop.max !== Number.POSITIVE_INFINITY) return undefined;
  const ways = waysOf(loop.body);
  if (ways === undefined) return undefined;
  const { position } = loop;
  // A lazy loop leaves before each turn anyway; a turn that takes nothing only leads back to where it stands.
  if (loop.mode === "lazy") return star(loop, [...ways.before, ...ways.after]);
  const first = star(loop, ways.before);
  if (ways.after.length === 0) return first;
  const again: RegexNode = { kind: "sequence", position, items: [oneOf(position, ways.after), first] };
  return { kind: "sequence", position, items: [first, { ...loop, min: 0, mode: "lazy", body: again }] };
}

function star(loop: Repeat, ways: readonly RegexNode[]): RegexNode {
  if (ways.length === 0) return { kind: "sequence", position: loop.position, items: [] };
  return { ...loop, min: 0, body: oneOf(loop.position, ways) };
}

function oneOf(position: number, branches: readonly RegexNode[]): RegexNode {
  return branches.length === 1 ? branches[0]! : { kind: "alternation", position, branches };
}

/** The ways of a node that may take nothing; undefined where they are not so plain. */
function waysOf(node: RegexNode): Ways | undefined {
  switch (node.kind) {
    case "group":
      return waysOf(node.body);
    case "sequence":
      return node.items.length === 0 ? { before: [], after: [] } : undefined;
    case "repeat":
      return waysOfRepeat(node);
    case "alternation":
      return waysOfAlternation(node.branches);
    case "literal":
    case "any":
    case "class":
    case "anchor":
    case "atomic":
    case "look":
    case "backreference":
    case "conditional":
      return undefined;
  }
}

function waysOfRepeat(node: Repeat): Ways | undefined {
  if (node.min > 0 || node.mode === "possessive" || widthOf(node.body).min === 0) return undefined;
  const taking: RegexNode = { ...node, min: 1 };
  return node.mode === "greedy" ? { before: [taking], after: [] } : { before: [], after: [taking] };
}

function waysOfAlternation(branches: readonly RegexNode[]): Ways | undefined {
  const empty = branches.findIndex((branch) => widthOf(branch).min === 0);
  const middle = empty < 0 ? undefined : waysOf(branches[empty]!);
  if (middle === undefined) return undefined;
  const rest = branches.slice(empty + 1).map((branch) => (widthOf(branch).min > 0 ? [branch] : somethingOf(branch)));
  if (rest.includes(undefined)) return undefined;
  const after = [...middle.after, ...(rest as (readonly RegexNode[])[]).flat()];
  return { before: [...branches.slice(0, empty), ...middle.before], after };
}

function somethingOf(branch: RegexNode): readonly RegexNode[] | undefined {
  const ways = waysOf(branch);
  return ways && [...ways.before, ...ways.after];
}

/** Whether RE2 repeats `body` as Python does, as it stands. */
export function repeatsAlike(body: RegexNode): boolean {
  return widthOf(body).min > 0 || prefersSomething(body);
}
