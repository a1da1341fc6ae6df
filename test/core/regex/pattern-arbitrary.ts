/** Random patterns in Python's syntax, and random texts that have to do with them. */
import fc from "fast-check";
import { caseVariants } from "../../../shared/core/regex/casefold.ts";
import { takes } from "../../../shared/core/regex/character.ts";
import type { Character, Regex, RegexNode } from "../../../shared/core/regex/tree.ts";

/** What a generated pattern may be made of. */
export interface Grammar {
  /** Anchors, boundaries among them. */
  readonly anchors: readonly string[];
  /** Things beyond RE2: look-around, back-references … as functions of a body. */
  readonly extensions?: readonly ((body: string) => string)[];
}

const ATOMS = [
  "a",
  "b",
  "c",
  "A",
  "k",
  "i",
  " ",
  "0",
  "-",
  "_",
  "é",
  "É",
  "ß",
  "x",
  ".",
  ":",
  "/",
  "\\.",
  "\\[",
  "<",
  "=",
];
const CLASSES = [
  "\\d",
  "\\D",
  "\\w",
  "\\W",
  "\\s",
  "\\S",
  "[ab]",
  "[^a]",
  "[a-c0]",
  "[]a]",
  "[^]b]",
  "[\\w-]",
  "[^\\W_]",
  "[^\\s:]",
  "[\\da-f]",
  "[A-Z]",
  "[^\\d]",
  "[é-ü]",
  "[\\S ]",
  "[^\\x00-\\x7f]",
  "[ka-]",
];
const COUNTS = ["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{,2}", "{2,}", "{0,3}?", "{1,}?", "{,1}"];
// No "(?a:": Python itself looks for the first character of such a pattern by the rules of Unicode, and misses matches.
const OPENINGS = ["(", "(", "(?:", "(?:", "(?i:", "(?s:", "(?m:", "(?-i:"];

/** Patterns of some nested elements; groups with names are numbered so that no two are alike. */
export function patternArbitrary({ anchors, extensions = [] }: Grammar): fc.Arbitrary<string> {
  const { alternation } = fc.letrec<{ alternation: string; sequence: string; element: string }>((tie) => ({
    alternation: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { arbitrary: tie("sequence"), weight: 4 },
      { arbitrary: fc.array(tie("sequence"), { minLength: 2, maxLength: 3 }).map((list) => list.join("|")), weight: 1 },
    ),
    sequence: fc.array(tie("element"), { minLength: 0, maxLength: 4 }).map((list) => list.join("")),
    element: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { arbitrary: fc.constantFrom(...ATOMS), weight: 6 },
      { arbitrary: fc.constantFrom(...CLASSES), weight: 3 },
      { arbitrary: fc.constantFrom(...anchors), weight: 1 },
      {
        arbitrary: fc
          .tuple(fc.constantFrom(...ATOMS, ...CLASSES), fc.constantFrom(...COUNTS))
          .map((parts) => parts.join("")),
        weight: 3,
      },
      {
        arbitrary: fc
          .tuple(fc.constantFrom(...OPENINGS), tie("alternation"), fc.constantFrom("", "", ...COUNTS))
          .map(([opening, body, count]) => `${opening}${body})${count}`),
        weight: 4,
      },
      ...extensions.map((extension) => ({ arbitrary: tie("alternation").map(extension), weight: 1 })),
    ),
  }));
  return fc
    .tuple(fc.constantFrom("", "", "", "(?i)", "(?s)", "(?x)", "(?a)"), alternation)
    .map((parts) => parts.join(""));
}

/** Numbers that decide each choice of a text. */
export type Choose = (below: number) => number;

const CANDIDATES = [..."abckiAKI 0-_éÉßıſx.:/[]<=\r\n\t\u2028\u00a0٣𝒳½"].map((char) => char.codePointAt(0)!);

/** A text along the tree: it often matches, but anchors and look-around are passed over. */
export function sampleText({ root }: Regex, choose: Choose): string {
  const groups = new Map<number, string>();
  const write = (node: RegexNode): string => {
    switch (node.kind) {
      case "literal":
      case "any":
      case "class":
        return writeCharacter(node, choose);
      case "anchor":
        return node.place === "line-end" && choose(3) === 0 ? "\n" : "";
      case "look":
        return "";
      case "sequence":
        return node.items.map(write).join("");
      case "alternation":
        return write(node.branches[choose(node.branches.length)]!);
      case "group": {
        const text = write(node.body);
        groups.set(node.index, text);
        return text;
      }
      case "repeat": {
        const count = node.min + choose(Math.min(3, node.max - node.min) + 1);
        return Array.from({ length: count }, () => write(node.body)).join("");
      }
      case "atomic":
        return write(node.body);
      case "backreference":
        return groups.get(node.group) ?? "";
      case "conditional":
        return write(groups.has(node.group) ? node.matched : node.unmatched);
    }
  };
  return write(root);
}

function writeCharacter(node: Character, choose: Choose): string {
  const own = node.kind === "literal" ? caseVariants(node.code, node.ascii) : CANDIDATES;
  const fitting = own.filter((code) => takes(node, code));
  return fitting.length === 0 ? "" : String.fromCodePoint(fitting[choose(fitting.length)]!);
}

/** A text changed a little: a character dropped, doubled, replaced, or noise around it. */
export function disturb(text: string, choose: Choose): string {
  const characters = [...text];
  const at = choose(characters.length + 1);
  const noise = String.fromCodePoint(CANDIDATES[choose(CANDIDATES.length)]!);
  switch (choose(6)) {
    case 0:
      return characters.toSpliced(at, 1).join("");
    case 1:
      return characters.toSpliced(at, 0, noise).join("");
    case 2:
      return characters.toSpliced(at, 1, noise).join("");
    case 3:
      return `${noise}${text}${noise}`;
    case 4:
      return text + text;
    default:
      return text;
  }
}

/** A generator of numbers by seed (mulberry32): the same seed gives the same texts. */
export function chooser(seed: number): Choose {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
