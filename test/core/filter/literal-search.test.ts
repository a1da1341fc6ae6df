import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAutomaton } from "../../../shared/core/filter/literal-automaton.ts";
import { createLiteralSearch, searchable } from "../../../shared/core/filter/literal-search.ts";
import { PairChoice, PairCounts } from "../../../shared/core/filter/pair-choice.ts";

const letter = fc.constantFrom("a", "b", "A", "B", "0", " ", "/", "\\", "é", "漢");
const word = fc.string({ unit: letter, minLength: 1, maxLength: 7 });
const literals = fc
  .array(fc.record({ text: word, folded: fc.boolean(), mark: fc.nat(5) }), { maxLength: 8 })
  .map((all) => all.map(({ text, folded, mark }) => ({ text: folded ? lower(text) : text, folded, mark })));
/** Pieces of the literals, so that texts have them whole, cut off, and one inside of another. */
const given = literals.chain((all) =>
  fc.record({
    all: fc.constant(all),
    text: fc
      .array(fc.oneof(word, ...all.flatMap(({ text }) => [text, text.slice(0, -1), text.slice(1)]).map(fc.constant)), {
        maxLength: 12,
      })
      .map((parts) => parts.join("")),
    ordinary: fc.string({ unit: letter, maxLength: 40 }),
  }),
);

function lower(text: string): string {
  return text.replace(/[A-Z]/g, (each) => each.toLowerCase());
}

function marked(all: readonly { readonly text: string; readonly folded: boolean; readonly mark: number }[]) {
  return all.map(({ text, folded, mark }) => ({ bytes: Buffer.from(text), folded, mark }));
}

function countsOf(text: string): PairCounts {
  const counts = new PairCounts();
  counts.add(Buffer.from(text));
  return counts;
}

/** "mark at place" of every literal, found in the plainest way. */
function placesIn(
  text: string,
  all: readonly { readonly text: string; readonly folded: boolean; readonly mark: number }[],
) {
  const places = new Set<string>();
  for (const literal of all) {
    const bytes = Buffer.from(literal.folded ? lower(text) : text);
    for (let at = bytes.indexOf(literal.text); at >= 0; at = bytes.indexOf(literal.text, at + 1))
      places.add(`${literal.mark} at ${at}`);
  }
  return places;
}

describe("a search for many literals", () => {
  it("tells every place of each, and no other, whatever is held for ordinary", () => {
    fc.assert(
      fc.property(given, ({ all, text, ordinary }) => {
        const search = createLiteralSearch(marked(all), countsOf(ordinary));
        const told = new Set<string>();
        search(searchable(Buffer.from(text)), (mark, at) => {
          told.add(`${mark} at ${at}`);
          return false;
        });
        expect(told).toEqual(placesIn(text, all));
      }),
      { numRuns: 3_000 },
    );
  });

  it("does not care where the bytes lie, nor what stands around them", () => {
    fc.assert(
      fc.property(given, fc.nat(9), word, ({ all, text, ordinary }, before, behind) => {
        const search = createLiteralSearch(marked(all), countsOf(ordinary));
        const around = Buffer.from(`${"a".repeat(before)}${text}${behind}`);
        const length = Buffer.byteLength(text);
        const told = new Set<string>();
        search(searchable(around.subarray(before), length), (mark, at) => {
          told.add(`${mark} at ${at}`);
          return false;
        });
        expect(told).toEqual(placesIn(text, all));
      }),
      { numRuns: 1_000 },
    );
  });

  it("ends where it is told to", () => {
    const search = createLiteralSearch(marked([{ text: "ab", folded: false, mark: 1 }]), new PairCounts());
    const places: number[] = [];
    search(searchable(Buffer.from("ab xab ab ab")), (_, at) => places.push(at) === 2);
    expect(places).toEqual([0, 4]);
  });
});

describe("the automaton", () => {
  it("tells which literals stand in each of some texts", () => {
    fc.assert(
      fc.property(given, fc.array(word, { maxLength: 3 }), ({ all, text }, others) => {
        const find = createAutomaton(marked(all));
        for (const each of [text, ...others, text]) {
          const told = new Set<number>();
          find(Buffer.from(each), (mark) => void told.add(mark));
          expect(told).toEqual(new Set([...placesIn(each, all)].map((place) => Number.parseInt(place, 10))));
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("the pairs that are awaited", () => {
  const counts = countsOf("GET /index.html 200 ".repeat(40));
  const chosen = (text: string) =>
    new PairChoice(counts)
      .choose({ bytes: Buffer.from(text), folded: false })
      .map(({ at, first, second }) => [at, [first, second].map((byte) => byte && String.fromCharCode(byte)).join("")]);

  it.each([
    {
      name: "the rarest of either kind",
      text: " 200 xy",
      pairs: [
        [4, " x"],
        [5, "xy"],
      ],
    },
    {
      name: "half a pair where the whole ones are common",
      text: "GE%",
      pairs: [
        [2, "%"],
        [1, "E%"],
      ],
    },
    {
      name: "one letter, with anything before it or behind",
      text: "%",
      pairs: [
        [0, "%"],
        [-1, "%"],
      ],
    },
  ])("are $name", ({ text, pairs }) => {
    expect(chosen(text)).toEqual(pairs);
  });

  it("cost nothing where they are awaited anyway", () => {
    const choice = new PairChoice(counts);
    const literal = { bytes: Buffer.from(" 200 "), folded: false };
    expect(choice.costOf([literal])).toBeGreaterThan(0);
    choice.choose(literal);
    expect(choice.costOf([literal])).toBe(0);
    expect(choice.choose(literal)).toEqual([]);
  });
});
