/** The characters that one instruction takes, ready to be asked: a table for ASCII, ranges beyond it. */
import { asciiRanges, takes, unicodeRanges } from "../character.ts";
import { includes, type Ranges } from "../ranges.ts";
import type { Character } from "../tree.ts";

const ASCII = 0x80;
const NEWLINE = 0x0a;

export class CharacterSet {
  readonly ascii: Uint8Array;
  /** Ranges are asked for when the first character beyond ASCII comes: most texts have none. */
  readonly #ranges: () => Ranges;
  #beyond: Ranges | undefined;

  constructor(ascii: Uint8Array, ranges: () => Ranges) {
    this.ascii = ascii;
    this.#ranges = ranges;
  }

  has(code: number): boolean {
    if (code < ASCII) return this.ascii[code] === 1;
    this.#beyond ??= this.#ranges();
    return includes(this.#beyond, code);
  }
}

const known = new Map<string, CharacterSet>();

/** The set of a node; equal nodes share one. */
export function setOf(node: Character): CharacterSet {
  const key = JSON.stringify({ ...node, position: 0 });
  const set = known.get(key) ?? createSet(node);
  known.set(key, set);
  return set;
}

function createSet(node: Character): CharacterSet {
  const ascii = new Uint8Array(ASCII);
  for (const [from, to] of asciiRanges(node)) ascii.fill(1, from, to + 1);
  return new CharacterSet(ascii, () => (node.kind === "any" ? anyRanges(node.dotAll) : unicodeRanges(node)));
}

function anyRanges(dotAll: boolean): Ranges {
  return dotAll
    ? [[0, 0x10ffff]]
    : [
        [0, NEWLINE - 1],
        [NEWLINE + 1, 0x10ffff],
      ];
}

/** All that any of `sets` takes, and everything beyond ASCII: good enough to pass over what cannot begin a match. */
export function anyOf(sets: readonly CharacterSet[]): CharacterSet {
  const ascii = new Uint8Array(ASCII);
  for (const set of sets) for (let code = 0; code < ASCII; code += 1) ascii[code]! |= set.ascii[code]!;
  return new CharacterSet(ascii, () => [[ASCII, 0x10ffff]]);
}

const word = (ascii: boolean) =>
  setOf({
    kind: "class",
    position: 0,
    negated: false,
    ignoreCase: false,
    ascii,
    items: [{ kind: "category", category: "word", negated: false }],
  });

/** What \b takes for a word, by its flag. */
export const WORDS = { ascii: word(true), unicode: word(false) } as const;

/** A set that takes nothing. */
export const NOTHING = new CharacterSet(new Uint8Array(ASCII), () => []);

/** Whether a literal takes one character only, so that it can be compared instead of looked up. */
export function isSingle(node: Character): boolean {
  if (node.kind !== "literal") return false;
  if (!node.ignoreCase) return true;
  const letter = node.code | 0x20;
  return node.code < ASCII && !(letter >= 0x61 && letter <= 0x7a) && takes(node, node.code);
}
