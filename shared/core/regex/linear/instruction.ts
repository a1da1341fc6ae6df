/**
 * The program that the matcher runs: small instructions, each naming the one that follows.
 *
 * What a place in the program means never depends on how it was reached, back-references aside. So a place that failed at
 * a position fails there for good, and need not be tried twice: that is the whole bound.
 */
import type { Place } from "../tree.ts";
import { type CharacterSet, NOTHING } from "./character-set.ts";

/** The number of an instruction in its program. */
export type Pc = number;

/** Small numbers, because the machine switches on them for every character. */
export const OP = {
  /** One character of `set`. */
  character: 0,
  /** The characters `codes`, one after the other. */
  text: 1,
  /** Between `min` and `max` characters of `set`; as many as possible first where `greedy`. */
  run: 2,
  /** First `next`, then `other`. */
  split: 3,
  /** A place without width. */
  place: 4,
  /** Writes the position to `slot`. */
  save: 5,
  /** A program within the program: look-around or an atomic group. */
  sub: 6,
  /** The end of a sub-program, by way `exit`. */
  done: 7,
  /** The text of `group` again. */
  again: 8,
  /** `next` where `group` has matched, `other` where not: asked while running. */
  whether: 9,
  /** Goes on where this place was not tried at this position before. */
  once: 10,
  /** The end of the regex. */
  match: 11,
  /** Nowhere to go on: an empty loop that may not end. */
  fail: 12,
} as const;

export type Op = (typeof OP)[keyof typeof OP];

/** All instructions have one shape, which keeps the machine fast; what an operation does not use is as in `BLANK`. */
export interface Instruction {
  readonly op: Op;
  next: Pc;
  other: Pc;
  readonly set: CharacterSet;
  readonly codes: readonly number[];
  readonly min: number;
  /** Infinity = no limit. */
  readonly max: number;
  readonly greedy: boolean;
  readonly place: Place;
  /** For places: whether words are ASCII. For `again`: whether case is folded in ASCII only. */
  readonly ascii: boolean;
  readonly ignoreCase: boolean;
  readonly slot: number;
  readonly group: number;
  readonly exit: number;
  sub: SubProgram | undefined;
  /** The number under which tried positions are kept; -1 = they are not. */
  memo: number;
}

/** What an operation does not use. */
export const BLANK: Instruction = {
  op: OP.fail,
  next: -1,
  other: -1,
  set: NOTHING,
  codes: [],
  min: 0,
  max: 0,
  greedy: true,
  place: "start",
  ascii: false,
  ignoreCase: false,
  slot: 0,
  group: 0,
  exit: 0,
  sub: undefined,
  memo: -1,
};

/** Look-around or an atomic group. */
export interface SubProgram {
  readonly entry: Pc;
  readonly kind: "look" | "atomic";
  readonly negated: boolean;
  /** Where it begins: so many characters before the position. */
  readonly behind: number;
  /** Where to go on, by the exit taken. A negated look has one, taken when there is no match. */
  readonly exits: readonly Pc[];
  /** Whether it says yes or no only: nothing captured, one exit, and where it ended does not matter. */
  readonly plain: boolean;
}

export interface Instructions {
  readonly list: readonly Instruction[];
  readonly entry: Pc;
  /** How many instructions keep tried positions. */
  readonly memos: number;
  /** Instructions, runs and texts counted by their characters: no position costs more steps than a small multiple of it. */
  readonly size: number;
  /** Whether some place of the program may have to be tried again at the same position: then there is a budget. */
  readonly unbounded: boolean;
  /** Whether a match can only begin where the text begins. */
  readonly anchored: boolean;
  /** What every match begins with; undefined = unknown. */
  readonly first: CharacterSet | undefined;
}
