/**
 * For which pairs of bytes a search waits: of each literal, those that ordinary text has least of.
 *
 * Text is looked at at every second place, so a literal that begins at an even place shows other pairs than one that begins
 * at an odd one: one pair is chosen for either case. At its edges a literal shows half a pair, beside which anything stands.
 */

export interface Literal {
  /** At least one; where `folded`, ASCII in lower case. */
  readonly bytes: Uint8Array;
  /** Whether the case of ASCII letters is open. */
  readonly folded: boolean;
}

/** A pair of a literal; a byte that is undefined lies outside of it and is any. */
export interface AwaitedPair {
  /** Where in the literal it begins; -1 = one byte before. */
  readonly at: number;
  readonly first: number | undefined;
  readonly second: number | undefined;
  readonly folded: boolean;
}

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Two bytes as a Uint16Array of this machine has them. */
export function pairOf(first: number, second: number): number {
  return IS_LITTLE_ENDIAN ? first | (second << 8) : (first << 8) | second;
}

/** The pairs that are meant, as `pairOf` has them. */
export function pairsOf({ first, second, folded }: AwaitedPair): readonly number[] {
  const seconds = casesOf(second, folded);
  return casesOf(first, folded).flatMap((byte) => seconds.map((next) => pairOf(byte, next)));
}

const ANY: readonly number[] = Array.from({ length: 256 }, (_, byte) => byte);

function casesOf(byte: number | undefined, folded: boolean): readonly number[] {
  if (byte === undefined) return ANY;
  return folded && byte >= 0x61 && byte <= 0x7a ? [byte, byte - 0x20] : [byte];
}

/** What a pair that was seen counts for, against the mere possibility of one. */
const SEEN = 16;

/** How often each pair of bytes stands in ordinary text, at whatever place; of one never seen, that it might. */
export class PairCounts {
  readonly #pairs = new Uint32Array(1 << 16).fill(1);
  readonly #firsts = new Uint32Array(256).fill(256);
  readonly #seconds = new Uint32Array(256).fill(256);

  add(bytes: Uint8Array, times = 1): void {
    for (let at = 1; at < bytes.length; at += 1) this.put(bytes[at - 1]!, bytes[at]!, times);
  }

  put(first: number, second: number, times: number): void {
    this.#pairs[pairOf(first, second)]! += SEEN * times;
    this.#firsts[first]! += SEEN * times;
    this.#seconds[second]! += SEEN * times;
  }

  of({ first, second, folded }: AwaitedPair): number {
    let count = 0;
    if (first === undefined) for (const byte of casesOf(second, folded)) count += this.#seconds[byte]!;
    else if (second === undefined) for (const byte of casesOf(first, folded)) count += this.#firsts[byte]!;
    else if (!folded) count = this.#pairs[pairOf(first, second)]!;
    else for (const pair of pairsOf({ at: 0, first, second, folded })) count += this.#pairs[pair]!;
    return count;
  }
}

/** The pairs chosen so far, literal by literal: what is awaited anyway costs the next one nothing. */
export class PairChoice {
  readonly #counts: PairCounts;
  readonly #chosen = new Set<number>();

  constructor(counts: PairCounts) {
    this.#counts = counts;
  }

  /** How often ordinary text would have the search look at the literals, over what is chosen already. */
  costOf(literals: readonly Literal[]): number {
    return literals.reduce((sum, literal) => sum + this.#rarest(literal, 0).cost + this.#rarest(literal, -1).cost, 0);
  }

  /** Of the pair for a literal that begins at an even place and the one for an odd place, those not chosen before. */
  choose(literal: Literal): readonly AwaitedPair[] {
    const pairs = [this.#rarest(literal, 0).pair, this.#rarest(literal, -1).pair];
    return pairs.filter((pair) => {
      const isNew = !this.#chosen.has(keyOf(pair));
      this.#chosen.add(keyOf(pair));
      return isNew;
    });
  }

  #rarest({ bytes, folded }: Literal, from: 0 | -1): { readonly pair: AwaitedPair; readonly cost: number } {
    let best: AwaitedPair = { at: from, first: bytes[from], second: bytes[from + 1], folded };
    let cost = Number.POSITIVE_INFINITY;
    for (let at: number = from; at < bytes.length && cost > 0; at += 2) {
      const pair = { at, first: bytes[at], second: bytes[at + 1], folded };
      const own = this.#chosen.has(keyOf(pair)) ? 0 : this.#counts.of(pair);
      if (own >= cost) continue;
      best = pair;
      cost = own;
    }
    return { pair: best, cost };
  }
}

/** Another place of the same pair is another place to look from. */
function keyOf({ at, first = 256, second = 256, folded }: AwaitedPair): number {
  return ((at + 1) * 257 * 257 + first * 257 + second) * 2 + (folded ? 1 : 0);
}
