/**
 * The tree of a Python regular expression: everything that Python 3.11's `re` accepts for `str`, whether or not RE2 has it.
 *
 * Flags are already resolved: each node says for itself whether it ignores case, is ASCII-only, spans lines. So whoever
 * walks the tree (the RE2 translation, the literal finder, a matcher of our own) needs no flag state.
 */

/** Where a node begins in the pattern, counted in code points as Python counts. */
export type Position = number;

/** Unicode categories that Python names by \d, \s and \w. */
export type Category = "digit" | "space" | "word";

/** One member of a character class; ranges are inclusive code points. */
export type ClassItem =
  | { readonly kind: "range"; readonly from: number; readonly to: number }
  | { readonly kind: "category"; readonly category: Category; readonly negated: boolean };

/** How a character is compared: `ascii` (flag a) limits categories and case folding to ASCII. */
interface Comparison {
  readonly ignoreCase: boolean;
  readonly ascii: boolean;
}

export interface Literal extends Comparison {
  readonly kind: "literal";
  readonly position: Position;
  /** One code point. */
  readonly code: number;
}

export interface Any {
  readonly kind: "any";
  readonly position: Position;
  /** Whether "\n" counts too (flag s). Nothing else is ever excluded. */
  readonly dotAll: boolean;
}

export interface CharacterClass extends Comparison {
  readonly kind: "class";
  readonly position: Position;
  readonly negated: boolean;
  readonly items: readonly ClassItem[];
}

/** A node that takes exactly one character. */
export type Character = Literal | Any | CharacterClass;

/**
 * A place without width. "start" is \A and ^; "line-start" is ^ under MULTILINE; "end" is $, at the very end or before a
 * final "\n"; "line-end" is $ under MULTILINE; "very-end" is \Z; the boundaries are \b and \B.
 */
export type Place = "start" | "line-start" | "end" | "line-end" | "very-end" | "boundary" | "not-boundary";

export interface Anchor {
  readonly kind: "anchor";
  readonly position: Position;
  readonly place: Place;
  /** For boundaries: whether only ASCII letters, digits and _ are word characters. */
  readonly ascii: boolean;
}

export interface Sequence {
  readonly kind: "sequence";
  readonly position: Position;
  /** None = the empty expression. */
  readonly items: readonly RegexNode[];
}

export interface Alternation {
  readonly kind: "alternation";
  readonly position: Position;
  /** In order of preference. */
  readonly branches: readonly RegexNode[];
}

export interface Group {
  readonly kind: "group";
  readonly position: Position;
  /** Counts from 1 in the order of opening parentheses. */
  readonly index: number;
  readonly name: string | undefined;
  readonly body: RegexNode;
}

export interface Repeat {
  readonly kind: "repeat";
  readonly position: Position;
  readonly min: number;
  /** Infinity = no limit. */
  readonly max: number;
  readonly mode: "greedy" | "lazy" | "possessive";
  readonly body: RegexNode;
}

export interface Atomic {
  readonly kind: "atomic";
  readonly position: Position;
  readonly body: RegexNode;
}

export interface Look {
  readonly kind: "look";
  readonly position: Position;
  readonly direction: "ahead" | "behind";
  readonly negated: boolean;
  /** Behind: always of one width, in code points. */
  readonly body: RegexNode;
}

export interface Backreference extends Comparison {
  readonly kind: "backreference";
  readonly position: Position;
  readonly group: number;
}

export interface Conditional {
  readonly kind: "conditional";
  readonly position: Position;
  readonly group: number;
  readonly matched: RegexNode;
  /** An empty sequence where the pattern gives none. */
  readonly unmatched: RegexNode;
}

export type RegexNode =
  | Character
  | Anchor
  | Sequence
  | Alternation
  | Group
  | Repeat
  | Atomic
  | Look
  | Backreference
  | Conditional;

/** A parsed regular expression. */
export interface Regex {
  /** The Python text. */
  readonly pattern: string;
  readonly root: RegexNode;
  /** Number of capture groups, without group 0. */
  readonly groupCount: number;
  /** Group index by name, in order of appearance. */
  readonly groupNames: ReadonlyMap<string, number>;
}

/** The nodes directly below a node, in the order of the pattern. */
export function childrenOf(node: RegexNode): readonly RegexNode[] {
  switch (node.kind) {
    case "literal":
    case "any":
    case "class":
    case "anchor":
    case "backreference":
      return [];
    case "sequence":
      return node.items;
    case "alternation":
      return node.branches;
    case "group":
    case "repeat":
    case "atomic":
    case "look":
      return [node.body];
    case "conditional":
      return [node.matched, node.unmatched];
  }
}
