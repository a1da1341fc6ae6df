/**
 * Literals that a text must contain if the regex is to match in it: the cheap question before the dear one.
 *
 * For each node: what it can match exactly, if that is a small set; else what every match of it begins and ends with,
 * and what it contains. Each step may forget (a set grows too large, a character is unclear), never invent.
 */
import { caseVariants } from "./casefold.ts";
import { takes } from "./character.ts";
import {
  type Affix,
  type AffixSet,
  cross,
  EMPTY,
  HOPELESS,
  type LiteralChoice,
  MAX_SET,
  sortedBest,
  toChoice,
  union,
} from "./literal-choice.ts";
import type { Character, Regex, RegexNode, Repeat } from "./tree.ts";

export type { LiteralChoice } from "./literal-choice.ts";

/** What every match contains, best first: each choice holds by itself. Empty = nothing is known. Never holds a "\n". */
export function requiredLiterals(regex: Regex): readonly LiteralChoice[] {
  const { inside, exact, prefix, suffix } = contentsOf(regex.root);
  return sortedBest([...inside, ...[exact ?? prefix, suffix].flatMap(toChoice)]);
}

/**
 * The pieces of a literal that are still whole in a line from which something may have been cut out inside of it:
 * Fail2Ban cuts the date out before it matches, so "[]" in the cut line may be "[14/Nov/2025 …]" in the line itself.
 * `canCutBetween` says whether the cut may have made neighbours of these two characters.
 */
export function survivesCut(
  literal: string,
  canCutBetween: (before: string, after: string) => boolean,
): readonly string[] {
  const pieces: string[] = [];
  let piece = "";
  let before: string | undefined;
  for (const character of literal) {
    if (before !== undefined && canCutBetween(before, character)) {
      pieces.push(piece);
      piece = "";
    }
    piece += character;
    before = character;
  }
  return piece === "" ? pieces : [...pieces, piece];
}

interface Contents {
  /** Everything that the node can match; undefined = too much. */
  readonly exact: AffixSet | undefined;
  readonly prefix: AffixSet;
  readonly suffix: AffixSet;
  readonly inside: readonly LiteralChoice[];
}

const NOTHING_KNOWN: Contents = { exact: undefined, prefix: HOPELESS, suffix: HOPELESS, inside: [] };

function contentsOf(node: RegexNode): Contents {
  switch (node.kind) {
    case "literal":
    case "any":
    case "class":
      return ofCharacter(node);
    case "anchor":
      return exactly(EMPTY);
    case "look":
      // What stands ahead or behind is in the text as well, though not in the match.
      return node.negated ? exactly(EMPTY) : { ...exactly(EMPTY), inside: whole(contentsOf(node.body)) };
    case "backreference":
      return NOTHING_KNOWN;
    case "sequence":
      return node.items.map(contentsOf).reduce(joined, exactly(EMPTY));
    case "alternation":
      return either(node.branches.map(contentsOf));
    case "conditional":
      return either([contentsOf(node.matched), contentsOf(node.unmatched)]);
    case "group":
    case "atomic":
      return contentsOf(node.body);
    case "repeat":
      return ofRepeat(node);
  }
}

function exactly(set: AffixSet): Contents {
  return { exact: set, prefix: set, suffix: set, inside: [] };
}

/** Contents of which nothing more is known than what they contain as a whole. */
function whole({ exact, prefix, suffix, inside }: Contents): readonly LiteralChoice[] {
  return exact === undefined ? [...inside, ...toChoice(prefix), ...toChoice(suffix)] : [...inside, ...toChoice(exact)];
}

function ofCharacter(node: Character): Contents {
  const members = membersOf(node);
  return members === undefined ? NOTHING_KNOWN : exactly(members);
}

/** The few characters that a node takes; undefined where they are many, or unfit for a literal. */
function membersOf(node: Character): AffixSet | undefined {
  if (node.kind === "any") return undefined;
  if (node.kind === "literal") return one(node.code, node.ignoreCase, node.ascii);
  if (node.negated || node.items.some((item) => item.kind === "category")) return undefined;
  const ranges = node.items.flatMap((item) => (item.kind === "range" ? [item] : []));
  if (ranges.reduce((count, { from, to }) => count + to - from + 1, 0) > MAX_SET) return undefined;
  const codes = ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, offset) => from + offset));
  const members: Affix[] = [];
  for (const code of codes) {
    const member = takes(node, code) ? one(code, node.ignoreCase, node.ascii) : undefined;
    if (member === undefined) return undefined;
    members.push(...member);
  }
  return union(members);
}

function one(code: number, ignoreCase: boolean, ascii: boolean): AffixSet | undefined {
  if (code === 0x0a || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  const variants = ignoreCase ? caseVariants(code, ascii) : [code];
  const text = String.fromCodePoint(code);
  if (variants.length === 1) return [{ text, folded: false }];
  // i, k, s and letters beyond ASCII have variants that a comparison of ASCII's two cases does not know.
  if (variants.some((variant) => variant > 0x7f)) return undefined;
  return [{ text: text.toLowerCase(), folded: true }];
}

function joined(left: Contents, right: Contents): Contents {
  if (left.exact !== undefined && right.exact !== undefined) {
    const exact = cross(left.exact, right.exact);
    if (exact !== undefined) return { ...exactly(exact), inside: [...left.inside, ...right.inside] };
  }
  const prefix = left.exact === undefined ? left.prefix : (cross(left.exact, right.prefix) ?? left.exact);
  const suffix = right.exact === undefined ? right.suffix : (cross(left.suffix, right.exact) ?? right.exact);
  const middle = cross(left.suffix, right.prefix);
  const seam = middle === undefined ? [...toChoice(left.suffix), ...toChoice(right.prefix)] : toChoice(middle);
  return { exact: undefined, prefix, suffix, inside: sortedBest([...left.inside, ...right.inside, ...seam]) };
}

/** One of several: a match took one of them. */
function either(branches: readonly Contents[]): Contents {
  const prefix = union(branches.flatMap((branch) => branch.prefix));
  const suffix = union(branches.flatMap((branch) => branch.suffix));
  const inside = oneOfEach(branches.map(whole));
  if (branches.some(({ exact }) => exact === undefined)) return { exact: undefined, prefix, suffix, inside };
  const exact = union(branches.flatMap((branch) => branch.exact ?? []));
  return exact === HOPELESS ? { ...NOTHING_KNOWN, inside } : { ...exactly(exact), inside };
}

/** The best choice of each branch, taken together. */
function oneOfEach(branches: readonly (readonly LiteralChoice[])[]): readonly LiteralChoice[] {
  const best = branches.map((choices) => sortedBest(choices)[0]);
  if (best.includes(undefined)) return [];
  const folded = best.some((choice) => !choice!.caseSensitive);
  return toChoice(best.flatMap((choice) => choice!.anyOf.map((text) => ({ text, folded }))));
}

function ofRepeat(node: Repeat): Contents {
  const body = contentsOf(node.body);
  if (node.max === 0) return exactly(EMPTY);
  if (node.min === 0) {
    // Taken or not: what is inside is not required.
    if (node.max > 1 || body.exact === undefined) return NOTHING_KNOWN;
    const exact = union([...body.exact, ...EMPTY]);
    return exact === HOPELESS ? NOTHING_KNOWN : exactly(exact);
  }
  if (node.max === 1) return body;
  const copies = Array.from({ length: Math.min(node.min, MAX_COPIES) }, () => body).reduce(joined);
  if (node.min === node.max && node.min <= MAX_COPIES) return copies;
  const more = { ...copies, exact: undefined };
  return { ...more, inside: sortedBest([...copies.inside, ...toChoice(copies.exact ?? [])]) };
}

/** Copies of a counted repetition that are looked at; more only make the literal longer. */
const MAX_COPIES = 16;
