/**
 * What one run writes down: places tried and won, as bits, and the stack of what is left to try. All runs share it, one after
 * the other; what a long text made large is given back.
 */

/** Bits that a run may use for the places it tried: 32 MiB. 64 KiB of text have room for 4000 places. */
export const MAX_BITS = 2 ** 28;
/** Numbers on the stack: 64 MiB. */
export const MAX_STACK = 2 ** 24;
/** What is kept between runs. */
const KEPT = 2 ** 16;

export class Bits {
  #words = new Uint32Array(256);

  /** Room for `count` bits, all 0. */
  clear(count: number): void {
    const needed = (count >>> 5) + 1;
    if (needed > this.#words.length || (this.#words.length > KEPT && needed <= KEPT)) {
      this.#words = new Uint32Array(Math.max(needed, 256));
    } else {
      this.#words.fill(0, 0, needed);
    }
  }

  has(index: number): boolean {
    return (this.#words[index >>> 5]! & (1 << (index & 31))) !== 0;
  }

  set(index: number): void {
    this.#words[index >>> 5]! |= 1 << (index & 31);
  }

  /** Sets a bit, and says whether it was set before. */
  mark(index: number): boolean {
    const word = index >>> 5;
    const bit = 1 << (index & 31);
    const before = this.#words[word]!;
    this.#words[word] = before | bit;
    return (before & bit) !== 0;
  }
}

/** The stack's numbers; grown by the machine. */
export function grown(stack: Int32Array): Int32Array {
  const larger = new Int32Array(stack.length * 2);
  larger.set(stack);
  return larger;
}

/** The stack for the next run. */
export function trimmed(stack: Int32Array): Int32Array {
  return stack.length > KEPT ? new Int32Array(1024) : stack;
}
