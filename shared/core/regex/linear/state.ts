/**
 * What the way to a place of the pattern decides about what comes after it. Each place is compiled once for each state that
 * it is reached in, so that running needs to know nothing but the place and the position.
 */

import type { Pc } from "./instruction.ts";

export interface State {
  /** How many loops, of those that may take nothing, stand around. */
  readonly loops: number;
  /** How many of them, from the outside, have taken something in the present turn. */
  readonly moved: number;
  /** The groups that have matched, of those that conditionals ask about: a bit for each. */
  readonly matched: number;
}

export const START: State = { loops: 0, moved: 0, matched: 0 };

export function keyOf({ loops, moved, matched }: State): string {
  return `${loops} ${moved} ${matched}`;
}

/** Something was taken: every loop around has moved. */
export function moving(state: State): State {
  return state.moved === state.loops ? state : { ...state, moved: state.loops };
}

/** A turn of a loop begins. */
export function entering(state: State): State {
  return { ...state, loops: state.loops + 1 };
}

/** A turn ends: whether it took anything, and the state around the loop. */
export function leaving(state: State): { readonly moved: boolean; readonly state: State } {
  const loops = state.loops - 1;
  return { moved: state.moved > loops, state: { ...state, loops, moved: Math.min(state.moved, loops) } };
}

/** What comes after a node, by the state that the node leaves. */
export type Next = (state: State) => Pc;

/** What comes after is written once for each state, however often it is asked for. */
export function once(next: Next): Next {
  const known = new Map<string, Pc>();
  return (state) => {
    const key = keyOf(state);
    const pc = known.get(key) ?? next(state);
    known.set(key, pc);
    return pc;
  };
}
