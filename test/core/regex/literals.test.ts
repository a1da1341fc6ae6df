/** Required literals: what is found, and that a match without them does not exist. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileRegex } from "../../../shared/core/regex/compile.ts";
import { requiredLiterals, survivesCut } from "../../../shared/core/regex/literals.ts";
import { parseRegex } from "../../../shared/core/regex/parse.ts";
import { holds } from "./holds.ts";
import { chooser, disturb, patternArbitrary, sampleText } from "./pattern-arbitrary.ts";

describe("the literals that a match must contain", () => {
  it.each<[pattern: string, choices: readonly (readonly string[])[]]>([
    ["abc", [["abc"]]],
    ["^abc.*def$", [["abc"], ["def"]]],
    ["ab(?:cd)(e)f", [["abcdef"]]],
    ["(?:GET|POST) /x", [["GET /x", "POST /x"]]],
    ["colou?r", [["colour", "color"]]],
    ["a(?:bc)?d", [["abcd", "ad"]]],
    [
      "(?:foo|bar.*quux)",
      [
        ["foo", "quux"],
        ["foo", "bar"],
      ],
    ],
    ["(?:foo|.*)", []],
    ["x*", []],
    ["(?:abc)*d", [["d"]]],
    ["ab+c", [["ab"], ["bc"]]],
    ["(?:ab){2}", [["abab"]]],
    ["(?:ab){2,}c", [["ababc"]]],
    ["[Cc]lient", [["Client", "client"]]],
    ["x[0-9]yz", [["x0yz", "x1yz", "x2yz", "x3yz", "x4yz", "x5yz", "x6yz", "x7yz", "x8yz", "x9yz"]]],
    ["ab[a-z]cd", [["ab"], ["cd"]]],
    ["ab\\ncd", [["ab"], ["cd"]]],
    ["ab\\Z", [["ab"]]],
    ["(?=.*foo)b", [["foo"], ["b"]]],
    ["(?!foo)b", [["b"]]],
    ["(ab)c\\1d", [["abc"], ["d"]]],
    [
      "(a)?(?(1)bcd|bce)",
      [
        ["bcd", "bce"],
        ["abcd", "abce"],
      ].slice(0, 1),
    ],
    ["", []],
    ["a|", []],
  ])("of %j", (pattern, choices) => {
    expect(requiredLiterals(parseRegex(pattern)).map(({ anyOf }) => anyOf)).toEqual(choices);
  });

  it.each([
    { pattern: "(?i)Error: x", choices: [{ anyOf: ["error: x"], caseSensitive: false }] },
    { pattern: "(?i)123", choices: [{ anyOf: ["123"], caseSensitive: true }] },
    { pattern: "(?i:abc)DEF", choices: [{ anyOf: ["abcdef"], caseSensitive: false }] },
    // The Kelvin sign is a k to Python, the long s an s, and i has four forms.
    {
      pattern: "(?i)abkcd",
      choices: [
        { anyOf: ["ab"], caseSensitive: false },
        { anyOf: ["cd"], caseSensitive: false },
      ],
    },
    { pattern: "(?ia)abkcd", choices: [{ anyOf: ["abkcd"], caseSensitive: false }] },
    { pattern: "(?i)ßx", choices: [{ anyOf: ["x"], caseSensitive: false }] },
  ])("of $pattern, whose case is open", ({ pattern, choices }) => {
    expect(requiredLiterals(parseRegex(pattern))).toEqual(choices);
  });

  it("of the filter that began it all", () => {
    const pattern = "^.*haproxy\\[\\d+\\]: (?P<ip4>\\S+):\\d+ \\[\\.*\\] http_fe http_fe/<NOSRV> .*";
    expect(requiredLiterals(parseRegex(pattern))[0]).toEqual({
      anyOf: ["] http_fe http_fe/<NOSRV> "],
      caseSensitive: true,
    });
  });

  it("stays small for a hundred alternatives and deep nesting", () => {
    const words = Array.from({ length: 100 }, (_, index) => `agent${index}x`);
    expect(requiredLiterals(parseRegex(`"[^"]*(?:${words.join("|")})"$`))[0]!.anyOf).toHaveLength(100);
    const nested = `${"(?:a|b)".repeat(40)}c`;
    for (const { anyOf } of requiredLiterals(parseRegex(nested))) expect(anyOf.length).toBeLessThan(20);
  });

  const grammar = {
    anchors: ["^", "$", "\\b", "\\Z"],
    extensions: [(body: string) => `(?:${body})`, (body: string) => `http/${body} <x>`],
  };
  it("are in every text that matches", () => {
    let held = 0;
    fc.assert(
      fc.property(patternArbitrary(grammar), fc.nat(), (pattern, seed) => {
        const compilation = compileRegex(pattern);
        if (compilation.kind !== "ok") return;
        const choose = chooser(seed);
        const choices = requiredLiterals(compilation.regex.tree);
        for (let turn = 0; turn < 6; turn += 1) {
          const sample = sampleText(compilation.regex.tree, choose).slice(0, 200);
          const text = `${turn < 2 ? sample : disturb(sample, choose)}\n`;
          if (!compilation.regex.test(text)) continue;
          for (const choice of choices) {
            if (!holds(choice, text)) throw new Error(`${JSON.stringify(choice)} is not in ${JSON.stringify(text)}`);
            held += 1;
          }
        }
      }),
      { numRuns: 1500 },
    );
    expect(held).toBeGreaterThan(1500);
  });
});

describe("a literal in a line from which the date will be cut", () => {
  const inBrackets = (before: string, after: string) => before.endsWith("[") && after.startsWith("]");
  it.each<[literal: string, pieces: readonly string[]]>([
    ["[] http_fe", ["[", "] http_fe"]],
    ["a[]b[]c", ["a[", "]b[", "]c"]],
    ["plain", ["plain"]],
    ["", []],
  ])("%j survives as %j", (literal, pieces) => expect(survivesCut(literal, inBrackets)).toEqual(pieces));

  it("falls into single characters where a cut may be anywhere", () => {
    expect(survivesCut("abc", () => true)).toEqual(["a", "b", "c"]);
  });

  it("is whole in every line that becomes it by one cut", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "binary" }), fc.nat(), fc.string(), (literal, at, date) => {
        const characters = [...literal];
        const place = at % (characters.length + 1);
        const line = [...characters.slice(0, place), date, ...characters.slice(place)].join("");
        const cuttable = (before: string, after: string) =>
          before === characters[place - 1] && after === characters[place];
        for (const piece of survivesCut(literal, cuttable)) expect(line).toContain(piece);
      }),
    );
  });
});
