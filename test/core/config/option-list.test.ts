/** Names with arguments in brackets: a table, and Fail2Ban's own patterns on text made up at random. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseOptionList, splitEntries } from "../../../shared/core/config/option-list.ts";
import { available } from "../../support/require.ts";
import { optionLists } from "./oracle.ts";

function read(text: string) {
  return splitEntries(text)
    .filter((entry) => entry.text !== "")
    .map((entry) => {
      const list = parseOptionList(entry.text);
      return list.kind === "option-list" ? [list.name, Object.fromEntries(list.options)] : { error: "ValueError" };
    });
}

describe("a list of actions", () => {
  it.each([
    {
      text: "a b",
      expected: [
        ["a", {}],
        ["b", {}],
      ],
    },
    {
      text: "a\nb[x=1]\n\nc",
      expected: [
        ["a", {}],
        ["b", { x: "1" }],
        ["c", {}],
      ],
    },
    {
      text: "a[x=1, y=\"b, c]\", z='d'] e",
      expected: [
        ["a", { x: "1", y: "b, c]", z: "d" }],
        ["e", {}],
      ],
    },
    {
      text: "a[x='b, ] c'] d",
      expected: [
        ["a", { x: "b, ] c" }],
        ["d", {}],
      ],
    },
    { text: "a[x=1][y=2]", expected: [["a", { x: "1", y: "2" }]] },
    { text: "a[x=1,\n  y=2]", expected: [["a", { x: "1", y: "2" }]] },
    { text: "a[x=b=c]", expected: [["a", { x: "b=c" }]] },
    { text: "a[x=]", expected: [["a", { x: "" }]] },
    { text: "a[]", expected: [["a", {}]] },
    { text: "a[X=1,x=2]", expected: [["a", { X: "1", x: "2" }]] },
    {
      text: "a, b",
      expected: [
        ["a,", {}],
        ["b", {}],
      ],
    },
    { text: "a [x=1]", expected: [["a ", { x: "1" }]] },
    { text: "a[x=1,2]", expected: [{ error: "ValueError" }] },
    { text: 'a[x="1" y=2]', expected: [{ error: "ValueError" }] },
    { text: "[x=1]", expected: [{ error: "ValueError" }] },
    { text: "", expected: [] },
  ])("$text", ({ text, expected }) => expect(read(text)).toEqual(expected));

  it("knows where each action begins", () => {
    expect(splitEntries("a[x=1]\n  b  c")).toMatchObject([{ offset: 0 }, { offset: 9 }, { offset: 12 }]);
  });

  it("is linear on what drives a backtracking engine mad", () => {
    expect(splitEntries(`x[${"a=".repeat(50_000)}`)).toHaveLength(1);
  });
});

describe.skipIf(!available(["python3", "fail2ban-client"]))("random lists", () => {
  it("are taken apart as Fail2Ban does", () => {
    const part = fc.constantFrom(
      "a",
      "b-c",
      "[",
      "]",
      "[x=1]",
      "x=",
      "y=2",
      ",",
      ", ",
      " ",
      "\n",
      '"',
      "'",
      '"q,r]"',
      "'s,t]'",
      "][",
      "] [",
      "=",
      "[z='1', w=2]",
      ".",
      "é",
    );
    const batch = fc.array(
      fc.array(part, { maxLength: 12 }).map((parts) => parts.join("")),
      { minLength: 3000, maxLength: 3000 },
    );
    fc.assert(
      fc.property(batch, (texts) => {
        for (const [index, answer] of optionLists(texts).entries())
          expect(read(texts[index]!), JSON.stringify(texts[index])).toEqual(answer);
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });
});
