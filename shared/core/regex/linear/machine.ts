/**
 * Runs instructions on a text: a backtracking search, so that the first match found is the one Python would find, which
 * never tries a place of the program twice at one position, so that it cannot take longer than program times text.
 *
 * Sub-programs (look-around, atomic groups) are searched in the same way. What they came to is remembered for every place
 * that the successful way led through, captures included, so that a look repeated at each position does not walk the rest
 * of the text each time.
 */
import type { Input } from "./input.ts";
import { type Instructions, OP, type Pc, type SubProgram } from "./instruction.ts";
import { repeatedAt, standsAt } from "./looks.ts";
import { longer, RECALLED, runFar, runNear, shorter } from "./runs.ts";
import { FRAME, FRAME_KIND, NO_CAPTURES, Search } from "./search.ts";

/** Why a search ended; "exceeded": it was given up, out of steps or of memory. */
export type Ending = "match" | "no-match" | "exceeded";

export class Machine {
  readonly #program: Instructions;
  readonly #search: Search;
  #limit = 0;

  constructor(program: Instructions, groupCount: number) {
    this.#program = program;
    this.#search = new Search(program, groupCount);
  }

  /** Of the last search: instructions executed, and characters looked at. */
  get steps(): number {
    return this.#search.steps;
  }

  /** After a match, by slot: where each kept group begins and ends; -1 = it took no part. Slots 0 and 1 are the match. */
  get slots(): Int32Array {
    return this.#search.slots;
  }

  /** Looks for the first match; `limit` is the most steps that may be taken. */
  search(input: Input, limit: number): Ending {
    const search = this.#search;
    if (!search.begin(input)) return "exceeded";
    this.#limit = limit;
    const found = this.#firstMatch(input);
    search.finish();
    if (search.exceeded) return "exceeded";
    return found ? "match" : "no-match";
  }

  #firstMatch({ codes, length }: Input): boolean {
    const { anchored, first, entry } = this.#program;
    const search = this.#search;
    const last = anchored ? 0 : length;
    for (let start = 0; start <= last && !search.exceeded; start += 1) {
      if (first !== undefined && (start === length || !first.has(codes[start]!))) {
        search.steps += 1;
      } else if (this.#explore(entry, start, undefined)) {
        search.slots[0] = start;
        search.slots[1] = search.end;
        return true;
      }
    }
    return false;
  }

  /** Tries everything from a place; true with `end` (and `exit`, `captures` for a sub-program) set. The stack is as before. */
  #explore(entry: Pc, from: number, sub: SubProgram | undefined): boolean {
    const search = this.#search;
    const base = search.top;
    const list = search.list;
    const codes = search.codes;
    const length = search.length;
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
          search.steps += same;
          if (same < count) break;
          at += count;
          next = instruction.next;
          break;
        }
        case OP.once:
          if (search.tried.mark(instruction.memo * width + at)) {
            if (sub === undefined || !search.recall(instruction.memo * width + at, sub)) break;
            search.steps += count;
            return search.won(base, sub);
          }
          if (sub !== undefined) search.push(FRAME_KIND.tried, instruction.memo * width + at, 0, 0);
          next = instruction.next;
          break;
        case OP.split:
          search.push(FRAME_KIND.choice, instruction.other, at, 0);
          next = instruction.next;
          break;
        case OP.run: {
          const end = instruction.greedy
            ? runFar(search, instruction, pc, at, sub)
            : runNear(search, instruction, pc, at, sub);
          if (end === RECALLED) {
            search.steps += count;
            return search.won(base, sub!);
          }
          if (end < 0) break;
          at = end;
          next = instruction.next;
          break;
        }
        case OP.place:
          if (standsAt(instruction, codes, length, at)) next = instruction.next;
          break;
        case OP.save:
          search.save(instruction.slot, at);
          next = instruction.next;
          break;
        case OP.sub: {
          const inner = instruction.sub!;
          next = this.#ask(inner, at);
          if (next >= 0 && inner.kind === "atomic") at = search.end;
          break;
        }
        case OP.again: {
          const taken = repeatedAt(search, instruction, at);
          if (taken < 0) break;
          at += taken;
          next = taken > 0 ? instruction.next : instruction.other;
          break;
        }
        case OP.whether: {
          const start = search.slots[2 * instruction.group]!;
          const end = search.slots[2 * instruction.group + 1]!;
          next = start >= 0 && end >= start ? instruction.next : instruction.other;
          break;
        }
        case OP.done:
          search.end = at;
          search.exit = instruction.exit;
          search.captures = NO_CAPTURES;
          search.steps += count;
          return search.won(base, sub!);
        case OP.match:
          search.end = at;
          search.steps += count;
          return true;
        case OP.fail:
          break;
      }
      if (next >= 0) {
        pc = next;
        continue;
      }
      // Back to the last choice. Between two of them there is no more to do than the program is long, so here is where to ask.
      search.steps += count;
      count = 0;
      if (search.steps > this.#limit) search.exceeded = true;
      if (search.exceeded) return search.lost(base);
      for (;;) {
        if (search.top === base) return false;
        const frame = search.top - FRAME;
        const kind = search.stack[frame];
        if (kind === FRAME_KIND.undo) {
          search.slots[search.stack[frame + 1]!] = search.stack[frame + 2]!;
        } else if (kind === FRAME_KIND.choice) {
          search.top = frame;
          pc = search.stack[frame + 1]!;
          at = search.stack[frame + 2]!;
          break;
        } else if (kind === FRAME_KIND.shorter) {
          const end = shorter(search, frame);
          if (end >= 0) {
            pc = search.list[search.stack[frame + 1]!]!.next;
            at = end;
            break;
          }
        } else if (kind === FRAME_KIND.longer) {
          const end = longer(search, frame, sub);
          if (end === RECALLED) return search.won(base, sub!);
          if (end >= 0) {
            pc = search.list[search.stack[frame + 1]!]!.next;
            at = end;
            break;
          }
        }
        search.top = frame;
      }
    }
  }

  /** Runs a sub-program; the place to go on at, -1 where there is none. */
  #ask(sub: SubProgram, at: number): Pc {
    const search = this.#search;
    const from = at - sub.behind;
    const found = from >= 0 && this.#explore(sub.entry, from, sub);
    if (search.exceeded) return -1;
    if (sub.negated) return found ? -1 : sub.exits[0]!;
    if (!found) return -1;
    const { length } = search.captures;
    for (let index = 0; index < length; index += 2) search.save(search.captures[index]!, search.captures[index + 1]!);
    return sub.exits[search.exit]!;
  }
}
