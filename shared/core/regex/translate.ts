/**
 * From the tree to RE2's syntax, keeping Python's meaning.
 *
 * Three forms of one regex are of use. "exact" is right for every text. "ascii" is right for texts of ASCII alone, with
 * automata that are small and fast. "screen" hits wherever Python hits, and sometimes more, for every pattern there is:
 * it rejects most lines before anything dearer looks at them.
 *
 * Where Python and RE2 part ways:
 * - `$` also holds before a final "\n". RE2 has no such place. A text whose only "\n" is its last character has no other
 *   end of line, so there `$` is RE2's end of line; in a text of several lines (`lines`) it takes the final "\n" into a
 *   group of its own, which the matcher cuts off again.
 * - \b is ASCII in RE2: see boundary.ts for what is done about texts beyond ASCII. (In a text that is empty, not even a
 *   "\n" in it, Python's \B never holds and RE2's does.)
 * - Where what is repeated may be empty, the two stop at different places: refused where that can be seen.
 * - Groups are numbered, not named, in RE2's text: Python's names may hold what RE2's may not, and it is faster.
 */
import { repeatsAlike, withoutEmptyTurns } from "./loops.ts";
import { asciiClass, unicodeClass } from "./re2-class.ts";
import {
  type Anchor,
  type Character,
  childrenOf,
  type Group,
  type Position,
  type Regex,
  type RegexNode,
  type Repeat,
} from "./tree.ts";
import { widthOf } from "./width.ts";

export type Feature =
  | "look-ahead"
  | "look-behind"
  | "back-reference"
  | "conditional"
  | "atomic-group"
  | "possessive-repeat"
  | "repeat-limit"
  | "empty-repeat"
  | "inner-end"
  | "lone-surrogate"
  | "mixed-boundaries"
  | "program-size";

/** Something that RE2 lacks, where it stands (code points from 0), and why it cannot be had. */
export interface UnsupportedFeature {
  readonly feature: Feature;
  readonly position: Position;
  readonly reason: string;
}

export type Form = "exact" | "ascii" | "screen";

export interface TranslateOptions {
  /** Default "exact". */
  readonly form?: Form;
  /** Whether texts may hold "\n" elsewhere than at their end. */
  readonly lines?: boolean;
  /** Which groups keep their text: all, or those with a name. "screen" keeps none. */
  readonly captures?: "all" | "named";
  /** How the characters of the pattern are written, if not as the form has it. */
  readonly classFor?: (node: Character) => string;
}

export type Translation =
  | {
      readonly kind: "re2";
      readonly source: string;
      /** Flags for node-re2. */
      readonly flags: "u";
      /** RE2's group number by Python's; a group that is not kept has none. */
      readonly slots: ReadonlyMap<number, number>;
      /** RE2 groups that hold the final "\n" where a `$` took it. */
      readonly endSlots: readonly number[];
    }
  | { readonly kind: "unsupported"; readonly features: readonly UnsupportedFeature[] };

/** Translates, or says everything that stands against it. The form "screen" never fails. */
export function toRe2(regex: Regex, options: TranslateOptions = {}): Translation {
  const translator = new Translator(options);
  const source = translator.emit(regex.root, { tail: true, repeats: 1 });
  const { slots, endSlots, features } = translator;
  return features.length > 0 ? { kind: "unsupported", features } : { kind: "re2", source, flags: "u", slots, endSlots };
}

/** RE2's own limit on a count, and on the product of counts within counts. */
const REPEAT_LIMIT = 1000;

interface Surroundings {
  /** Whether nothing of the pattern comes after this node. */
  readonly tail: boolean;
  /** The product of the counts around this node. */
  readonly repeats: number;
}

class Translator {
  readonly slots = new Map<number, number>();
  readonly endSlots: number[] = [];
  readonly features: UnsupportedFeature[] = [];
  readonly #form: Form;
  readonly #lines: boolean;
  readonly #captures: "all" | "named";
  readonly #classFor: (node: Character) => string;
  #groups = 0;

  constructor(options: TranslateOptions) {
    this.#form = options.form ?? "exact";
    this.#lines = options.lines ?? false;
    this.#classFor = options.classFor ?? (this.#form === "exact" ? unicodeClass : asciiClass);
    this.#captures = options.captures ?? "all";
  }

  emit(node: RegexNode, around: Surroundings): string {
    switch (node.kind) {
      case "literal":
        if (node.code >= 0xd800 && node.code <= 0xdfff) {
          return this.#lacking(node, "lone-surrogate", "half a surrogate pair is no character in UTF-8", "(?s:.)");
        }
        return this.#classFor(node);
      case "any":
      case "class":
        return this.#classFor(node);
      case "anchor":
        return this.#anchor(node, around);
      case "sequence":
        return node.items
          .map((item, index) => {
            const text = this.emit(item, { ...around, tail: around.tail && index === node.items.length - 1 });
            return item.kind === "alternation" ? `(?:${text})` : text;
          })
          .join("");
      case "alternation":
        return node.branches.map((branch) => this.emit(branch, around)).join("|");
      case "group":
        return this.#group(node, around);
      case "repeat":
        return this.#repeat(node, around);
      case "atomic":
        return this.#lacking(node, "atomic-group", "an atomic group (?>…) never gives back what it took", () =>
          grouped(this.emit(node.body, around)),
        );
      case "look":
        return node.direction === "ahead"
          ? this.#lacking(node, "look-ahead", "look-ahead (?=…) (?!…) needs text that is not consumed", "")
          : this.#lacking(node, "look-behind", "look-behind (?<=…) (?<!…) needs text before the place", "");
      case "backreference":
        return this.#lacking(node, "back-reference", "a back-reference needs the text of another group", "(?s:.*)");
      case "conditional":
        return this.#lacking(node, "conditional", "a conditional (?(…)…) depends on another group", () =>
          grouped(`${this.emit(node.matched, around)}|${this.emit(node.unmatched, around)}`),
        );
    }
  }

  /** What RE2 lacks: noted, or, in a screen, replaced by something wider. */
  #lacking(node: RegexNode, feature: Feature, reason: string, wider: string | (() => string)): string {
    if (this.#form === "screen") return typeof wider === "string" ? wider : wider();
    this.features.push({ feature, position: node.position, reason });
    return "";
  }

  #anchor(node: Anchor, around: Surroundings): string {
    switch (node.place) {
      case "start":
        return "\\A";
      case "very-end":
        return "\\z";
      case "line-start":
        return "(?m:^)";
      case "line-end":
        return "(?m:$)";
      case "end":
        return this.#end(node, around);
      case "boundary":
        return this.#form === "screen" ? "" : "\\b";
      case "not-boundary":
        return this.#form === "screen" ? "" : "\\B";
    }
  }

  #end(node: Anchor, around: Surroundings): string {
    if (!this.#lines || this.#form === "screen") return "(?m:$)";
    if (!around.tail) {
      return this.#lacking(
        node,
        "inner-end",
        "in a text of several lines, $ can only stand at the end of the pattern",
        "",
      );
    }
    this.#groups += 1;
    this.endSlots.push(this.#groups);
    return "(\\n?)\\z";
  }

  /** An iteration that takes nothing ends Python's loop, and its groups are then empty; RE2 goes on, and keeps the groups. */
  #rewritten(node: Repeat, keeps: boolean, around: Surroundings): string {
    const plain = keeps ? undefined : withoutEmptyTurns(node);
    if (plain !== undefined) return grouped(this.emit(plain, around));
    const reason = "where what is repeated may be empty, RE2 and Python stop repeating at different places";
    return this.#lacking(node, "empty-repeat", reason, "");
  }

  #keepsGroups(node: RegexNode): boolean {
    const kept = node.kind === "group" && (this.#captures === "all" || node.name !== undefined);
    return kept || childrenOf(node).some((child) => this.#keepsGroups(child));
  }

  #group(node: Group, around: Surroundings): string {
    if (this.#form === "screen" || (this.#captures === "named" && node.name === undefined)) {
      return grouped(this.emit(node.body, around));
    }
    this.#groups += 1;
    this.slots.set(node.index, this.#groups);
    return `(${this.emit(node.body, around)})`;
  }

  #repeat(node: Repeat, around: Surroundings): string {
    if (node.mode === "possessive") {
      const greedy: Repeat = { ...node, mode: "greedy" };
      return this.#lacking(node, "possessive-repeat", "a possessive repetition never gives back what it took", () =>
        this.emit(greedy, around),
      );
    }
    if (node.max > 1 && this.#form !== "screen" && widthOf(node.body).min === 0) {
      const keeps = this.#keepsGroups(node.body);
      if (keeps || !repeatsAlike(node.body)) return this.#rewritten(node, keeps, around);
    }
    const counted = node.max !== 1 && (node.min > 1 || Number.isFinite(node.max));
    const product = around.repeats * (counted ? Math.max(1, Number.isFinite(node.max) ? node.max : node.min) : 1);
    const tooMany = product > REPEAT_LIMIT;
    const tail = around.tail && node.max <= 1;
    const inner = this.emit(node.body, { tail, repeats: tooMany ? around.repeats : product });
    const body = isAtom(node.body) ? inner : grouped(inner);
    const lazy = node.mode === "lazy" ? "?" : "";
    if (!tooMany) return `${body}${quantifier(node)}${lazy}`;
    const reason = `RE2 repeats at most ${REPEAT_LIMIT} times, counts within counts multiplied`;
    return this.#lacking(node, "repeat-limit", reason, `${body}${node.min > 0 ? "+" : "*"}${lazy}`);
  }
}

/** Whether a node is written as one item that a quantifier can follow. */
function isAtom({ kind }: RegexNode): boolean {
  return kind === "literal" || kind === "any" || kind === "class" || kind === "group";
}

function grouped(text: string): string {
  return `(?:${text})`;
}

function quantifier({ min, max }: Repeat): string {
  if (max === Number.POSITIVE_INFINITY) return min === 0 ? "*" : min === 1 ? "+" : `{${min},}`;
  if (min === 0 && max === 1) return "?";
  return min === max ? `{${min}}` : `{${min},${max}}`;
}
