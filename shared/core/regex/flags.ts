/** Inline flags: `(?im)` for the whole pattern, `(?i-s:…)` for a part of it. */
import type { Cursor } from "./cursor.ts";

export interface Flags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly verbose: boolean;
  readonly ascii: boolean;
}

export const NO_FLAGS: Flags = { ignoreCase: false, multiline: false, dotAll: false, verbose: false, ascii: false };

const NAMES: Record<string, keyof Flags> = {
  i: "ignoreCase",
  m: "multiline",
  s: "dotAll",
  x: "verbose",
  a: "ascii",
};

/** What stood between `(?` and the `:` or `)` that ended it: the flags as they are from here on. */
export interface FlagChange {
  readonly scope: "whole" | "part";
  readonly flags: Flags;
}

/**
 * Reads flags after `(?`; the cursor stands on the first letter or on "-".
 * The flags L (locale) and t (template), which no log filter can mean, are refused.
 */
export function takeFlags(cursor: Cursor, before: Flags): FlagChange {
  const added = takeLetters(cursor, /^[aimsxu]$/);
  const seen = new Set(added);
  if (seen.has("a") && seen.has("u")) {
    cursor.fail("bad-flags", cursor.position, "the flags a and u exclude each other");
  }
  if (cursor.accept(")")) return { scope: "whole", flags: apply(before, seen, []) };
  let removed: readonly string[] = [];
  if (cursor.accept("-")) {
    removed = takeLetters(cursor, /^[imsx]$/);
    if (removed.length === 0) cursor.fail("bad-flags", cursor.position, "no flag stands after the minus");
  }
  if (!cursor.accept(":")) cursor.fail("bad-flags", cursor.position, "flags must end in a colon or a parenthesis");
  if (removed.some((letter) => seen.has(letter))) {
    cursor.fail("bad-flags", cursor.position - 1, "a flag is turned on and off at once");
  }
  return { scope: "part", flags: apply(before, seen, removed) };
}

function takeLetters(cursor: Cursor, allowed: RegExp): readonly string[] {
  const letters: string[] = [];
  while (cursor.next !== undefined && /^[a-zA-Z]$/.test(cursor.next)) {
    if (!allowed.test(cursor.next)) cursor.fail("bad-flags", cursor.position, `"${cursor.next}" is no flag here`);
    letters.push(cursor.take()!);
  }
  return letters;
}

function apply(before: Flags, added: ReadonlySet<string>, removed: readonly string[]): Flags {
  const flags: Record<string, boolean> = { ...before };
  for (const letter of added) {
    if (letter === "u") flags.ascii = false;
    else flags[NAMES[letter]!] = true;
  }
  for (const letter of removed) flags[NAMES[letter]!] = false;
  return flags as unknown as Flags;
}

/** Skips one blank or comment of verbose mode; false where none stands next. */
export function skipLayout(cursor: Cursor): boolean {
  if (" \t\n\r\v\f".includes(cursor.next ?? "x")) {
    cursor.take();
    return true;
  }
  if (!cursor.accept("#")) return false;
  for (let token = cursor.take(); token !== undefined && token !== "\n"; ) token = cursor.take();
  return true;
}
