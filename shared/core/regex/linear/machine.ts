/**
 * Runs instructions on a text: a backtracking search, so that the first match found is the one Python would find, which
 * never tries a place of the program twice at one position, so that it cannot take longer than program times text.
 *
 * Sub-programs (look-around, atomic groups) are searched in the same way. What they came to is remembered for every place
 * that the successful way led through, captures included, so that a look repeated at each position does not walk the rest
 * of the text each time.
 */
import { WORDS } from "./character-set.ts";
import type { Input } from "./input.ts";
import { type Instruction, type Instructions, OP, type Pc, type SubProgram } from "./instruction.ts";
import { Bits, grown, MAX_BITS, MAX_STACK, trimmed } from "./memory.ts";
import { isEndless } from "./places.ts";

/** Why a search ended; "exceeded": it was given up, out of steps or of memory. */
export type Ending = "match" | "no-match" | "exceeded";

/** What a sub-program came to from one of its places. */
interface Result {
  readonly exit: number;
  readonly end: number;
  /** Slot, position, slot, position …, each slot once. */
  readonly captures: readonly number[];
}

/** Frames of the stack, four numbers each: what it is, and up to three more. */
const FRAME = 4;
/** Go on at a place: pc, position. */
const CHOICE = 0;
/** A greedy run: pc, lowest end, present end. */
const SHORTER = 1;
/** A lazy run: pc, first end, present end. */
const LONGER = 2;
/** A slot to be put back: slot, old value, new value. */
const UNDO = 3;
/** A place of a sub-program that is being tried: its bit. */
const TRIED = 4;

const NEWLINE = 0x0a;

const tried = new Bits();
const won = new Bits();
let stack: Int32Array = new Int32Array(1024);

export class Machine {
  /** By slot: where each kept group begins and ends; -1 = it took no part. */
  readonly slots: Int32Array;
  steps = 0;
  readonly #program: Instructions;
  readonly #list: readonly Instruction[];
  readonly #plainSubs: boolean;
  readonly #results = new Map<number, Result>();
  #codes: Int32Array = new Int32Array(0);
  #length = 0;
  #limit = 0;
  #top = 0;
  #exceeded = false;
  /** How the last search ended that succeeded. */
  #end = 0;
  #exit = 0;
  #captures: readonly number[] = NO_CAPTURES;

  constructor(program: Instructions, groupCount: number) {
    this.#program = program;
    this.#list = program.list;
    this.#plainSubs = program.list.some(({ sub }) => sub?.plain);
    this.slots = new Int32Array(2 * groupCount + 2).fill(-1);
  }

  /** Looks for the first match; `limit` is the most steps that may be taken. */
  search(input: Input, limit: number): Ending {
    const { memos, anchored, first, entry } = this.#program;
    this.steps = 0;
    this.#codes = input.codes;
    this.#length = input.length;
    this.#limit = limit;
    this.#top = 0;
    this.#exceeded = false;
    const bits = memos * (input.length + 1);
    if (bits > MAX_BITS) return "exceeded";
    tried.clear(bits);
    if (this.#plainSubs) won.clear(bits);
    if (this.#results.size > 0) this.#results.clear();
    this.slots.fill(-1);
    const last = anchored ? 0 : input.length;
    for (let start = 0; start <= last; start += 1) {
      if (first !== undefined && (start === input.length || !first.has(input.codes[start]!))) {
        this.steps += 1;
        continue;
      }
      if (this.#explore(entry, start, undefined) && !this.#exceeded) {
        this.slots[0] = start;
        this.slots[1] = this.#end;
        stack = trimmed(stack);
        return "match";
      }
      if (this.#exceeded) break;
    }
    stack = trimmed(stack);
    return this.#exceeded ? "exceeded" : "no-match";
  }

  /** Tries everything from a place; true with #end (and #exit, #captures for a sub-program) set. The stack is as before. */
  #explore(entry: Pc, from: number, sub: SubProgram | undefined): boolean {
    const base = this.#top;
    const list = this.#list;
    const codes = this.#codes;
    const length = this.#length;
    const width = length + 1;
    let pc = entry;
    let at = from;
    let count = 0;
    for (;;) {
      const instruction = list[pc]!;
      count += 1;
      let next = -1;
      switch (instruction.op) {
        case OP.character:
          if (at < length && instruction.set.has(codes[at]!)) {
            at += 1;
            next = instruction.next;
          }
          break;
        case OP.text: {
          const wanted = instruction.codes;
          const count = wanted.length;
          if (at + count > length) break;
          let same = 0;
          while (same < count && codes[at + same] === wanted[same]) same += 1;
          this.steps += same;
          if (same < count) break;
          at += count;
          next = instruction.next;
          break;
        }
        case OP.once:
          if (tried.mark(instruction.memo * width + at)) {
            if (sub === undefined || !this.#recall(instruction.memo * width + at, sub)) break;
            this.steps += count;
            return this.#won(base, sub);
          }
          if (sub !== undefined) this.#push(TRIED, instruction.memo * width + at, 0, 0);
          next = instruction.next;
          break;
        case OP.split:
          this.#push(CHOICE, instruction.other, at, 0);
          next = instruction.next;
          break;
        case OP.run: {
          const end = instruction.greedy
            ? this.#runFar(instruction, pc, at, sub)
            : this.#runNear(instruction, pc, at, sub);
          if (end === RECALLED) {
            this.steps += count;
            return this.#won(base, sub!);
          }
          if (end < 0) break;
          at = end;
          next = instruction.next;
          break;
        }
        case OP.place:
          if (this.#stands(instruction, at)) next = instruction.next;
          break;
        case OP.save:
          this.#save(instruction.slot, at);
          next = instruction.next;
          break;
        case OP.sub: {
          const inner = instruction.sub!;
          next = this.#ask(inner, at);
          if (next >= 0 && inner.kind === "atomic") at = this.#end;
          break;
        }
        case OP.again: {
          const taken = this.#repeated(instruction, at);
          if (taken < 0) break;
          at += taken;
          next = taken > 0 ? instruction.next : instruction.other;
          break;
        }
        case OP.whether: {
          const start = this.slots[2 * instruction.group]!;
          const end = this.slots[2 * instruction.group + 1]!;
          next = start >= 0 && end >= start ? instruction.next : instruction.other;
          break;
        }
        case OP.done:
          this.#end = at;
          this.#exit = instruction.exit;
          this.#captures = NO_CAPTURES;
          this.steps += count;
          return this.#won(base, sub!);
        case OP.match:
          this.#end = at;
          this.steps += count;
          return true;
        case OP.fail:
          break;
      }
      if (next >= 0) {
        pc = next;
        continue;
      }
      // Back to the last choice. Between two of them there is no more to do than the program is long, so here is where to ask.
      this.steps += count;
      count = 0;
      if (this.steps > this.#limit) this.#exceeded = true;
      if (this.#exceeded) return this.#lost(base);
      for (;;) {
        if (this.#top === base) return false;
        const frame = this.#top - FRAME;
        const kind = stack[frame];
        if (kind === UNDO) {
          this.slots[stack[frame + 1]!] = stack[frame + 2]!;
        } else if (kind === CHOICE) {
          this.#top = frame;
          pc = stack[frame + 1]!;
          at = stack[frame + 2]!;
          break;
        } else if (kind === SHORTER) {
          const end = this.#shorter(frame);
          if (end >= 0) {
            pc = this.#list[stack[frame + 1]!]!.next;
            at = end;
            break;
          }
        } else if (kind === LONGER) {
          const end = this.#longer(frame, sub);
          if (end === RECALLED) return this.#won(base, sub!);
          if (end >= 0) {
            pc = this.#list[stack[frame + 1]!]!.next;
            at = end;
            break;
          }
        }
        this.#top = frame;
      }
    }
  }

  /** As far as a greedy run goes; the shorter ways are left on the stack. */
  #runFar(run: Instruction, pc: Pc, from: number, sub: SubProgram | undefined): number {
    const codes = this.#codes;
    const set = run.set;
    const remembers = run.memo >= 0;
    const base = run.memo * (this.#length + 1);
    const furthest = run.max < this.#length - from ? from + run.max : this.#length;
    let at = from;
    let blocked = false;
    if (remembers) {
      for (;;) {
        if (tried.mark(base + at)) {
          blocked = true;
          break;
        }
        if (at >= furthest || !set.has(codes[at]!)) break;
        at += 1;
      }
    } else {
      while (at < furthest && set.has(codes[at]!)) at += 1;
    }
    this.steps += at - from;
    if (blocked) {
      if (sub !== undefined && this.#recall(base + at, sub)) {
        if (at > from) this.#push(SHORTER, pc, from, at - 1);
        return RECALLED;
      }
      at -= 1;
    }
    const lowest = from + run.min;
    if (at < lowest) return -1;
    if (at > lowest || (remembers && sub !== undefined)) this.#push(SHORTER, pc, lowest, at);
    return at;
  }

  /** As near as a lazy run stops; the longer ways are left on the stack. */
  #runNear(run: Instruction, pc: Pc, from: number, sub: SubProgram | undefined): number {
    const codes = this.#codes;
    if (run.memo >= 0) {
      const bit = run.memo * (this.#length + 1) + from;
      if (tried.mark(bit)) return sub !== undefined && this.#recall(bit, sub) ? RECALLED : -1;
    }
    const least = from + run.min;
    if (least > this.#length) return -1;
    for (let at = from; at < least; at += 1) if (!run.set.has(codes[at]!)) return -1;
    this.steps += run.min;
    if (run.max > run.min) this.#push(LONGER, pc, from, least);
    return least;
  }

  #shorter(frame: number): number {
    const lowest = stack[frame + 2]!;
    let end = stack[frame + 3]! - 1;
    if (end < lowest) return -1;
    const next = this.#list[this.#list[stack[frame + 1]!]!.next]!;
    if (next.op === OP.text || next.op === OP.character) {
      // What comes next says at a glance where it cannot be.
      const codes = this.#codes;
      const before = end;
      while (end >= lowest && !(end < this.#length && next.set.has(codes[end]!))) end -= 1;
      this.steps += before - end;
      if (end < lowest) return -1;
    }
    stack[frame + 3] = end;
    return end;
  }

  #longer(frame: number, sub: SubProgram | undefined): number {
    const run = this.#list[stack[frame + 1]!]!;
    const end = stack[frame + 3]!;
    if (end >= this.#length || end - stack[frame + 2]! >= run.max || !run.set.has(this.#codes[end]!)) return -1;
    this.steps += 1;
    if (run.memo >= 0) {
      const bit = run.memo * (this.#length + 1) + end + 1;
      if (tried.mark(bit)) return sub !== undefined && this.#recall(bit, sub) ? RECALLED : -1;
    }
    stack[frame + 3] = end + 1;
    return end + 1;
  }

  /** Runs a sub-program; the place to go on at, -1 where there is none. */
  #ask(sub: SubProgram, at: number): Pc {
    const from = at - sub.behind;
    const found = from >= 0 && this.#explore(sub.entry, from, sub);
    if (this.#exceeded) return -1;
    if (sub.negated) return found ? -1 : sub.exits[0]!;
    if (!found) return -1;
    const { length } = this.#captures;
    for (let index = 0; index < length; index += 2) this.#save(this.#captures[index]!, this.#captures[index + 1]!);
    return sub.exits[this.#exit]!;
  }

  /** What is known of a place that was tried before: true with #end, #exit and #captures set where it led to success. */
  #recall(bit: number, sub: SubProgram): boolean {
    if (sub.plain) {
      this.#exit = 0;
      this.#captures = NO_CAPTURES;
      return won.has(bit);
    }
    const result = this.#results.get(bit);
    if (result === undefined) return false;
    this.#end = result.end;
    this.#exit = result.exit;
    this.#captures = result.captures;
    return true;
  }

  /** Leaves a sub-program that succeeded: every place on the way to here is known to succeed in the same way. */
  #won(base: number, sub: SubProgram): true {
    let result: Result = { exit: this.#exit, end: this.#end, captures: this.#captures };
    const width = this.#length + 1;
    while (this.#top > base) {
      const frame = this.#top - FRAME;
      this.#top = frame;
      const kind = stack[frame];
      if (kind === UNDO) {
        const slot = stack[frame + 1]!;
        this.slots[slot] = stack[frame + 2]!;
        if (!isSet(result.captures, slot)) {
          result = { ...result, captures: [slot, stack[frame + 3]!, ...result.captures] };
        }
      } else if (kind === TRIED) {
        this.#remember(stack[frame + 1]!, sub, result);
      } else if (kind === SHORTER || kind === LONGER) {
        const run = this.#list[stack[frame + 1]!]!;
        if (run.memo < 0 || !isEndless(run)) continue;
        const last = stack[frame + 3]!;
        this.steps += last - stack[frame + 2]!;
        for (let at = stack[frame + 2]!; at <= last; at += 1) this.#remember(run.memo * width + at, sub, result);
      }
    }
    this.#captures = result.captures;
    return true;
  }

  #remember(bit: number, sub: SubProgram, result: Result): void {
    if (sub.plain) won.set(bit);
    else this.#results.set(bit, result);
  }

  /** Leaves a search that is given up. */
  #lost(base: number): false {
    while (this.#top > base) {
      this.#top -= FRAME;
      if (stack[this.#top] === UNDO) this.slots[stack[this.#top + 1]!] = stack[this.#top + 2]!;
    }
    return false;
  }

  #save(slot: number, at: number): void {
    this.#push(UNDO, slot, this.slots[slot]!, at);
    this.slots[slot] = at;
  }

  #push(kind: number, one: number, two: number, three: number): void {
    const top = this.#top;
    if (top + FRAME > stack.length) {
      if (stack.length >= MAX_STACK) {
        this.#exceeded = true;
        return;
      }
      stack = grown(stack);
    }
    stack[top] = kind;
    stack[top + 1] = one;
    stack[top + 2] = two;
    stack[top + 3] = three;
    this.#top = top + FRAME;
  }

  #stands({ place, ascii }: Instruction, at: number): boolean {
    const codes = this.#codes;
    const length = this.#length;
    switch (place) {
      case "start":
        return at === 0;
      case "line-start":
        return at === 0 || codes[at - 1] === NEWLINE;
      case "end":
        return at === length || (at === length - 1 && codes[at] === NEWLINE);
      case "line-end":
        return at === length || codes[at] === NEWLINE;
      case "very-end":
        return at === length;
      case "boundary":
      case "not-boundary": {
        // Python finds neither in an empty text.
        if (length === 0) return false;
        const words = ascii ? WORDS.ascii : WORDS.unicode;
        const before = at > 0 && words.has(codes[at - 1]!);
        const after = at < length && words.has(codes[at]!);
        return (before !== after) === (place === "boundary");
      }
    }
  }

  /** How many characters a back-reference takes; -1 = it does not match. */
  #repeated({ group, ignoreCase, ascii }: Instruction, at: number): number {
    const codes = this.#codes;
    const start = this.slots[2 * group]!;
    const count = this.slots[2 * group + 1]! - start;
    if (start < 0 || count < 0 || at + count > this.#length) return -1;
    for (let index = 0; index < count; index += 1) {
      const one = codes[start + index]!;
      const other = codes[at + index]!;
      this.steps += 1;
      if (one !== other && !(ignoreCase && lower(one, ascii) === lower(other, ascii))) return -1;
    }
    return count;
  }
}

const RECALLED = -2;
const NO_CAPTURES: readonly number[] = [];

function isSet(captures: readonly number[], slot: number): boolean {
  for (let index = 0; index < captures.length; index += 2) if (captures[index] === slot) return true;
  return false;
}

/** Python's lower case of one character, which is one character. */
function lower(code: number, ascii: boolean): number {
  if (code < 0x80 || ascii) return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
  return code === 0x130 ? 0x69 : String.fromCodePoint(code).toLowerCase().codePointAt(0)!;
}
