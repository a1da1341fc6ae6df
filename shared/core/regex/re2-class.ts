/** One character of the tree as RE2 text. Everything but letters and digits is escaped, so node-re2's own rewriting finds nothing. */
import { caseVariants } from "./casefold.ts";
import { ASCII_SPACES, asciiRanges, reachesBeyondAscii, SPACES, unicodeRanges } from "./character.ts";
import { complement, LAST_CODE, type Ranges } from "./ranges.ts";
import type { Character, CharacterClass, ClassItem } from "./tree.ts";

/** What RE2 writes for a class that takes nothing. */
const NOTHING = "[^\\x00-\\x{10FFFF}]";

/**
 * Right for texts of ASCII alone, and never too narrow for others: whoever takes one character beyond ASCII takes all of
 * them. It keeps RE2's automata small: \w alone is over 400 states of UTF-8, against one here.
 */
export function asciiClass(node: Character): string {
  if (node.kind === "any") return node.dotAll ? "(?s:.)" : ".";
  if (node.kind === "literal" && !node.ignoreCase && node.code < 0x80) return literalText(node.code);
  const key = JSON.stringify({ ...node, position: 0 });
  const known = asciiTexts.get(key) ?? asciiText(node);
  asciiTexts.set(key, known);
  return known;
}

/** The same few classes come again in every pattern. */
const asciiTexts = new Map<string, string>();

function asciiText(node: Character): string {
  const ranges = asciiRanges(node);
  return classOf(reachesBeyondAscii(node) ? [...ranges, [0x80, LAST_CODE]] : ranges);
}

/** Right for every text. */
export function unicodeClass(node: Character): string {
  switch (node.kind) {
    case "any":
      return node.dotAll ? "(?s:.)" : ".";
    case "literal":
      return node.ignoreCase ? classOf(unicodeRanges(node)) : literalText(node.code);
    case "class":
      return namedClass(node) ?? classOf(unicodeRanges(node));
  }
}

/** The class written with RE2's own \p{…}, where no set arithmetic is needed. */
function namedClass(node: CharacterClass): string | undefined {
  const [only] = node.items;
  if (node.items.length === 1 && only?.kind === "category" && only.negated) {
    return namedClass({ ...node, negated: !node.negated, items: [{ ...only, negated: false }] });
  }
  const parts = node.items.map((item) => part(item, node));
  if (parts.includes(undefined)) return undefined;
  return `[${node.negated ? "^" : ""}${parts.join("")}]`;
}

function part(item: ClassItem, node: CharacterClass): string | undefined {
  if (item.kind === "range") {
    if (!node.ignoreCase) return rangeText(item.from, item.to);
    if (item.to - item.from > 0x80) return undefined;
    const codes = Array.from({ length: item.to - item.from + 1 }, (_, offset) => item.from + offset);
    return [...new Set(codes.flatMap((code) => caseVariants(code, node.ascii)))].map((code) => codeText(code)).join("");
  }
  if (item.negated) return undefined;
  switch (item.category) {
    case "digit":
      return node.ascii ? "0-9" : "\\p{Nd}";
    case "word":
      return node.ascii ? "0-9A-Za-z_" : "\\p{L}\\p{N}_";
    case "space":
      return (node.ascii ? ASCII_SPACES : SPACES).map(([from, to]) => rangeText(from, to)).join("");
  }
}

/** Ranges, sorted and apart, as the shorter of a class and a negated class. */
export function classOf(ranges: Ranges): string {
  if (ranges.length === 0) return NOTHING;
  const others = complement(ranges);
  if (others.length === 0) return "(?s:.)";
  const [only] = ranges;
  if (ranges.length === 1 && only![0] === only![1]) return literalText(only![0]);
  const negated = others.length < ranges.length || ranges.at(-1)![1] === LAST_CODE;
  const text = (negated ? others : ranges).map(([from, to]) => rangeText(from, to)).join("");
  return `[${negated ? "^" : ""}${text}]`;
}

function rangeText(from: number, to: number): string {
  return from === to ? codeText(from) : `${codeText(from)}-${codeText(to)}`;
}

/** A code point inside a class. */
function codeText(code: number): string {
  const character = String.fromCodePoint(code);
  return /^[0-9A-Za-z_]$/.test(character) ? character : `\\x{${code.toString(16)}}`;
}

/** A code point outside of classes: punctuation is easier to read with a backslash. */
function literalText(code: number): string {
  const character = String.fromCodePoint(code);
  if (/^[ "#%&',/:;<=>@`~-]$/.test(character)) return character;
  return /^[!-~]$/.test(character) && !/^[0-9A-Za-z_]$/.test(character) ? `\\${character}` : codeText(code);
}
