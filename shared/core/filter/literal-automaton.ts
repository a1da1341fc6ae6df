/**
 * Which of many literals stand in bytes, in one pass whose price for a byte is always the same, whatever stands there: the
 * automaton of Aho and Corasick.
 */
import { LiteralTable, type MarkedLiteral } from "./literal-tree.ts";

/** Tells the mark of every literal in the bytes, each at least once. */
export type FindLiterals = (bytes: Uint8Array, take: (mark: number) => void) => void;

export function createAutomaton(literals: readonly MarkedLiteral[]): FindLiterals {
  const passes = [false, true].flatMap((folded) => {
    const own = literals.filter((literal) => literal.folded === folded);
    return own.length === 0 ? [] : [createPass(new LiteralTable(own, folded))];
  });
  return (bytes, take) => {
    for (const pass of passes) pass(bytes, take);
  };
}

function createPass({ columns, cells, width, marks }: LiteralTable): FindLiterals {
  const told = completed(cells, width, marks);
  const last = width - 1;
  const toldIn = new Uint32Array(told.length);
  let text = 0;
  return (bytes, take) => {
    const { length } = bytes;
    text = (text + 1) >>> 0;
    let node = 0;
    for (let at = 0; at < length; at += 1) {
      node = cells[node + columns[bytes[at]!]!]!;
      const list = cells[node + last]!;
      // The same literals may stand in a text a thousand times.
      if (list === 0 || toldIn[list] === text) continue;
      toldIn[list] = text;
      for (const mark of told[list]!) take(mark);
    }
  };
}

/**
 * Completes the table in place: where no literal goes on, what goes on is the longest end of what was read that begins
 * one. Returns the lists of marks that the last column means now: those of a node and of all its ends.
 */
function completed(
  cells: Int32Array,
  width: number,
  marks: readonly ReadonlySet<number>[],
): readonly (readonly number[])[] {
  const told: (readonly number[])[] = [[]];
  const last = width - 1;
  /** By node, counted: the node of its longest proper end. */
  const ends = new Int32Array(cells.length / width);
  const queue = [0];
  for (let next = 0; next < queue.length; next += 1) {
    const node = queue[next]!;
    const end = ends[node / width]!;
    const own = cells[node + last]!;
    const inherited = node === 0 ? 0 : cells[end + last]!;
    if (own !== 0) cells[node + last] = told.push([...new Set([...marks[own - 1]!, ...told[inherited]!])]) - 1;
    else cells[node + last] = inherited;
    for (let column = 0; column < last; column += 1) {
      const child = cells[node + column]!;
      const other = node === 0 ? 0 : cells[end + column]!;
      if (child === 0) cells[node + column] = other;
      else {
        ends[child / width] = other;
        queue.push(child);
      }
    }
  }
  return told;
}
