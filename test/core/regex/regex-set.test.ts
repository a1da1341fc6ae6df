/** A set of regexes says which of them hit, also where RE2 has no room for all of them at once. */
import { describe, expect, it } from "vitest";
import { compileSet } from "../../../shared/core/regex/regex-set.ts";

describe("a set of regexes", () => {
  it.each<[sources: string[], text: string, hits: number[]]>([
    [["a", "b", "c"], "cab", [0, 1, 2]],
    [["a", "\\Ab", "c\\z"], "bc", [1, 2]],
    [["(?m:x$)", "é"], "éx\n", [0, 1]],
    [[], "a", []],
    [["a"], "b", []],
  ])("%j on %j", (sources, text, hits) => {
    const set = compileSet(sources);
    expect(set.size).toBe(sources.length);
    expect(set.match(text)).toEqual(hits);
    expect(set.match(Buffer.from(text))).toEqual(hits);
  });

  // \\p{L} in UTF-8 is some hundreds of instructions: a set holds about 130 of them, a single regex about 400.
  it("is split where it is too large for RE2, and answers the same", () => {
    const set = compileSet(Array.from({ length: 9 }, (_, index) => `x${index}\\p{L}{20}`));
    expect(set.match(`x3${"é".repeat(20)} x8${"a".repeat(20)} x4a`)).toEqual([3, 8]);
    expect(set.match("x3a")).toEqual([]);
  });

  it("asks a regex by itself that no set can hold", () => {
    const set = compileSet(["a", "x\\p{L}{200}"]);
    expect(set.match(`x${"é".repeat(200)}`)).toEqual([1]);
    expect(set.match("xaa")).toEqual([0]);
  });

  it("lets everything through a screen that RE2 cannot hold at all", () => {
    expect(compileSet(["a", "\\p{L}{900}", "b"]).match("b")).toEqual([1, 2]);
  });

  it("refuses a source that RE2 refuses", () => {
    expect(() => compileSet(["a", "(", "b"])).toThrow(SyntaxError);
  });
});
