/** Which characters a node of the tree takes, by Python's rules: the one definition that every engine here goes by. */
import { casedClasses, caseVariants } from "./casefold.ts";
import { complement, includes, normalized, type Ranges, scan } from "./ranges.ts";
import type { Category, Character, CharacterClass, ClassItem, Literal } from "./tree.ts";

const NEWLINE = 0x0a;
const LAST_ASCII = 0x7f;
/** No letter and no number lies above these planes. */
const LAST_LETTER = 0x3ffff;

const DIGIT = /^\p{Nd}$/u;
const WORD = /^[\p{L}\p{N}_]$/u;

/** Python's str.isspace: unlike other dialects' \s it holds U+001C to U+001F and U+0085. */
export const SPACES: Ranges = [
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
export const ASCII_SPACES: Ranges = [
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

/** What `node` takes among ASCII. */
export function asciiRanges(node: Character): Ranges {
  return scan(0, LAST_ASCII, (code) => takes(node, code));
}

/** What a literal or a class takes in all of Unicode. */
export function unicodeRanges(node: Literal | CharacterClass): Ranges {
  if (node.kind === "literal") {
    const codes = node.ignoreCase ? caseVariants(node.code, node.ascii) : [node.code];
    return normalized(codes.map((code) => [code, code]));
  }
  const named = normalized(node.items.flatMap((item) => rangesOf(item, node.ascii)));
  const folded = node.ignoreCase ? withVariants(named, node.ascii) : named;
  return node.negated ? complement(folded) : folded;
}

function rangesOf(item: ClassItem, ascii: boolean): Ranges {
  if (item.kind === "range") return [[item.from, item.to]];
  const members = categoryRanges(item.category, ascii);
  return item.negated ? complement(members) : members;
}

const scanned = new Map<string, Ranges>();

/** All members of a category: for digits and words a scan of some tens of milliseconds, done once. */
export function categoryRanges(category: Category, ascii: boolean): Ranges {
  if (category === "space") return ascii ? ASCII_SPACES : SPACES;
  const key = `${category}${ascii}`;
  const last = ascii ? LAST_ASCII : LAST_LETTER;
  const known = scanned.get(key) ?? scan(0, last, (code) => inCategory(category, code, ascii));
  scanned.set(key, known);
  return known;
}

function withVariants(ranges: Ranges, ascii: boolean): Ranges {
  const touched = casedClasses(ascii).filter((members) => members.some((code) => includes(ranges, code)));
  return normalized([...ranges, ...touched.flat().map((code) => [code, code] as const)]);
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
