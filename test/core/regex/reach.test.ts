import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRegex } from "../../../shared/core/regex/parse.ts";
import { reachOf } from "../../../shared/core/regex/reach.ts";

/** Pattern and text, each cut by | where the regex stopped. */
function cut(pattern: string, text: string): string | undefined {
  const reach = reachOf(parseRegex(pattern), text);
  if (reach === undefined) return undefined;
  const matched = reach.matched === undefined ? "" : text.slice(...reach.matched);
  return `${pattern.slice(0, reach.position)}⟂${pattern.slice(reach.position)} ${JSON.stringify(matched)}`;
}

describe("how far a regex got", () => {
  it.each([
    { name: "a match stops nowhere", pattern: "a+b", text: "xaab", expected: undefined },
    { name: "nothing at all", pattern: "abc", text: "xyz", expected: '⟂abc ""' },
    { name: "a literal", pattern: "^abc$", text: "abd", expected: '^ab⟂c$ "ab"' },
    { name: "an anchor", pattern: "a+b$", text: "aab ", expected: 'a+b⟂$ "aab"' },
    {
      name: "inside a group",
      pattern: "from (?P<ip4>\\d+)\\.",
      text: "from x",
      expected: 'from (?P<ip4>⟂\\d+)\\. "from "',
    },
    {
      name: "after an alternation, by Python's choice",
      pattern: "^(?:ab|abcd)e",
      text: "abcdf",
      expected: '^(?:ab|abcd)⟂e "ab"',
    },
    {
      name: "in the branch that got further",
      pattern: "x(?:abz|abcz)",
      text: "xabcd",
      expected: 'x(?:abz|abc⟂z) "xabc"',
    },
    { name: "between the turns of a repeat", pattern: "a{3}b", text: "aab", expected: '⟂a{3}b "aa"' },
    { name: "a look-ahead", pattern: "user (?!root)\\w+", text: "user root", expected: 'user ⟂(?!root)\\w+ "user "' },
    { name: "a backreference", pattern: "(a|b)-\\1", text: "a-b", expected: '(a|b)-⟂\\1 "a-"' },
  ])("$name", ({ pattern, text, expected }) => expect(cut(pattern, text)).toBe(expected));

  it("never says that a beginning matched which does not", () => {
    const piece = fc.constantFrom("a", "b", "[ab]", "a*", "(?:a|b)", "b+", "^", "$", "\\d", ".", "a{2}");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.stringMatching(/^[ab1 ]{0,8}$/), (pieces, text) => {
        const names = pieces;
        const pattern = names.join("");
        const reach = reachOf(parseRegex(pattern), text);
        const ends = names.map((_, index) => names.slice(0, index).join(""));
        const before = ends.findLast((end) => end.length <= (reach?.position ?? pattern.length)) ?? "";
        const whole = new RegExp(reach === undefined ? pattern : before);
        expect(whole.test(text)).toBe(true);
        if (reach !== undefined) expect(new RegExp(pattern).test(text)).toBe(false);
      }),
    );
  });
});
