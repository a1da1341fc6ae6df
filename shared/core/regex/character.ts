/** Which characters a node of the tree takes, by Python's rules: the one definition that every engine here goes by. */
import { caseVariants } from "./casefold.ts";
import type { Category, Character, ClassItem } from "./tree.ts";

const NEWLINE = 0x0a;
const LAST_ASCII = 0x7f;
const LAST_CODE = 0x10ffff;

const DIGIT = /^\p{Nd}$/u;
const WORD = /^[\p{L}\p{N}_]$/u;

/** Python's str.isspace: unlike other dialects' \s it holds U+001C to U+001F and U+0085. */
export const SPACES: readonly (readonly [number, number])[] = [
  [0x09, 0x0d],
  [0x1c, 0x20],
  [0x85, 0x85],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
];

/** With the flag a: the six that C's isspace knows. */
export const ASCII_SPACES: readonly (readonly [number, number])[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
];

/** Whether a code point belongs to a category; `ascii` is the flag a. */
export function inCategory(category: Category, code: number, ascii: boolean): boolean {
  if (ascii && code > LAST_ASCII) return false;
  switch (category) {
    case "digit":
      return code <= LAST_ASCII ? code >= 0x30 && code <= 0x39 : DIGIT.test(String.fromCodePoint(code));
    case "word":
      return code <= LAST_ASCII ? isAsciiWord(code) : WORD.test(String.fromCodePoint(code));
    case "space":
      return (ascii ? ASCII_SPACES : SPACES).some(([from, to]) => code >= from && code <= to);
  }
}

function isAsciiWord(code: number): boolean {
  const letter = code | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x5f;
}

/** Whether `node` takes the character `code`. */
export function takes(node: Character, code: number): boolean {
  switch (node.kind) {
    case "any":
      return node.dotAll || code !== NEWLINE;
    case "literal":
      return code === node.code || (node.ignoreCase && caseVariants(node.code, node.ascii).includes(code));
    case "class": {
      const variants = node.ignoreCase ? caseVariants(code, node.ascii) : [code];
      return node.items.some((item) => variants.some((variant) => holds(item, variant, node.ascii))) !== node.negated;
    }
  }
}

function holds(item: ClassItem, code: number, ascii: boolean): boolean {
  if (item.kind === "range") return code >= item.from && code <= item.to;
  return inCategory(item.category, code, ascii) !== item.negated;
}

/** Ranges of code points, sorted and apart. */
export type Ranges = readonly (readonly [number, number])[];

/** What `node` takes among ASCII. */
export function asciiRanges(node: Character): Ranges {
  return scan(node, 0, LAST_ASCII);
}

/** What `node` takes in all of Unicode: a scan of some tens of milliseconds, for the classes that need it. */
export function unicodeRanges(node: Character): Ranges {
  return scan(node, 0, LAST_CODE);
}

function scan(node: Character, first: number, last: number): Ranges {
  const ranges: [number, number][] = [];
  for (let code = first; code <= last; code += 1) {
    if (!takes(node, code)) continue;
    const open = ranges.at(-1);
    if (open !== undefined && open[1] === code - 1) open[1] = code;
    else ranges.push([code, code]);
  }
  return ranges;
}

/** Whether `node` may take a character beyond ASCII; true where that is not obvious. */
export function reachesBeyondAscii(node: Character): boolean {
  switch (node.kind) {
    case "any":
      return true;
    case "literal":
      return (node.ignoreCase ? caseVariants(node.code, node.ascii) : [node.code]).some((code) => code > LAST_ASCII);
    case "class":
      return node.negated || node.items.some((item) => mayLeaveAscii(item, node));
  }
}

function mayLeaveAscii(item: ClassItem, { ignoreCase, ascii }: { ignoreCase: boolean; ascii: boolean }): boolean {
  if (item.kind === "category") return item.negated || !ascii;
  return item.to > LAST_ASCII || (ignoreCase && !ascii && item.to >= 0x41);
}
