/**
 * One search as it stands: the text, what has been captured, what is left to try, and what is known of places tried. Where a
 * search goes next is the machine's business; here is what it remembers, and how that is undone.
 */
import type { Input } from "./input.ts";
import type { Instruction, Instructions, SubProgram } from "./instruction.ts";
import { Bits, grown, MAX_BITS, MAX_STACK, trimmed } from "./memory.ts";
import { isEndless } from "./places.ts";

/** What a sub-program came to from one of its places. */
interface Result {
  readonly exit: number;
  readonly end: number;
  /** Slot, position, slot, position …, each slot once. */
  readonly captures: readonly number[];
}

/** Frames of the stack are four numbers each: what it is, and up to three more. */
export const FRAME = 4;

export const FRAME_KIND = {
  /** Go on at a place: pc, position. */
  choice: 0,
  /** A greedy run: pc, lowest end, present end. */
  shorter: 1,
  /** A lazy run: pc, first end, present end. */
  longer: 2,
  /** A slot to be put back: slot, old value, new value. */
  undo: 3,
  /** A place of a sub-program that is being tried: its bit. */
  tried: 4,
} as const;

/** Searches run one after the other and share their memory. */
const TRIED = new Bits();
const WON = new Bits();
let spare: Int32Array = new Int32Array(1024);

export const NO_CAPTURES: readonly number[] = [];

export class Search {
  /** By slot: where each kept group begins and ends; -1 = it took no part. */
  readonly slots: Int32Array;
  readonly list: readonly Instruction[];
  /** Places tried, by memo and position. */
  readonly tried = TRIED;
  stack = spare;
  /** Where the next frame goes. */
  top = 0;
  steps = 0;
  codes: Int32Array = new Int32Array(0);
  length = 0;
  /** Whether steps or memory are spent. */
  exceeded = false;
  /** What the last program within that succeeded came to: also of the whole regex, where only `end` counts. */
  end = 0;
  exit = 0;
  captures = NO_CAPTURES;
  readonly #memos: number;
  readonly #plainSubs: boolean;
  readonly #results = new Map<number, Result>();

  constructor(program: Instructions, groupCount: number) {
    this.list = program.list;
    this.#memos = program.memos;
    this.#plainSubs = program.list.some(({ sub }) => sub?.plain);
    this.slots = new Int32Array(2 * groupCount + 2).fill(-1);
  }

  /** Forgets everything and takes a text; false where it is too long to remember its places. */
  begin(input: Input): boolean {
    this.codes = input.codes;
    this.length = input.length;
    this.stack = spare;
    this.top = 0;
    this.steps = 0;
    const bits = this.#memos * (input.length + 1);
    this.exceeded = bits > MAX_BITS;
    if (this.exceeded) return false;
    this.tried.clear(bits);
    if (this.#plainSubs) WON.clear(bits);
    if (this.#results.size > 0) this.#results.clear();
    this.slots.fill(-1);
    return true;
  }

  /** Gives back what a long text made large. */
  finish(): void {
    spare = trimmed(this.stack);
    this.stack = spare;
    if (this.#results.size > 0) this.#results.clear();
  }

  /** What is known of a place that was tried before: true with `end`, `exit` and `captures` set where it led to success. */
  recall(bit: number, sub: SubProgram): boolean {
    if (sub.plain) {
      this.exit = 0;
      this.captures = NO_CAPTURES;
      return WON.has(bit);
    }
    const result = this.#results.get(bit);
    if (result === undefined) return false;
    this.end = result.end;
    this.exit = result.exit;
    this.captures = result.captures;
    return true;
  }

  /** Leaves a sub-program that succeeded: every place on the way to here is known to succeed in the same way. */
  won(base: number, sub: SubProgram): true {
    let result: Result = { exit: this.exit, end: this.end, captures: this.captures };
    const width = this.length + 1;
    while (this.top > base) {
      const frame = this.top - FRAME;
      this.top = frame;
      const kind = this.stack[frame];
      if (kind === FRAME_KIND.undo) {
        const slot = this.stack[frame + 1]!;
        this.slots[slot] = this.stack[frame + 2]!;
        if (!isSet(result.captures, slot)) {
          result = { ...result, captures: [slot, this.stack[frame + 3]!, ...result.captures] };
        }
      } else if (kind === FRAME_KIND.tried) {
        this.#remember(this.stack[frame + 1]!, sub, result);
      } else if (kind === FRAME_KIND.shorter || kind === FRAME_KIND.longer) {
        const run = this.list[this.stack[frame + 1]!]!;
        if (run.memo < 0 || !isEndless(run)) continue;
        const last = this.stack[frame + 3]!;
        this.steps += last - this.stack[frame + 2]!;
        for (let at = this.stack[frame + 2]!; at <= last; at += 1) this.#remember(run.memo * width + at, sub, result);
      }
    }
    this.captures = result.captures;
    return true;
  }

  #remember(bit: number, sub: SubProgram, result: Result): void {
    if (sub.plain) WON.set(bit);
    else this.#results.set(bit, result);
  }

  /** Leaves a search that is given up. */
  lost(base: number): false {
    while (this.top > base) {
      this.top -= FRAME;
      if (this.stack[this.top] === FRAME_KIND.undo) this.slots[this.stack[this.top + 1]!] = this.stack[this.top + 2]!;
    }
    return false;
  }

  /** Writes a position to a slot, so that it can be undone. */
  save(slot: number, at: number): void {
    this.push(FRAME_KIND.undo, slot, this.slots[slot]!, at);
    this.slots[slot] = at;
  }

  /** Leaves a frame on the stack. */
  push(kind: number, one: number, two: number, three: number): void {
    const top = this.top;
    if (top + FRAME > this.stack.length) {
      if (this.stack.length >= MAX_STACK) {
        this.exceeded = true;
        return;
      }
      this.stack = grown(this.stack);
      spare = this.stack;
    }
    this.stack[top] = kind;
    this.stack[top + 1] = one;
    this.stack[top + 2] = two;
    this.stack[top + 3] = three;
    this.top = top + FRAME;
  }
}

function isSet(captures: readonly number[], slot: number): boolean {
  for (let index = 0; index < captures.length; index += 2) if (captures[index] === slot) return true;
  return false;
}
