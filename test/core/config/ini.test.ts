/** The INI dialect: a table of what surprises, and Fail2Ban's own parser on text made up at random. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIni } from "../../../shared/core/config/ini.ts";
import { available } from "../../support/require.ts";
import { parsed } from "./oracle.ts";

/** Sections as plain values, or the codes and lines of what is wrong. */
function read(text: string) {
  const file = parseIni("x.conf", text);
  if (file.kind === "broken") return file.problems.map(({ code, place }) => `${code}:${place?.line}`);
  const plain = (options: Iterable<[string, { text: string }]>) =>
    [...options].map(([name, value]) => [name, value.text]);
  return Object.fromEntries([...file.sections].map(([name, { options }]) => [name, plain(options)]));
}

describe("a configuration file", () => {
  it.each([
    {
      name: "separates with = or :",
      text: "[a]\nx = 1\ny: 2\nz=a:b\nw:c=d",
      expected: {
        a: [
          ["x", "1"],
          ["y", "2"],
          ["z", "a:b"],
          ["w", "c=d"],
        ],
      },
    },
    {
      name: "lower-cases options, not sections",
      text: "[A]\nX = Y\n[a]\nx = 1",
      expected: { A: [["x", "Y"]], a: [["x", "1"]] },
    },
    { name: "cuts at ' ;'", text: "[a]\nx = ^a ;b$", expected: { a: [["x", "^a"]] } },
    { name: "keeps ';' after a letter", text: "[a]\nx = ^a;b$", expected: { a: [["x", "^a;b$"]] } },
    { name: "keeps ' #'", text: "[a]\nx = 7 # x", expected: { a: [["x", "7 # x"]] } },
    {
      name: "drops comment lines inside values",
      text: "[a]\nx = 1\n# c\n  2\n  ; c\n   # c\n  3",
      expected: { a: [["x", "1\n2\n3"]] },
    },
    {
      name: "keeps empty lines inside values, not after them",
      text: "[a]\nx = 1\n\n  2\n\n\ny = 3\n\n",
      expected: {
        a: [
          ["x", "1\n\n2"],
          ["y", "3"],
        ],
      },
    },
    {
      name: "continues deeper lines, whatever is on them",
      text: "[a]\nx =\n  [b]\n  y = 1\nz = 2",
      expected: {
        a: [
          ["x", "\n[b]\ny = 1"],
          ["z", "2"],
        ],
      },
    },
    {
      name: "measures depth against the option's own",
      text: "[a]\n  x = 1\n  y = 2\n    3\n z = 4",
      expected: {
        a: [
          ["x", "1"],
          ["y", "2\n3"],
          ["z", "4"],
        ],
      },
    },
    { name: "takes the last bracket of a header", text: "[a] ]junk\nx=1", expected: { "a] ": [["x", "1"]] } },
    { name: "reads CRLF", text: "[a]\r\nx = 1\r\n  2\r\n", expected: { a: [["x", "1\n2"]] } },
    {
      name: "lets [DEFAULT] come twice",
      text: "[DEFAULT]\nx=1\n[a]\n[DEFAULT]\ny=2",
      expected: {
        DEFAULT: [
          ["x", "1"],
          ["y", "2"],
        ],
        a: [],
      },
    },
    { name: "refuses a section twice", text: "[a]\nx=1\n[b]\n[a]\ny=2", expected: ["duplicate-section:4"] },
    { name: "refuses an option twice", text: "[a]\nx=1\nX=2", expected: ["duplicate-option:3"] },
    {
      name: "refuses a line that is nothing, and finds them all",
      text: "[a]\nx\n=1\ny=2\nz",
      expected: ["bad-syntax:2", "bad-syntax:3", "bad-syntax:5"],
    },
    { name: "refuses text before a section", text: "# c\nx = 1\n[a]", expected: ["bad-syntax:2"] },
    { name: "refuses a byte order mark", text: "\uFEFF[a]\nx=1", expected: ["bad-syntax:1"] },
    { name: "refuses bytes that are not UTF-8", text: "[a]\nx=\uFFFD", expected: ["bad-syntax:2"] },
    { name: "is empty without text", text: "", expected: {} },
  ])("$name", ({ text, expected }) => expect(read(text)).toEqual(expected));

  it("knows the line of each line of a value", () => {
    const file = parseIni("f.conf", "[a]\n\nx = one\n# note\n  two\n\n  three ; note\ny = 1");
    if (file.kind === "broken") throw new Error("broken");
    const { options, place } = file.sections.get("a")!;
    expect(place).toEqual({ file: "f.conf", line: 1 });
    expect(options.get("x")!.places.map(({ line }) => line)).toEqual([3, 5, 6, 7]);
    expect(options.get("y")!.places).toEqual([{ file: "f.conf", line: 8 }]);
  });

  it("says what to do next", () => {
    const file = parseIni("f.conf", "\uFEFF[a]");
    expect(file.kind === "broken" && file.problems[0]?.next).toContain("without a byte order mark");
  });
});

const lines = fc.constantFrom(
  ...[
    "[a]",
    "[b]",
    "[DEFAULT]",
    "[a b]",
    " [c]",
    "[",
    "[]",
    "[]]",
    "x = 1",
    "X: 2",
    "y = ",
    "y=\t3 ;c",
    "  z = 4",
    "\tw",
    "  cont",
    "    deep",
  ],
  ...[
    "",
    "  ",
    "# c",
    "  ; c",
    ";",
    "=",
    "= 1",
    "word",
    "x y = 1",
    "a;b = 1;2",
    "q = \u00a0 s\u00a0",
    "k = \x1c v \x85",
    "\u2028u = 1",
    "r = a\rs = b",
  ],
);

describe.skipIf(!available(["python3", "fail2ban-client"]))("random text", () => {
  it("is taken apart as Fail2Ban's parser does", () => {
    const text = fc.array(fc.oneof({ weight: 5, arbitrary: lines }, fc.string({ maxLength: 6 })), { maxLength: 12 });
    const batch = fc.array(
      text.map((parts) => `[a]\n${parts.join("\n")}`.replaceAll("\uFFFD", "")),
      { minLength: 400, maxLength: 400 },
    );
    fc.assert(
      fc.property(batch, (texts) => {
        const theirs = parsed(texts);
        let sound = 0;
        for (const [index, answer] of theirs.entries()) {
          const ours = read(texts[index]!);
          if ("error" in answer) expect(Array.isArray(ours), JSON.stringify(texts[index])).toBe(true);
          else {
            sound++;
            const { DEFAULT, ...sections } = ours as Record<string, [string, string][]>;
            const defaults = DEFAULT?.length ? { DEFAULT } : {};
            expect({ ...sections, ...defaults }, JSON.stringify(texts[index])).toEqual(answer.sections);
          }
        }
        expect(sound).toBeGreaterThan(20);
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });
});
