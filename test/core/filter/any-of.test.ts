import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyOf } from "../../../shared/core/filter/any-of.ts";

const places = (literal: string) => [...literal];

describe("any of some literals", () => {
  it.each([
    { name: "one", literals: ["/.env"], expected: "\\/\\.env" },
    { name: "a common beginning", literals: ["/wp-login", "/wp-admin"], expected: "\\/wp-(?:login|admin)" },
    {
      name: "the same behind different characters",
      literals: [" 400 ", " 404 ", " 429 "],
      expected: " 4(?:0[04] |29 )",
    },
    { name: "what a shorter one holds already", literals: ["ab", "abc", "abd"], expected: "ab" },
    { name: "characters that mean something in a class", literals: ["-", "]", "^", "\\"], expected: "[\\-\\]\\^\\\\]" },
  ])("$name", ({ literals, expected }) => {
    expect(anyOf(literals.map(places))).toBe(expected);
  });

  it("writes both cases where case does not count", () => {
    const expression = new RegExp(anyOf([["aA", "1"], ["b"]]));
    expect(["xa1", "A1", "b", "B", "a2"].map((text) => expression.test(text))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it("hits where the literals side by side hit, and first there", () => {
    const letters = fc.constantFrom("a", "b", "0", "-", "]", "\\", "^", "/", ".", "é", "😀");
    const text = (maxLength: number, minLength = 0) =>
      fc.array(letters, { minLength, maxLength }).map((each) => each.join(""));
    fc.assert(
      fc.property(fc.array(text(4, 1), { minLength: 1, maxLength: 12 }), text(20), (literals, line) => {
        const firsts = literals.map((literal) => line.indexOf(literal)).filter((at) => at >= 0);
        const first = firsts.length === 0 ? -1 : Math.min(...firsts);
        expect(line.search(new RegExp(anyOf(literals.map(places)), "u"))).toBe(first);
      }),
      { numRuns: 2_000 },
    );
  });
});
