/**
 * Back-references to a separator, for an engine that has none.
 *
 * Date patterns name their separator once and refer to it: `(?P<_sep>[-/.])%m(?P=_sep)`. Such a group holds one character
 * out of a few, so the expression is the same as one alternative for each character. Any other back-reference stays, and
 * is reported as unsupported by the translation.
 */
import { type Backreference, type Character, childrenOf, type Group, type RegexNode } from "../regex/tree.ts";
import { groupOf, mapChildren } from "./tree-map.ts";

/** More alternatives than this are no separator. */
const MAX_CHARACTERS = 16;

export interface Resolved {
  readonly root: RegexNode;
  /** Groups that now stand in several alternatives: the number of the original by the number of the copy. */
  readonly originals: ReadonlyMap<number, number>;
}

/** Replaces the back-references that it can; groups that have to be copied get numbers above `groupCount`. */
export function resolveReferences(root: RegexNode, groupCount: number): Resolved {
  const originals = new Map<number, number>();
  let resolved = root;
  let next = groupCount;
  const renumber = (group: Group): Group => {
    next += 1;
    originals.set(next, originals.get(group.index) ?? group.index);
    return { ...group, index: next };
  };
  for (const index of new Set(references(root).map((reference) => reference.group))) {
    const group = groupOf(resolved, index);
    const codes = group === undefined ? undefined : singleCharacters(group.body);
    if (codes !== undefined) resolved = alternatives(resolved, index, codes, renumber);
  }
  return { root: resolved, originals };
}

function references(node: RegexNode): readonly Backreference[] {
  return node.kind === "backreference" ? [node] : childrenOf(node).flatMap(references);
}

/** The characters of a group that always holds exactly one out of a few. */
function singleCharacters(body: RegexNode): readonly number[] | undefined {
  switch (body.kind) {
    case "literal":
      return body.ignoreCase && isLetter(body.code) ? undefined : [body.code];
    case "class": {
      if (body.negated) return undefined;
      const codes = body.items.flatMap((item) => {
        if (item.kind === "category" || item.to - item.from >= MAX_CHARACTERS) return [Number.NaN];
        return Array.from({ length: item.to - item.from + 1 }, (_, offset) => item.from + offset);
      });
      const unusable = codes.some((code) => Number.isNaN(code) || (body.ignoreCase && isLetter(code)));
      return unusable || codes.length > MAX_CHARACTERS ? undefined : codes;
    }
    case "alternation": {
      const branches = body.branches.map(singleCharacters);
      return branches.includes(undefined) ? undefined : branches.flatMap((codes) => codes!);
    }
    default:
      return undefined;
  }
}

/** Under "ignore case", letters would need the case of the text that matched. */
function isLetter(code: number): boolean {
  return /^\p{L}$/u.test(String.fromCodePoint(code));
}

/** Rewrites the smallest part that holds the group and all references to it. */
function alternatives(
  node: RegexNode,
  index: number,
  codes: readonly number[],
  renumber: (group: Group) => Group,
): RegexNode {
  const total = count(node, index);
  const inner = childrenOf(node).find((child) => count(child, index) === total);
  if (inner !== undefined && !(node.kind === "group" && node.index === index)) {
    return mapChildren(node, (child) => (child === inner ? alternatives(child, index, codes, renumber) : child));
  }
  const branches = codes.map((code, branch) => fixed(node, index, code, branch === 0 ? (group) => group : renumber));
  return { kind: "alternation", position: node.position, branches };
}

/** How often the group and its references stand in `node`. */
function count(node: RegexNode, index: number): number {
  const own =
    (node.kind === "group" && node.index === index) || (node.kind === "backreference" && node.group === index) ? 1 : 0;
  return childrenOf(node).reduce((sum, child) => sum + count(child, index), own);
}

/** A copy in which the group and its references are the character `code`. */
function fixed(node: RegexNode, index: number, code: number, renumber: (group: Group) => Group): RegexNode {
  if (node.kind === "backreference" && node.group === index) return letter(node.position, code);
  if (node.kind === "group") {
    const body = node.index === index ? letter(node.position, code) : fixed(node.body, index, code, renumber);
    return { ...renumber(node), body };
  }
  return mapChildren(node, (child) => fixed(child, index, code, renumber));
}

function letter(position: number, code: number): Character {
  return { kind: "literal", position, code, ignoreCase: false, ascii: false };
}
