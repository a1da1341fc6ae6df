/** What the parser makes of a pattern, and what it refuses, with code and place; Python must refuse the same. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseRegex } from "../../../shared/core/regex/parse.ts";
import { type RegexErrorCode, RegexSyntaxError } from "../../../shared/core/regex/syntax-error.ts";
import { childrenOf, type RegexNode } from "../../../shared/core/regex/tree.ts";
import { available } from "../../support/require.ts";
import { SEED } from "../../support/seed.ts";
import { startPython } from "./python-re.ts";

/** A tree in short: "seq(a rep{0,inf} greedy(b))". */
function short(node: RegexNode): string {
  const inner = childrenOf(node).map(short).join(" ");
  switch (node.kind) {
    case "literal":
      return `${String.fromCodePoint(node.code)}${node.ignoreCase ? "/i" : ""}`;
    case "any":
      return node.dotAll ? "ANY" : "any";
    case "class":
      return `class${node.negated ? "^" : ""}${node.items.length}`;
    case "anchor":
      return node.place;
    case "backreference":
      return `=${node.group}`;
    case "group":
      return `group${node.index}${node.name === undefined ? "" : `:${node.name}`}(${inner})`;
    case "repeat":
      return `rep{${node.min},${node.max}} ${node.mode}(${inner})`;
    case "look":
      return `${node.negated ? "not-" : ""}${node.direction}(${inner})`;
    case "conditional":
      return `if${node.group}(${inner})`;
    case "sequence":
      return `seq(${inner})`;
    case "alternation":
      return `alt(${inner})`;
    case "atomic":
      return `atomic(${inner})`;
  }
}

it.each<[pattern: string, tree: string]>([
  ["", "seq()"],
  ["ab", "seq(a b)"],
  ["a|b|", "alt(a b seq())"],
  ["(a)(?P<n>b)", "seq(group1(a) group2:n(b))"],
  ["(?:ab)c", "seq(seq(a b) c)"],
  ["a*?", "rep{0,Infinity} lazy(a)"],
  ["a{,3}+", "rep{0,3} possessive(a)"],
  ["a{2}{", "seq(rep{2,2} greedy(a) {)"],
  ["(?:a*)*", "rep{0,Infinity} greedy(rep{0,Infinity} greedy(a))"],
  ["(?:^)*", "rep{0,Infinity} greedy(seq(start))"],
  ["(?>a)(?=b)(?!c)(?<=d)(?<!e)", "seq(atomic(a) ahead(b) not-ahead(c) behind(d) not-behind(e))"],
  ["(a)\\1(?P<x>b)(?P=x)", "seq(group1(a) =1 group2:x(b) =2)"],
  ["(a)?(?(1)b|c)", "seq(rep{0,1} greedy(group1(a)) if1(b c))"],
  ["(?P<q>a)?(?(q)b)", "seq(rep{0,1} greedy(group1:q(a)) if1(b seq()))"],
  ["(?(2)a)(b)(c)", "seq(if2(a seq()) group1(b) group2(c))"],
  ["^$\\A\\Z\\b\\B", "seq(start end start very-end boundary not-boundary)"],
  ["(?m)^$", "seq(line-start line-end)"],
  ["(?i)a(?-i:b)(?s:.).", "seq(a/i b ANY any)"],
  ["(?x) a # b\n c", "seq(a c)"],
  ["a(?#b)*", "rep{0,Infinity} greedy(a)"],
  ["(?i)(?x) a", "a/i"],
  ["(?x)a|b c", "alt(a seq(b c))"],
  ["[]a][^]a][a-]", "seq(class2 class^2 class2)"],
  ["\\08\\18\\101", "error"],
  ["(a)\\08\\141", "seq(group1(a) \0 8 a)"],
])("reads %j", (pattern, tree) => {
  if (tree === "error") expect(() => parseRegex(pattern)).toThrow(RegexSyntaxError);
  else expect(short(parseRegex(pattern).root)).toBe(tree);
});

it("knows the groups and their names", () => {
  const { groupCount, groupNames } = parseRegex("(a)(?P<host>b(?:c)(?P<x_1>d))");
  expect(groupCount).toBe(3);
  expect([...groupNames]).toEqual([
    ["host", 2],
    ["x_1", 3],
  ]);
});

interface Refusal {
  readonly pattern: string;
  readonly code: RegexErrorCode;
  /** Ours; Python's is compared by the test below. */
  readonly position: number;
}

const REFUSALS: readonly Refusal[] = [
  { pattern: "a\\", code: "bad-escape", position: 1 },
  { pattern: "a\\q", code: "bad-escape", position: 1 },
  { pattern: "[\\q]", code: "bad-escape", position: 1 },
  { pattern: "[\\A]", code: "bad-escape", position: 1 },
  { pattern: "\\x4", code: "bad-escape", position: 0 },
  { pattern: "\\u12", code: "bad-escape", position: 0 },
  { pattern: "\\U00110000", code: "bad-escape", position: 0 },
  { pattern: "[\\8]", code: "bad-escape", position: 1 },
  { pattern: "\\777", code: "octal-range", position: 0 },
  { pattern: "[\\777]", code: "octal-range", position: 1 },
  { pattern: "[a", code: "unterminated-class", position: 0 },
  { pattern: "x[]", code: "unterminated-class", position: 1 },
  { pattern: "[^]", code: "unterminated-class", position: 0 },
  { pattern: "[a-", code: "unterminated-class", position: 0 },
  { pattern: "[b-a]", code: "bad-range", position: 1 },
  { pattern: "[\\w-a]", code: "bad-range", position: 1 },
  { pattern: "[a-\\d]", code: "bad-range", position: 1 },
  { pattern: "*a", code: "nothing-to-repeat", position: 0 },
  { pattern: "a|+", code: "nothing-to-repeat", position: 2 },
  { pattern: "^*", code: "nothing-to-repeat", position: 1 },
  { pattern: "\\b+", code: "nothing-to-repeat", position: 2 },
  { pattern: "({2})", code: "nothing-to-repeat", position: 1 },
  { pattern: "(?i)*", code: "nothing-to-repeat", position: 4 },
  { pattern: "a**", code: "multiple-repeat", position: 2 },
  { pattern: "a*+*", code: "multiple-repeat", position: 3 },
  { pattern: "a{2}{3}", code: "multiple-repeat", position: 4 },
  { pattern: "a{3,2}", code: "min-above-max", position: 1 },
  { pattern: "a{4294967295}", code: "repeat-too-large", position: 1 },
  { pattern: "(a", code: "unterminated-group", position: 0 },
  { pattern: "(?:a|b", code: "unterminated-group", position: 0 },
  { pattern: "(?=a", code: "unterminated-group", position: 0 },
  { pattern: "a)", code: "unbalanced-parenthesis", position: 1 },
  { pattern: "(?#a", code: "unterminated-comment", position: 0 },
  { pattern: "(?", code: "unexpected-end", position: 2 },
  { pattern: "(?q)", code: "unknown-extension", position: 0 },
  { pattern: "(?<a>b)", code: "unknown-extension", position: 0 },
  { pattern: "(?Px)", code: "unknown-extension", position: 0 },
  { pattern: "(?P<a", code: "missing-group-name", position: 4 },
  { pattern: "(?P<>a)", code: "missing-group-name", position: 4 },
  { pattern: "(?P<1a>b)", code: "bad-group-name", position: 0 },
  { pattern: "(?P<a-b>c)", code: "bad-group-name", position: 0 },
  { pattern: "(?P<a>b)(?P<a>c)", code: "duplicate-group", position: 8 },
  { pattern: "(?P=a)", code: "unknown-group", position: 0 },
  { pattern: "(?(a)b)", code: "unknown-group", position: 0 },
  { pattern: "(?P<a>b(?P=a))", code: "open-group", position: 7 },
  { pattern: "(a\\1)", code: "open-group", position: 2 },
  { pattern: "\\1", code: "invalid-group-reference", position: 0 },
  { pattern: "(?(0)a)", code: "invalid-group-reference", position: 0 },
  { pattern: "(?(2)a)(b)", code: "invalid-group-reference", position: 0 },
  { pattern: "(?(1)a|b|c)(d)", code: "conditional-branches", position: 8 },
  { pattern: "(?<=(a)\\1)", code: "lookbehind-group", position: 7 },
  { pattern: "(?<=a+)", code: "variable-lookbehind", position: 0 },
  { pattern: "(?<!a|bc)", code: "variable-lookbehind", position: 0 },
  { pattern: "a(?i)b", code: "misplaced-flags", position: 1 },
  { pattern: "(?:(?i)a)", code: "misplaced-flags", position: 3 },
  { pattern: "a|(?i)b", code: "misplaced-flags", position: 2 },
  { pattern: "(?i-i:a)", code: "bad-flags", position: 5 },
  { pattern: "(?au)", code: "bad-flags", position: 4 },
  { pattern: "(?-a:b)", code: "bad-flags", position: 3 },
  { pattern: "(?-i)", code: "bad-flags", position: 4 },
  { pattern: "(?L)", code: "bad-flags", position: 2 },
  { pattern: "(?i", code: "bad-flags", position: 3 },
];

it.each(REFUSALS)("refuses $pattern: $code", ({ pattern, code, position }) => {
  expect(() => parseRegex(pattern)).toThrow(expect.objectContaining({ code, position, pattern }));
});

it("refuses characters by name, which it has no table of", () => {
  expect(() => parseRegex("\\N{EM DASH}")).toThrow(expect.objectContaining({ code: "named-character", position: 0 }));
});

describe.runIf(available(["python3"]))("beside Python", () => {
  let python: ReturnType<typeof startPython>;
  beforeAll(() => {
    python = startPython();
  });
  afterAll(() => python.stop());

  it("refuses what Python refuses", async () => {
    const answers = await python.ask(REFUSALS.map(({ pattern }) => ({ pattern, texts: [] })));
    expect(REFUSALS.filter((_, index) => answers[index]!.kind !== "refused")).toEqual([]);
  });

  const seed = SEED;
  it(`accepts and refuses the same, over random scraps of syntax (SEED=${seed})`, async () => {
    const scraps = [
      "a",
      "b",
      "1",
      "9",
      "0",
      "-",
      ",",
      "^",
      "$",
      ".",
      "|",
      "(",
      "(",
      ")",
      ")",
      "(?:",
      "(?i)",
      "(?i:",
      "(?-s:",
      "(?x)",
      "(?P<n>",
      "(?P=n)",
      "(?P<m>",
      "(?(1)",
      "(?(n)",
      "(?=",
      "(?!",
      "(?<=",
      "(?<!",
      "(?>",
      "(?#",
      "[",
      "[^",
      "]",
      "{",
      "}",
      "{2}",
      "{,2}",
      "{2,}",
      "{3,1}",
      "*",
      "+",
      "?",
      "\\1",
      "\\2",
      "\\12",
      "\\101",
      "\\0",
      "\\d",
      "\\W",
      "\\b",
      "\\A",
      "\\x4",
      "\\x41",
      "\\u00e9",
      "\\q",
      "\\.",
      " ",
      "#",
      "\n",
      "é",
    ];
    const patterns = fc
      .sample(fc.array(fc.constantFrom(...scraps), { minLength: 1, maxLength: 9 }), { seed, numRuns: 20_000 })
      .map((list) => list.join(""));
    let refused = 0;
    for (let at = 0; at < patterns.length; at += 1000) {
      const batch = patterns.slice(at, at + 1000);
      const answers = await python.ask(batch.map((pattern) => ({ pattern, texts: [] })));
      for (const [index, answer] of answers.entries()) {
        const error = refusalOf(batch[index]!);
        if ((error !== undefined) !== (answer.kind === "refused")) {
          expect.fail(`${JSON.stringify(batch[index])}: ${error?.message} against ${JSON.stringify(answer)}`);
        }
        if (error !== undefined) refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(patterns.length / 10);
    expect(refused).toBeLessThan(patterns.length * 0.9);
  });
});

function refusalOf(pattern: string): RegexSyntaxError | undefined {
  try {
    parseRegex(pattern);
    return undefined;
  } catch (error) {
    // Only a refusal is an answer here.
    if (error instanceof RegexSyntaxError) return error;
    throw error;
  }
}
