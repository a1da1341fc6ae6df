/** Escapes, and the inside of `[…]`. */
import type { Cursor } from "./cursor.ts";
import type { Flags } from "./flags.ts";
import type { Category, CharacterClass, ClassItem } from "./tree.ts";

const DIGITS = "0123456789";
const OCTAL = "01234567";
const HEX = "0123456789abcdefABCDEF";

const CONTROL: Record<string, number> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };

const CATEGORIES: Record<string, { readonly category: Category; readonly negated: boolean }> = {
  d: { category: "digit", negated: false },
  D: { category: "digit", negated: true },
  s: { category: "space", negated: false },
  S: { category: "space", negated: true },
  w: { category: "word", negated: false },
  W: { category: "word", negated: true },
};

/** \d \D \s \S \w \W, or undefined for any other escape. */
export function categoryOf(token: string): ClassItem | undefined {
  const found = CATEGORIES[token.slice(1)];
  return found && { kind: "category", ...found };
}

/** The code point that an escape means; the cursor stands after the escape's first two characters. */
export function takeCharacterEscape(cursor: Cursor, token: string, start: number): number {
  const letter = token.slice(1);
  const control = CONTROL[letter];
  if (control !== undefined) return control;
  switch (letter) {
    case "x":
      return takeHex(cursor, token, 2, start);
    case "u":
      return takeHex(cursor, token, 4, start);
    case "U":
      return takeHex(cursor, token, 8, start);
    case "N":
      return cursor.fail("named-character", start, "characters by name (\\N{…}) are not known here; write \\uXXXX");
  }
  if (OCTAL.includes(letter)) {
    const digits = letter + cursor.takeWhile(OCTAL, 2);
    return octal(cursor, digits, start);
  }
  if (/^[a-zA-Z0-9]$/.test(letter)) cursor.fail("bad-escape", start, `${token} means nothing`);
  return letter.codePointAt(0)!;
}

/** The code point of up to three octal digits. */
export function octal(cursor: Cursor, digits: string, start: number): number {
  const code = Number.parseInt(digits, 8);
  if (code > 0o377) cursor.fail("octal-range", start, `the octal escape \\${digits} is above \\377`);
  return code;
}

function takeHex(cursor: Cursor, token: string, length: number, start: number): number {
  const digits = cursor.takeWhile(HEX, length);
  const code = Number.parseInt(digits, 16);
  if (digits.length < length || code > 0x10ffff) {
    cursor.fail("bad-escape", start, `${token} needs ${length} hexadecimal digits of a character`);
  }
  return code;
}

/** Reads a class; the cursor stands after "[", which stood at `position`. A "]" that comes first is a member. */
export function takeClass(cursor: Cursor, flags: Flags, position: number): CharacterClass {
  const negated = cursor.accept("^");
  const items: ClassItem[] = [];
  for (;;) {
    if (items.length > 0 && cursor.accept("]")) break;
    const start = cursor.position;
    const first = takeMember(cursor, position);
    if (!cursor.accept("-")) {
      items.push(first);
      continue;
    }
    if (cursor.accept("]")) {
      items.push(first, { kind: "range", from: 0x2d, to: 0x2d });
      break;
    }
    const last = takeMember(cursor, position);
    if (first.kind !== "range" || last.kind !== "range" || first.from > last.from) {
      return cursor.fail("bad-range", start, "a range must lead from a character to one that does not come before it");
    }
    items.push({ kind: "range", from: first.from, to: last.from });
  }
  return { kind: "class", position, negated, items, ignoreCase: flags.ignoreCase, ascii: flags.ascii };
}

function takeMember(cursor: Cursor, classStart: number): ClassItem {
  const start = cursor.position;
  const token = cursor.take();
  if (token === undefined) return cursor.fail("unterminated-class", classStart, "a class has no closing bracket");
  if (token.startsWith("\\")) {
    const category = categoryOf(token);
    if (category !== undefined) return category;
  }
  const code = token.startsWith("\\") ? takeCharacterEscape(cursor, token, start) : token.codePointAt(0)!;
  return { kind: "range", from: code, to: code };
}

/** The digits that stand next, "" if none does. */
export function takeDigits(cursor: Cursor, limit?: number): string {
  return cursor.takeWhile(DIGITS, limit);
}

export function isOctal(text: string): boolean {
  return [...text].every((digit) => OCTAL.includes(digit));
}
