/** Possessive repeats in other words. */
import type { Atomic, Character, RegexNode, Repeat } from "../tree.ts";

/** Whether a node takes exactly one character. */
export function isCharacter(node: RegexNode): node is Character {
  return node.kind === "literal" || node.kind === "any" || node.kind === "class";
}

/** Nothing that it took is given back, nor what one of its turns took: atomic turns in an atomic whole. */
export function asAtomic(node: Repeat): Atomic {
  const { position, body } = node;
  const turn: RegexNode = isCharacter(body) ? body : { kind: "atomic", position, body };
  return { kind: "atomic", position, body: { ...node, mode: "greedy", body: turn } };
}
