/**
 * Sound inputs, spoilt: cut, flipped, doubled, spliced, nested, swapped for another type. Edits are values that fast-check
 * draws, so that what fails is shrunk to the one edit that does it.
 */
import fc from "fast-check";

/** What to do, where (0 to 1 of the whole), over how much, and with which word. */
export interface Edit {
  readonly what: (typeof KINDS)[number];
  readonly at: number;
  readonly from: number;
  readonly size: number;
  readonly word: string;
}

const KINDS = ["cut", "insert", "replace", "double", "splice", "flip", "cut off", "repeat"] as const;

/** What parsers, shells, regexes and kernels trip over. */
export const ODD_WORDS = [
  ..."\0\r\n\t\\\"'`$%<>[]{}()|;&*?#=:/,. \x7f\x85\xa0é\u2028\ufeff\ufffd",
  ...["\r\n", "\n\n", "\ud800", "\udfff", "😀", "\u202e", "e\u0301", "\\u0000", "\\ud800", "\\/", "%0a", "%%", "%s%n"],
  ...["-1", "0", "00", "0x10", "1e400", "-1e400", "NaN", "Infinity", "9".repeat(40), "2147483648", "9007199254740993"],
  ...["null", "true", "__proto__", "constructor", "toString", "../../../../etc/passwd", "/etc/passwd", "-", "--help"],
  ...[
    '{"id":"',
    '},{"id":"',
    '"logEvents":[',
    "}]}",
    '"message":"',
    "[[[[",
    "]]]]",
    '{"a":',
    "1.2.3.4",
    "::1",
    "0.0.0.0/0",
  ],
];

export const oddWord: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...ODD_WORDS) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
);

/** A place, evenly: doubles of fast-check are nearly all next to 0. */
export const share: fc.Arbitrary<number> = fc.nat(1 << 20).map((part) => part / ((1 << 20) + 1));

/** Edits whose words also come from `words`, what the format itself is made of. */
export function editsWith(words: readonly string[], maxLength = 5, longest = 200): fc.Arbitrary<Edit[]> {
  const edit = fc.record({
    what: fc.constantFrom(...KINDS),
    at: share,
    from: share,
    size: fc.oneof(fc.nat(8), fc.nat(longest)),
    word: words.length === 0 ? oddWord : fc.oneof(oddWord, fc.constantFrom(...words)),
  });
  return fc.array(edit, { minLength: 1, maxLength });
}

/** The text after the edits, one after another. */
export function spoil(text: string, edits: readonly Edit[]): string {
  return edits.reduce(spoilOnce, text);
}

function spoilOnce(text: string, { what, at, from, size, word }: Edit): string {
  const here = Math.floor(at * text.length);
  const there = Math.floor(from * text.length);
  const [before, after] = [text.slice(0, here), text.slice(here)];
  switch (what) {
    case "cut":
      return before + after.slice(size);
    case "insert":
      return before + word + after;
    case "replace":
      return before + word + after.slice(size);
    case "double":
      return before + after.slice(0, size) + after;
    case "splice":
      return before + text.slice(there, there + size) + after;
    case "flip":
      return (
        before +
        after.slice(0, 1).replace(/[\s\S]/, (char) => String.fromCharCode(char.charCodeAt(0) ^ (1 << (size % 8)))) +
        after.slice(1)
      );
    case "cut off":
      return before;
    case "repeat":
      return before + word.repeat(size) + after;
  }
}

/** The same for bytes. */
export function spoilBytes(bytes: Uint8Array, edits: readonly Edit[]): Buffer {
  return Buffer.from(spoil(Buffer.from(bytes).toString("latin1"), edits), "latin1");
}

/** How a tree of JSON is spoilt: a part of it, by its place in the tree, becomes something else. */
export interface Graft {
  readonly what: (typeof GRAFTS)[number];
  readonly at: number;
  readonly from: number;
  readonly value: Json;
  readonly name: string;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const GRAFTS = ["swap", "remove", "double", "splice", "wrap", "add", "rename"] as const;

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, -1, 0.5, 1e15, 1e16, 1e21, 1e308, -1e308, 2 ** 53, -0, "", " "),
  fc.integer(),
  oddWord,
);
const oddValue: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Json>([], {}, [[]], [null], { S: "1.2.3.4" }, { N: "1" }, { L: [] }, { id: "x" }),
  },
);

export function graftsWith(names: readonly string[], maxLength = 4): fc.Arbitrary<Graft[]> {
  const name = fc.oneof(fc.constantFrom(...names), oddWord);
  const graft = fc.record({ what: fc.constantFrom(...GRAFTS), at: share, from: share, value: oddValue, name });
  return fc.array(graft, { minLength: 1, maxLength });
}

type Path = readonly (string | number)[];

/** The tree after the grafts; the one that was given stays as it is. */
export function spoilJson(tree: Json, grafts: readonly Graft[]): Json {
  return grafts.reduce((now, graft) => {
    const places = pathsOf(now);
    const pick = (share: number) => places[Math.min(places.length - 1, Math.floor(share * places.length))]!;
    return changed(now, pick(graft.at), graft, valueAt(now, pick(graft.from)));
  }, tree);
}

function pathsOf(tree: Json, path: Path = []): Path[] {
  const inner = isList(tree)
    ? tree.flatMap((each, index) => pathsOf(each, [...path, index]))
    : isObject(tree)
      ? Object.entries(tree).flatMap(([name, each]) => pathsOf(each, [...path, name]))
      : [];
  return [path, ...inner];
}

function valueAt(tree: Json, path: Path): Json {
  return path.reduce<Json>((now, step) => (now as Record<string | number, Json>)[step]!, tree);
}

function changed(tree: Json, path: Path, graft: Graft, other: Json): Json {
  const [step, ...rest] = path;
  const { what, value, name } = graft;
  if (step === undefined) {
    if (what === "swap" || what === "remove") return value;
    if (what === "splice") return other;
    if (what === "wrap") return [tree];
    if (what !== "add") return tree;
    return isList(tree) ? [...tree, value] : isObject(tree) ? { ...tree, [name]: other } : value;
  }
  if (isList(tree)) {
    const index = Number(step);
    if (rest.length > 0 || !["remove", "double"].includes(what))
      return tree.with(index, changed(tree[index]!, rest, graft, other));
    return what === "remove" ? tree.toSpliced(index, 1) : tree.toSpliced(index, 0, tree[index]!);
  }
  const entries = Object.entries(tree as Record<string, Json>);
  return Object.fromEntries(
    entries.flatMap(([key, each]): [string, Json][] => {
      if (key !== step) return [[key, each]];
      if (rest.length > 0) return [[key, changed(each, rest, graft, other)]];
      if (what === "remove") return [];
      if (what === "rename") return [[name, each]];
      return [[key, changed(each, [], graft, other)]];
    }),
  );
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function isObject(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
