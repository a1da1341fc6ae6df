import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSieve } from "../../../shared/core/filter/sieve.ts";

const one = (literal: string, caseSensitive = true) => ({ anyOf: [literal], caseSensitive });
const learned = (jails: Parameters<typeof createSieve>[0], sample = "an ordinary line of ha-proxy") => {
  const sieve = createSieve(jails);
  for (let line = 0; line < 128; line += 1) sieve.jailsFor(sample);
  return sieve;
};

describe("the sieve", () => {
  it.each([
    {
      name: "a line with every literal of a jail",
      jails: [[[one("<NOSRV>"), one("proxy")]]],
      text: "haproxy <NOSRV>",
      expected: [0],
    },
    {
      name: "a line that lacks one of them",
      jails: [[[one("<NOSRV>"), one("proxy")]]],
      text: "ha <NOSRV>",
      expected: [],
    },
    { name: "a jail without literals", jails: [[[], [one("x")]]], text: "anything", expected: [0] },
    {
      name: "one of several alternatives",
      jails: [[[{ anyOf: ["401", "403"], caseSensitive: true }]]],
      text: "a 403",
      expected: [0],
    },
    { name: "case where it does not count", jails: [[[one("Failed", false)]]], text: "FAILED", expected: [0] },
    { name: "case where it counts", jails: [[[one("Failed")]]], text: "FAILED", expected: [] },
    { name: "regex characters in a literal", jails: [[[one("a.b|c[d]")]]], text: "a.b|c[d]", expected: [0] },
    { name: "a second regex of the jail", jails: [[[one("a"), one("b")], [one("c")]]], text: "a c", expected: [0] },
    {
      name: "half of each regex",
      jails: [
        [
          [one("a"), one("b")],
          [one("c"), one("d")],
        ],
      ],
      text: "a c",
      expected: [],
    },
    { name: "an empty literal, which says nothing", jails: [[[one("")]]], text: "anything", expected: [0] },
  ])("$name: $expected", ({ jails, text, expected }) => {
    expect(createSieve(jails).jailsFor(text)).toEqual(expected);
    expect(learned(jails).jailsFor(text)).toEqual(expected);
  });

  it("lets go of exactly the lines that lack a literal, before it has learned what is rare and after", () => {
    const word = fc.constantFrom("a", "b", "ab", "<", "é", "\\", '"', "F", "f", "abb<", "f<");
    const choice = fc.record({ anyOf: fc.array(word, { minLength: 1, maxLength: 3 }), caseSensitive: fc.boolean() });
    const jails = fc.array(fc.array(fc.array(choice, { maxLength: 3 }), { maxLength: 3 }), { maxLength: 4 });
    const text = fc.array(word, { maxLength: 8 }).map((words) => words.join(""));
    fc.assert(
      fc.property(jails, text, text, (needs, sample, line) => {
        const expected = needs.flatMap((regexes, jail) =>
          regexes.some((choices) => choices.every((each) => holds(each, line))) ? [jail] : [],
        );
        expect(createSieve(needs).jailsFor(line)).toEqual(expected);
        expect(learned(needs, sample).jailsFor(line)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});

/** Case beyond ASCII is left to the regexes. */
function holds({ anyOf, caseSensitive }: { anyOf: readonly string[]; caseSensitive: boolean }, line: string): boolean {
  if (caseSensitive) return anyOf.some((literal) => line.includes(literal));
  return anyOf.includes("é") || anyOf.some((literal) => line.toLowerCase().includes(literal.toLowerCase()));
}
