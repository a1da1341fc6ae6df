/** Looks over finished instructions: which places must remember where they were tried, and where a match can begin. */
import { anyOf, type CharacterSet } from "./character-set.ts";
import { type Instruction, type Instructions, OP, type Pc } from "./instruction.ts";

/** Adds the memory that bounds the steps, and what is known about where matches begin. */
export function finish(list: Instruction[], entry: Pc, size: number): Instructions {
  const changing = dependents(list);
  let memos = 0;
  const ways = countWays(list, entry, changing);
  const aliases = new Map<Pc, Pc>();
  for (const [pc, instruction] of [...list.entries()]) {
    if (changing.has(pc)) continue;
    // An endless run remembers by itself where it has been.
    if (isEndless(instruction)) instruction.memo = memos++;
    else if (ways[pc]! > 1 && instruction.op !== OP.match && instruction.op !== OP.done && instruction.op !== OP.fail) {
      aliases.set(pc, list.length);
      list.push({ ...instruction, op: OP.once, next: pc, other: -1, sub: undefined, memo: memos++ });
    }
  }
  for (const [pc, instruction] of list.entries()) {
    if (instruction.op === OP.once && aliases.get(instruction.next) === pc) continue;
    redirect(instruction, (target) => aliases.get(target) ?? target);
  }
  const start = aliases.get(entry) ?? entry;
  return {
    list,
    entry: start,
    memos,
    size: size + memos,
    unbounded: changing.size > 0,
    anchored: isAnchored(list, start),
    first: firstOf(list, start),
  };
}

/** A run without end, where each position is come to but once. */
export function isEndless({ op, min, max }: Instruction): boolean {
  return op === OP.run && min === 0 && max === Number.POSITIVE_INFINITY;
}

function targetsOf({ op, next, other, sub }: Instruction): readonly Pc[] {
  if (sub !== undefined) return [sub.entry, ...sub.exits];
  if (op === OP.match || op === OP.done || op === OP.fail) return [];
  return op === OP.split || op === OP.again || op === OP.whether ? [next, other] : [next];
}

function redirect(instruction: Instruction, to: (target: Pc) => Pc): void {
  instruction.next = to(instruction.next);
  instruction.other = to(instruction.other);
  if (instruction.sub === undefined) return;
  const sub = { ...instruction.sub, entry: to(instruction.sub.entry), exits: instruction.sub.exits.map(to) };
  instruction.sub = sub;
}

/** From how many sides each instruction is come to at one position; 2 stands for many. */
function countWays(list: readonly Instruction[], entry: Pc, changing: ReadonlySet<Pc>): readonly number[] {
  const ways = list.map((_, pc) => (pc === entry ? 1 : 0));
  const open = [entry];
  const seen = new Set(open);
  for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
    const instruction = list[pc]!;
    for (const target of targetsOf(instruction)) {
      const before = instruction.sub?.entry === target ? false : mayMerge(instruction);
      ways[target]! += before || changing.has(pc) ? 2 : 1;
      if (!seen.has(target)) open.push(target);
      seen.add(target);
    }
  }
  return ways;
}

/** Whether an instruction begun at several positions may end at one. */
function mayMerge(instruction: Instruction): boolean {
  const limited = instruction.op === OP.run && !isEndless(instruction) && instruction.max > instruction.min;
  return limited || instruction.op === OP.again || instruction.sub?.kind === "atomic";
}

/** The places whose outcome depends on more than place and position: those from which a group is looked up. */
function dependents(list: readonly Instruction[]): ReadonlySet<Pc> {
  const found = new Set<Pc>();
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const [pc, instruction] of list.entries()) {
      const looksUp = instruction.op === OP.again || instruction.op === OP.whether;
      if (looksUp || targetsOf(instruction).some((target) => found.has(target))) found.add(pc);
    }
  }
  return found;
}

function isAnchored(list: readonly Instruction[], entry: Pc): boolean {
  const seen = new Set<Pc>();
  const anchored = (pc: Pc): boolean => {
    if (seen.has(pc)) return true;
    seen.add(pc);
    const instruction = list[pc]!;
    switch (instruction.op) {
      case OP.place:
        return instruction.place === "start" || anchored(instruction.next);
      case OP.split:
      case OP.whether:
        return anchored(instruction.next) && anchored(instruction.other);
      case OP.save:
      case OP.once:
        return anchored(instruction.next);
      case OP.sub:
        return instruction.sub!.kind === "look" && instruction.sub!.exits.every(anchored);
      default:
        return false;
    }
  };
  return anchored(entry);
}

/** The characters that a match can begin with; undefined where it may take nothing, or it is not known. */
function firstOf(list: readonly Instruction[], entry: Pc): CharacterSet | undefined {
  const seen = new Set<Pc>();
  const sets: CharacterSet[] = [];
  const known = (pc: Pc): boolean => {
    if (seen.has(pc)) return true;
    seen.add(pc);
    const instruction = list[pc]!;
    switch (instruction.op) {
      case OP.character:
      case OP.text:
        sets.push(instruction.set);
        return true;
      case OP.run:
        sets.push(instruction.set);
        return instruction.min > 0 || known(instruction.next);
      case OP.split:
      case OP.whether:
        return known(instruction.next) && known(instruction.other);
      case OP.place:
      case OP.save:
      case OP.once:
        return known(instruction.next);
      case OP.sub:
        return instruction.sub!.kind === "look" && instruction.sub!.exits.every(known);
      default:
        return false;
    }
  };
  return known(entry) ? anyOf(sets) : undefined;
}
