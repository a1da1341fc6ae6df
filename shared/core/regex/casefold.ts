/**
 * Which characters Python takes for the same under IGNORECASE: those whose lower case has the same upper case. So "k"
 * is also the Kelvin sign, "s" the long s, and "i" both Turkish ones, which RE2's own folding leaves out.
 */

/** All code points that equal `code` when case is ignored, itself included. `ascii` folds A-Z only. */
export function caseVariants(code: number, ascii: boolean): readonly number[] {
  if (ascii) return asciiVariants(code);
  if (code < 0x80) return isLetter(code) ? [...asciiVariants(code), ...(ASCII_EXTRAS.get(code | 0x20) ?? [])] : [code];
  return classes().get(foldKey(code)) ?? [code];
}

/** Variants of ASCII letters beyond ASCII, so that the common case needs no table of the whole of Unicode. */
const ASCII_EXTRAS: ReadonlyMap<number, readonly number[]> = new Map([
  [0x69, [0x130, 0x131]],
  [0x6b, [0x212a]],
  [0x73, [0x17f]],
]);

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

function asciiVariants(code: number): readonly number[] {
  return isLetter(code) ? [code & ~0x20, code | 0x20] : [code];
}

function lower(code: number): number {
  // The only character whose lower case is two characters; Python's simple mapping makes it a plain i.
  return code === 0x130 ? 0x69 : String.fromCodePoint(code).toLowerCase().codePointAt(0)!;
}

function foldKey(code: number): string {
  return String.fromCodePoint(lower(code)).toUpperCase();
}

/** Every set of characters that are one when case is ignored. */
export function casedClasses(ascii: boolean): readonly (readonly number[])[] {
  return ascii ? Array.from({ length: 26 }, (_, letter) => [0x41 + letter, 0x61 + letter]) : [...classes().values()];
}

const CASED = /\p{Changes_When_Casemapped}/u;

let cached: ReadonlyMap<string, readonly number[]> | undefined;

/** Built once, when the first pattern needs it (some milliseconds): no letter above U+1FFFF has two cases. */
function classes(): ReadonlyMap<string, readonly number[]> {
  if (cached !== undefined) return cached;
  const byKey = new Map<string, number[]>();
  for (let code = 0; code <= 0x1ffff; code += 1) {
    if (!CASED.test(String.fromCodePoint(code))) continue;
    const key = foldKey(code);
    const members = byKey.get(key);
    if (members === undefined) byKey.set(key, [code]);
    else members.push(code);
  }
  for (const [key, members] of byKey) if (members.length === 1) byKey.delete(key);
  cached = byKey;
  return byKey;
}
