/**
 * Unicode's word boundaries on an engine whose \b knows ASCII alone.
 *
 * A pattern tells only a few kinds of word characters apart: "é" and "x" are the same to it unless a literal or a class
 * names one of them. So the text is written anew in ASCII, each word character replaced by one letter, digit or _ that
 * stands for its kind, and the pattern is translated for that alphabet. Then ASCII's \b falls where Python's does, and
 * everything matches as before. There are 63 such letters; a pattern that needs more kinds has no alphabet.
 */
import { categoryRanges, unicodeRanges } from "./character.ts";
import { complement, includes, intersection, LAST_CODE, normalized, type Ranges } from "./ranges.ts";
import { classOf } from "./re2-class.ts";
import { type Anchor, type Character, childrenOf, type Regex, type RegexNode } from "./tree.ts";

/** A text in the alphabet of a pattern. */
export interface Encoded {
  readonly text: string;
  /** The place in the original of each place in `text`, its end included; undefined where they are the same. */
  readonly origins: readonly number[] | undefined;
}

export interface Alphabet {
  encode(text: string): Encoded;
  /** RE2's text for a character of the pattern, where the text is encoded. */
  classFor(node: Character): string;
}

/** Every \b and \B of a pattern. */
export function boundariesOf(node: RegexNode): readonly Anchor[] {
  if (node.kind === "anchor") return node.place === "boundary" || node.place === "not-boundary" ? [node] : [];
  return childrenOf(node).flatMap(boundariesOf);
}

/** Finds the kinds of word characters that `regex` tells apart, and a letter for each; undefined where there are too many. */
export function createAlphabet(regex: Regex): Alphabet | undefined {
  const words = categoryRanges("word", false);
  const sets = [
    ...new Map(charactersOf(regex.root).map((node) => [JSON.stringify({ ...node, position: 0 }), node])).values(),
  ].map(unicodeRanges);
  const kinds = kindsOf(words, sets);
  const letters = lettersFor(kinds);
  if (letters === undefined) return undefined;
  const pieces = kinds.flatMap(({ ranges }, kind) =>
    ranges.map(([from, to]) => ({ from, to, letter: letters[kind]! })),
  );
  pieces.sort((left, right) => left.from - right.from);
  const others = complement(normalized([...words, [0, 0x7f]]));
  return {
    encode: (text) => encode(text, (code) => letterOf(pieces, code)),
    classFor: (node) => {
      if (node.kind === "any") return node.dotAll ? "(?s:.)" : ".";
      const taken = unicodeRanges(node);
      const own = kinds.flatMap(({ ranges }, kind) =>
        includes(taken, ranges[0]![0]) ? [letters[kind]!.codePointAt(0)!] : [],
      );
      const ascii = intersection(taken, ASCII_OTHERS);
      return classOf(normalized([...own.map((code) => [code, code] as const), ...ascii, ...beyond(taken, others)]));
    },
  };
}

const ASCII_WORDS: Ranges = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const ASCII_OTHERS = intersection([[0, 0x7f]], complement(ASCII_WORDS));

/** What a node takes beyond ASCII; word characters do not occur there in an encoded text, so they may be in or out, as is shorter. */
function beyond(taken: Ranges, others: Ranges): Ranges {
  const inside = intersection(taken, others);
  const outside = intersection(complement(taken), others);
  return inside.length <= outside.length ? inside : intersection(complement(outside), [[0x80, LAST_CODE]]);
}

interface Kind {
  readonly ranges: [number, number][];
}

/** Word characters that are in the same of `sets` are of one kind. */
function kindsOf(words: Ranges, sets: readonly Ranges[]): readonly Kind[] {
  const edges = new Set([...words, ...sets.flat()].flatMap(([from, to]) => [from, to + 1]));
  const starts = [...edges].sort((left, right) => left - right);
  const kinds = new Map<string, Kind>();
  for (const [index, from] of starts.entries()) {
    if (!includes(words, from)) continue;
    const signature = sets.map((set) => (includes(set, from) ? "1" : "0")).join("");
    const range: [number, number] = [from, (starts[index + 1] ?? LAST_CODE + 1) - 1];
    const kind = kinds.get(signature);
    if (kind === undefined) kinds.set(signature, { ranges: [range] });
    else kind.ranges.push(range);
  }
  return [...kinds.values()];
}

/** An ASCII letter for each kind: one of its own, else one that its own kind can spare. */
function lettersFor(kinds: readonly Kind[]): readonly string[] | undefined {
  const letters = kinds.map(({ ranges }) => (ranges[0]![0] <= 0x7f ? String.fromCharCode(ranges[0]![0]) : undefined));
  const spare = ASCII_WORDS.flatMap(([from, to]) =>
    Array.from({ length: to - from + 1 }, (_, at) => String.fromCharCode(from + at)),
  ).filter((letter) => !letters.includes(letter));
  const all = letters.map((letter) => letter ?? spare.pop());
  return all.includes(undefined) ? undefined : (all as string[]);
}

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly letter: string;
}

function letterOf(pieces: readonly Piece[], code: number): string | undefined {
  let low = 0;
  let high = pieces.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const piece = pieces[middle]!;
    if (code < piece.from) high = middle - 1;
    else if (code > piece.to) low = middle + 1;
    else return piece.letter;
  }
  return undefined;
}

function encode(text: string, letter: (code: number) => string | undefined): Encoded {
  let encoded = "";
  const origins: number[] = [];
  let at = 0;
  for (const character of text) {
    const written = letter(character.codePointAt(0)!) ?? character;
    encoded += written;
    for (let unit = 0; unit < written.length; unit += 1) origins.push(at + unit);
    at += character.length;
  }
  origins.push(at);
  return { text: encoded, origins: encoded.length === text.length ? undefined : origins };
}

function charactersOf(node: RegexNode): readonly Exclude<Character, { kind: "any" }>[] {
  if (node.kind === "literal" || node.kind === "class") return [node];
  return childrenOf(node).flatMap(charactersOf);
}
