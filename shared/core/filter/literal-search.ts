/**
 * Where any of many literals stands in bytes, at a price that hardly depends on how many they are or on what the text is.
 *
 * Bytes are looked at in pairs, at every second place only, and of each literal two pairs are awaited (pair-choice.ts). Where
 * one stands, a tree of all literals says whether one of them really does. So ordinary text costs a look-up for two bytes,
 * and none costs more than a walk through a literal for each pair.
 */
import { LiteralTable, type MarkedLiteral } from "./literal-tree.ts";
import { PairChoice, type PairCounts, pairOf, pairsOf } from "./pair-choice.ts";

/** Takes the mark of a literal and where it begins; true = enough. */
export type TakeLiteral = (mark: number, at: number) => boolean;

/** Tells every literal that stands in the text; the same one may be told twice, and one that begins later before it. */
export type LiteralSearch = (text: SearchableBytes, take: TakeLiteral) => void;

/** Bytes, and the same memory in pairs and in fours; what does not fill one at the end is missing there. */
export interface SearchableBytes {
  readonly bytes: Uint8Array;
  readonly pairs: Uint16Array;
  readonly quads: Int32Array;
  /** Bytes that count; behind them anything may stand. */
  readonly length: number;
}

/** The given bytes themselves, or a copy where they lie at an address that cannot be read so. */
export function searchable(given: Uint8Array, length = given.length): SearchableBytes {
  const bytes = given.byteOffset % 4 === 0 ? given : new Uint8Array(given);
  const { buffer, byteOffset } = bytes;
  const pairs = new Uint16Array(buffer, byteOffset, bytes.length >> 1);
  return { bytes, pairs, quads: new Int32Array(buffer, byteOffset, bytes.length >> 2), length };
}

/** The counts decide how fast the search is, never what it finds. */
export function createLiteralSearch(literals: readonly MarkedLiteral[], counts: PairCounts): LiteralSearch {
  const trees = [false, true].map((folded) =>
    createTree(
      literals.filter((each) => each.folded === folded),
      folded,
    ),
  );
  const { awaited, starts, firsts } = createTable(literals, counts);
  const tell = (list: number, at: number, { bytes, length }: SearchableBytes, take: TakeLiteral): boolean => {
    const end = firsts[list + 1]!;
    for (let index = firsts[list]!; index < end; index += 1) {
      const start = starts[index]!;
      const from = at + 1 - (start >> 1);
      if (from >= 0 && trees[start & 1]!(bytes, from, length, take)) return true;
    }
    return false;
  };
  return (text, take) => {
    const { bytes, pairs, quads, length } = text;
    const whole = (length >> 3) << 1;
    for (let quad = skip(quads, 0, whole, awaited); quad < whole; quad = skip(quads, quad + 2, whole, awaited))
      for (let pair = quad << 1; pair < (quad << 1) + 4; pair += 1) {
        const list = awaited[pairs[pair]!]!;
        if (list !== 0 && tell(list, pair << 1, text, take)) return;
      }
    for (let at = whole << 2; at < length; at += 2) {
      const list = awaited[pairOf(bytes[at]!, at + 1 < length ? bytes[at + 1]! : 0)]!;
      if (list !== 0 && tell(list, at, text, take)) return;
    }
  };
}

/** Tells each literal that begins at `from` and ends before `end`; true as soon as `take` has enough. */
type Tree = (bytes: Uint8Array, from: number, end: number, take: TakeLiteral) => boolean;

function createTree(literals: readonly MarkedLiteral[], folded: boolean): Tree {
  const { columns, cells, width, marks } = new LiteralTable(literals, folded);
  const last = width - 1;
  return (bytes, from, end, take) => {
    let node = 0;
    for (let at = from; at < end; at += 1) {
      node = cells[node + columns[bytes[at]!]!]!;
      if (node === 0) return false;
      const list = cells[node + last]!;
      if (list === 0) continue;
      for (const mark of marks[list - 1]!) if (take(mark, from)) return true;
    }
    return false;
  };
}

/** The next eight bytes, counted in fours, with an awaited pair among them. A loop that calls nothing runs twice as fast. */
function skip(quads: Int32Array, from: number, end: number, awaited: Uint16Array): number {
  let quad = from;
  for (; quad < end; quad += 2) {
    const left = quads[quad]!;
    const right = quads[quad + 1]!;
    if ((awaited[left & 0xffff]! | awaited[left >>> 16]! | awaited[right & 0xffff]! | awaited[right >>> 16]!) !== 0)
      break;
  }
  return quad;
}

interface Table {
  /** For each pair the number of its list of starts; 0 = it is not awaited. Many pairs share a list. */
  readonly awaited: Uint16Array;
  /** The lists, one behind another: how far before the pair a literal begins, and one more, doubled; odd = folded. */
  readonly starts: Int32Array;
  /** Where each list begins, the next one's beginning being its end. */
  readonly firsts: Int32Array;
}

function createTable(literals: readonly MarkedLiteral[], counts: PairCounts): Table {
  const choice = new PairChoice(counts);
  const awaited = new Uint16Array(1 << 16);
  const lists: (readonly number[])[] = [[]];
  const longer = new Map<string, number>();
  /** The list that has this start as well. */
  const extended = (list: number, start: number): number => {
    if (lists[list]!.includes(start)) return list;
    const key = `${list} ${start}`;
    const known = longer.get(key) ?? lists.push([...lists[list]!, start]) - 1;
    longer.set(key, known);
    return known;
  };
  for (const literal of literals)
    for (const pair of choice.choose(literal)) {
      const start = ((pair.at + 1) << 1) | (literal.folded ? 1 : 0);
      for (const number of pairsOf(pair)) awaited[number] = extended(awaited[number]!, start);
    }
  const firsts = [0];
  for (const list of lists) firsts.push(firsts.at(-1)! + list.length);
  return { awaited, starts: Int32Array.from(lists.flat()), firsts: Int32Array.from(firsts) };
}
