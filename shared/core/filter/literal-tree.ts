/** Literals as a tree of their bytes, written as a table. */
import type { Literal } from "./pair-choice.ts";

export interface MarkedLiteral extends Literal {
  /** What a search calls it. */
  readonly mark: number;
}

export class LiteralTable {
  /** A column of the table for each byte that occurs in a literal; 0 = for all others. */
  readonly columns: Uint8Array;
  /**
   * A row for each node, which is known by where its row begins. In a byte's column stands the next node; 0 = none, as
   * nothing leads back to the root. In the last column stands one more than the index of the marks of the literals that end
   * there; 0 = none do.
   */
  readonly cells: Int32Array;
  readonly width: number;
  readonly marks: readonly ReadonlySet<number>[];

  /** Literals of one kind: with the case of their letters open, or not. */
  constructor(literals: readonly MarkedLiteral[], folded: boolean) {
    this.columns = columnsOf(literals, folded);
    this.width = Math.max(...this.columns) + 2;
    const marks: Set<number>[] = [];
    const most = literals.reduce((sum, { bytes }) => sum + bytes.length, 1);
    const cells = new Int32Array(most * this.width);
    let end = this.width;
    for (const { bytes, mark } of literals) {
      let node = 0;
      for (const byte of bytes) {
        const cell = node + this.columns[byte]!;
        if (cells[cell] === 0) {
          cells[cell] = end;
          end += this.width;
        }
        node = cells[cell]!;
      }
      const last = node + this.width - 1;
      if (cells[last] === 0) cells[last] = marks.push(new Set());
      marks[cells[last]! - 1]!.add(mark);
    }
    this.cells = cells.slice(0, end);
    this.marks = marks;
  }
}

function columnsOf(literals: readonly MarkedLiteral[], folded: boolean): Uint8Array {
  const columns = new Uint8Array(256);
  let count = 0;
  for (const { bytes } of literals)
    for (const byte of bytes) {
      // UTF-8 has fewer than 254 different bytes, so the columns suffice.
      if (columns[byte] === 0) columns[byte] = ++count;
      if (folded && byte >= 0x61 && byte <= 0x7a) columns[byte - 0x20] = columns[byte]!;
    }
  return columns;
}
