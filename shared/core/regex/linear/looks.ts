/** Instructions that compare the text with something other than a set: places without width, and back-references. */
import { WORDS } from "./character-set.ts";
import type { Instruction } from "./instruction.ts";
import type { Search } from "./search.ts";

const NEWLINE = 0x0a;

/** Whether a place without width is here. */
export function standsAt({ place, ascii }: Instruction, codes: Int32Array, length: number, at: number): boolean {
  switch (place) {
    case "start":
      return at === 0;
    case "line-start":
      return at === 0 || codes[at - 1] === NEWLINE;
    case "end":
      return at === length || (at === length - 1 && codes[at] === NEWLINE);
    case "line-end":
      return at === length || codes[at] === NEWLINE;
    case "very-end":
      return at === length;
    case "boundary":
    case "not-boundary": {
      // Python finds neither in an empty text.
      if (length === 0) return false;
      const words = ascii ? WORDS.ascii : WORDS.unicode;
      const before = at > 0 && words.has(codes[at - 1]!);
      const after = at < length && words.has(codes[at]!);
      return (before !== after) === (place === "boundary");
    }
  }
}

/** How many characters a back-reference takes; -1 = it does not match. */
export function repeatedAt(search: Search, { group, ignoreCase, ascii }: Instruction, at: number): number {
  const { codes, slots } = search;
  const start = slots[2 * group]!;
  const count = slots[2 * group + 1]! - start;
  if (start < 0 || count < 0 || at + count > search.length) return -1;
  for (let index = 0; index < count; index += 1) {
    const one = codes[start + index]!;
    const other = codes[at + index]!;
    search.steps += 1;
    if (one !== other && !(ignoreCase && lower(one, ascii) === lower(other, ascii))) return -1;
  }
  return count;
}

/** Python's lower case of one character, which is one character. */
function lower(code: number, ascii: boolean): number {
  if (code < 0x80 || ascii) return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
  return code === 0x130 ? 0x69 : String.fromCodePoint(code).toLowerCase().codePointAt(0)!;
}
