/**
 * From the tree to instructions, written from the end to the beginning: each node is given what comes after it.
 *
 * What Python decides by looking at state while it matches is decided here, by writing a place once for each state it can be
 * reached in (state.ts): whether a turn of a loop has taken anything (if not, the loop ends), and whether the group of a
 * conditional has matched. Counted repetitions are written out. What that makes too large is refused.
 */
import type { Character, Regex, RegexNode, Repeat } from "../tree.ts";
import { widthOf } from "../width.ts";
import { isSingle, setOf } from "./character-set.ts";
import { askedWithin, groupsIn, lookbehindWidth, referredTo, testedBy } from "./groups.ts";
import { BLANK, type Instruction, type Instructions, OP, type Pc, type SubProgram } from "./instruction.ts";
import { finish } from "./places.ts";
import { asAtomic, isCharacter } from "./possessive.ts";
import { entering, keyOf, leaving, moving, type Next, once, START, type State } from "./state.ts";

/** Instructions that a regex may need, runs and texts counted by their characters. */
export const MAX_SIZE = 20_000;

/** Thrown inside, caught by `assemble`: the tree needs more than MAX_SIZE. */
class TooLarge extends Error {}

/** The instructions of a regex, keeping the places of `kept` groups; undefined where they are too many. */
export function assemble(regex: Regex, kept: ReadonlySet<number>): Instructions | undefined {
  try {
    return new Assembler(regex, kept).assemble();
  } catch (error) {
    if (error instanceof TooLarge) return undefined;
    throw error;
  }
}

class Assembler {
  readonly #regex: Regex;
  readonly #kept: ReadonlySet<number>;
  readonly #list: Instruction[] = [];
  /** The bit of each group that a conditional asks about. */
  readonly #bits = new Map<number, number>();
  /** Groups that a conditional inside of them asks about: what it sees changes from character to character. */
  readonly #asked: ReadonlySet<number>;
  #size = 0;
  #visits = 0;
  #depth = 0;

  constructor(regex: Regex, kept: ReadonlySet<number>) {
    this.#regex = regex;
    const within = askedWithin(regex.root);
    const tested = [...new Set(testedBy(regex.root))].filter((group) => !within.has(group));
    this.#asked = new Set([...within, ...tested.slice(MAX_TESTED)]);
    this.#kept = new Set([...kept, ...referredTo(regex.root), ...this.#asked]);
    for (const [bit, group] of tested.slice(0, MAX_TESTED).entries()) this.#bits.set(group, 1 << bit);
  }

  assemble(): Instructions {
    const match = this.#add({ op: OP.match });
    const entry = this.#emit(this.#regex.root, START, () => match);
    return finish(this.#list, entry, this.#size);
  }

  #add(instruction: Partial<Instruction>, weight = 1): Pc {
    this.#size += weight;
    if (this.#size > MAX_SIZE) throw new TooLarge();
    return this.#list.push({ ...BLANK, ...instruction }) - 1;
  }

  #emit(node: RegexNode, state: State, next: Next): Pc {
    // Even what comes to no instruction takes time to write: (?:){1000000000}.
    this.#visits += 1;
    if (this.#visits > 10 * MAX_SIZE || this.#depth > MAX_DEPTH) throw new TooLarge();
    this.#depth += 1;
    const pc = this.#emitAny(node, state, next);
    this.#depth -= 1;
    return pc;
  }

  #emitAny(node: RegexNode, state: State, next: Next): Pc {
    switch (node.kind) {
      case "literal":
      case "any":
      case "class":
        return this.#character(node, next(moving(state)));
      case "anchor":
        return this.#add({ op: OP.place, place: node.place, ascii: node.ascii, next: next(state) });
      case "sequence":
        return this.#inOrder(node.items, state, next);
      case "alternation": {
        const after = once(next);
        return this.#choices(node.branches.map((branch) => this.#emit(branch, state, after)));
      }
      case "group":
        return this.#group(node.index, node.body, state, next);
      case "repeat":
        return this.#repeat(node, state, next);
      case "atomic":
        return this.#sub(node.body, state, { kind: "atomic", negated: false, behind: 0 }, next);
      case "look": {
        const behind = node.direction === "behind" ? lookbehindWidth(this.#regex.root, node.body) : 0;
        return this.#sub(node.body, state, { kind: "look", negated: node.negated, behind }, next);
      }
      case "backreference": {
        // It takes something or nothing; which of both is known only when it runs.
        const { group, ignoreCase, ascii } = node;
        const moved = next(moving(state));
        const other = state.moved === state.loops ? moved : next(state);
        return this.#add({ op: OP.again, group, ignoreCase, ascii, next: moved, other });
      }
      case "conditional": {
        const after = once(next);
        if (!this.#asked.has(node.group)) {
          const matched = (state.matched & (this.#bits.get(node.group) ?? 0)) !== 0;
          return this.#emit(matched ? node.matched : node.unmatched, state, after);
        }
        const yes = this.#emit(node.matched, state, after);
        const no = this.#emit(node.unmatched, state, after);
        return this.#add({ op: OP.whether, group: node.group, next: yes, other: no });
      }
    }
  }

  #character(node: Character, next: Pc): Pc {
    const after = this.#list[next]!;
    if (!isSingle(node) || node.kind !== "literal") return this.#add({ op: OP.character, set: setOf(node), next });
    // Neighbouring literals become one text; the one that stood alone may still be used from elsewhere.
    if (after.op !== OP.text || after.codes.length >= MAX_TEXT) {
      return this.#add({ op: OP.text, set: setOf(node), codes: [node.code], next });
    }
    return this.#add({ op: OP.text, set: setOf(node), codes: [node.code, ...after.codes], next: after.next });
  }

  /** One node after the other. Where nothing can change the state, from the last to the first, without nesting. */
  #inOrder(items: readonly RegexNode[], state: State, next: Next): Pc {
    if (this.#isSteady(state)) {
      return items.reduceRight((after, item) => this.#emit(item, state, () => after), next(state));
    }
    // Each item is written once for each state, whatever the items before it came through.
    const from = items.reduceRight(
      (after: Next, item) => once((before) => this.#emit(item, before, after)),
      once(next),
    );
    return from(state);
  }

  #isSteady(state: State): boolean {
    return state.moved === state.loops && this.#bits.size === 0;
  }

  #choices(entries: readonly Pc[]): Pc {
    return entries.reduceRight((other, next) => this.#add({ op: OP.split, next, other }));
  }

  #group(index: number, body: RegexNode, state: State, next: Next): Pc {
    const kept = this.#kept.has(index);
    const bit = this.#bits.get(index) ?? 0;
    const closed = once((after) => {
      const pc = next({ ...after, matched: after.matched | bit });
      return kept ? this.#add({ op: OP.save, slot: 2 * index + 1, next: pc }) : pc;
    });
    const inside = this.#emit(body, state, closed);
    return kept ? this.#add({ op: OP.save, slot: 2 * index, next: inside }) : inside;
  }

  #sub(
    body: RegexNode,
    state: State,
    kind: { readonly kind: "look" | "atomic"; readonly negated: boolean; readonly behind: number },
    next: Next,
  ): Pc {
    const exits: Pc[] = [];
    // Look-around comes back to where it began, so the loops around it are none of its business.
    const inner = kind.kind === "look" ? { ...state, loops: 0, moved: 0 } : state;
    const entry = this.#emit(
      body,
      inner,
      once((after) => {
        const outside = kind.kind === "look" ? { ...state, matched: after.matched } : after;
        exits.push(kind.negated ? -1 : next(outside));
        return this.#add({ op: OP.done, exit: exits.length - 1 });
      }),
    );
    // A body that can never end well leaves no exit, and then there is only "no match".
    if (kind.negated) exits.splice(0, exits.length, next(state));
    const keeps = groupsIn(body).some((group) => this.#kept.has(group));
    const plain = kind.kind === "look" && (kind.negated || (exits.length <= 1 && !keeps));
    const sub: SubProgram = { entry, ...kind, exits, plain };
    return this.#add({ op: OP.sub, sub });
  }

  #repeat(node: Repeat, state: State, next: Next): Pc {
    if (node.mode === "possessive") return this.#emit(asAtomic(node), state, next);
    const { body } = node;
    if (isCharacter(body)) return this.#run(body, node, state, next);
    const required = Array.from({ length: Math.min(node.min, MAX_SIZE + 1) }, () => body);
    const after = once(next);
    return this.#inOrder(
      required,
      state,
      once((then) => this.#optional(node, then, after)),
    );
  }

  /** One character, repeated: a single instruction for the whole of it, two where some are required. */
  #run(body: Character, { min, max, mode }: Repeat, state: State, next: Next): Pc {
    const greedy = mode === "greedy";
    const set = setOf(body);
    if (max === 0) return next(state);
    const moved = next(moving(state));
    if (min === 0 && state.moved !== state.loops) {
      // Taking nothing leaves another state than taking something.
      const stayed = next(state);
      const some = Number.isFinite(max)
        ? this.#add({ op: OP.run, set, min: 1, max, greedy, next: moved }, max)
        : this.#endless(set, greedy, moved);
      return greedy
        ? this.#add({ op: OP.split, next: some, other: stayed })
        : this.#add({ op: OP.split, next: stayed, other: some });
    }
    if (Number.isFinite(max)) return this.#add({ op: OP.run, set, min, max, greedy, next: moved }, max);
    const star = this.#add({ op: OP.run, set, min: 0, max, greedy, next: moved });
    if (min === 0) return star;
    return this.#add({ op: OP.run, set, min, max: min, greedy, next: star }, min);
  }

  #endless(set: Instruction["set"], greedy: boolean, next: Pc): Pc {
    const star = this.#add({ op: OP.run, set, min: 0, max: Number.POSITIVE_INFINITY, greedy, next });
    return this.#add({ op: OP.character, set, next: star });
  }

  /** The turns of a loop that need not be. Each that begins where nothing was taken since the last ends the loop. */
  #optional(node: Repeat, state: State, next: Next): Pc {
    if (node.max === node.min) return next(state);
    const mayBeEmpty = widthOf(node.body).min === 0;
    const enter = mayBeEmpty ? entering : (same: State) => same;
    const leave = mayBeEmpty ? leaving : (same: State) => ({ moved: true, state: same });
    if (Number.isFinite(node.max)) {
      const turns = node.max - node.min;
      if (turns > MAX_SIZE) throw new TooLarge();
      if (!mayBeEmpty && this.#isSteady(state)) return this.#upTo(node, turns, state, next(state));
      const level = (after: Next): Next => once((from) => this.#turn(node, from, enter, leave, after, next));
      return Array.from({ length: turns }).reduce((after: Next) => level(after), next)(state);
    }
    const heads = new Map<string, Pc>();
    const head = (from: State): Pc =>
      heads.get(keyOf(from)) ?? this.#turn(node, from, enter, leave, head, next, (pc) => heads.set(keyOf(from), pc));
    return head(state);
  }

  /** One turn that need not be: on to `again` if it took something, else out of the loop. */
  #turn(
    node: Repeat,
    state: State,
    enter: typeof entering,
    leave: typeof leaving,
    again: Next,
    out: Next,
    known?: (pc: Pc) => void,
  ): Pc {
    const pc = this.#add({ op: OP.split });
    known?.(pc);
    const after = once((then) => {
      const { moved, state: outside } = leave(then);
      return moved ? again(outside) : out(outside);
    });
    this.#link(pc, node.mode, this.#emit(node.body, enter(state), after), out(state));
    return pc;
  }

  /** The same where the state stays, from the last turn to the first. */
  #upTo(node: Repeat, left: number, state: State, out: Pc): Pc {
    let head = out;
    for (let turn = 0; turn < left; turn += 1) {
      const after = head;
      const pc = this.#emit(node.body, state, () => after);
      head = this.#add({ op: OP.split });
      this.#link(head, node.mode, pc, out);
    }
    return head;
  }

  #link(pc: Pc, mode: Repeat["mode"], turn: Pc, out: Pc): void {
    const split = this.#list[pc]!;
    split.next = mode === "lazy" ? out : turn;
    split.other = mode === "lazy" ? turn : out;
  }
}

/** Nodes within nodes; what nests deeper than any person writes is refused. */
const MAX_DEPTH = 500;
/** Characters in one text; each text shares none of them with the next. */
const MAX_TEXT = 32;
/** So many groups that conditionals ask about are decided when compiling; others while running. */
const MAX_TESTED = 8;
