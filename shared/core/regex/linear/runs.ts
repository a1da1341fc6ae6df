/** Runs of one character: a whole loop in one instruction, whose other ends wait in one frame of the stack. */
import type { Instruction, Pc, SubProgram } from "./instruction.ts";
import { OP } from "./instruction.ts";
import { FRAME_KIND, type Search } from "./search.ts";

/** The run came to a place that is known to succeed. */
export const RECALLED = -2;

/** As far as a greedy run goes; the shorter ways are left on the stack. */
export function runFar(search: Search, run: Instruction, pc: Pc, from: number, sub: SubProgram | undefined): number {
  const codes = search.codes;
  const set = run.set;
  const remembers = run.memo >= 0;
  const base = run.memo * (search.length + 1);
  const furthest = run.max < search.length - from ? from + run.max : search.length;
  let at = from;
  let blocked = false;
  if (remembers) {
    for (;;) {
      if (search.tried.mark(base + at)) {
        blocked = true;
        break;
      }
      if (at >= furthest || !set.has(codes[at]!)) break;
      at += 1;
    }
  } else {
    while (at < furthest && set.has(codes[at]!)) at += 1;
  }
  search.steps += at - from;
  if (blocked) {
    if (sub !== undefined && search.recall(base + at, sub)) {
      if (at > from) search.push(FRAME_KIND.shorter, pc, from, at - 1);
      return RECALLED;
    }
    at -= 1;
  }
  const lowest = from + run.min;
  if (at < lowest) return -1;
  if (at > lowest || (remembers && sub !== undefined)) search.push(FRAME_KIND.shorter, pc, lowest, at);
  return at;
}

/** As near as a lazy run stops; the longer ways are left on the stack. */
export function runNear(search: Search, run: Instruction, pc: Pc, from: number, sub: SubProgram | undefined): number {
  const codes = search.codes;
  if (run.memo >= 0) {
    const bit = run.memo * (search.length + 1) + from;
    if (search.tried.mark(bit)) return sub !== undefined && search.recall(bit, sub) ? RECALLED : -1;
  }
  const least = from + run.min;
  if (least > search.length) return -1;
  for (let at = from; at < least; at += 1) if (!run.set.has(codes[at]!)) return -1;
  search.steps += run.min;
  if (run.max > run.min) search.push(FRAME_KIND.longer, pc, from, least);
  return least;
}

/** Takes one character less than before; -1 = that is too few. */
export function shorter(search: Search, frame: number): number {
  const lowest = search.stack[frame + 2]!;
  let end = search.stack[frame + 3]! - 1;
  if (end < lowest) return -1;
  const next = search.list[search.list[search.stack[frame + 1]!]!.next]!;
  if (next.op === OP.text || next.op === OP.character) {
    // What comes next says at a glance where it cannot be.
    const codes = search.codes;
    const before = end;
    while (end >= lowest && !(end < search.length && next.set.has(codes[end]!))) end -= 1;
    search.steps += before - end;
    if (end < lowest) return -1;
  }
  search.stack[frame + 3] = end;
  return end;
}

/** Takes one character more than before; -1 = that cannot be. */
export function longer(search: Search, frame: number, sub: SubProgram | undefined): number {
  const run = search.list[search.stack[frame + 1]!]!;
  const end = search.stack[frame + 3]!;
  if (end >= search.length || end - search.stack[frame + 2]! >= run.max || !run.set.has(search.codes[end]!)) return -1;
  search.steps += 1;
  if (run.memo >= 0) {
    const bit = run.memo * (search.length + 1) + end + 1;
    if (search.tried.mark(bit)) return sub !== undefined && search.recall(bit, sub) ? RECALLED : -1;
  }
  search.stack[frame + 3] = end + 1;
  return end + 1;
}
