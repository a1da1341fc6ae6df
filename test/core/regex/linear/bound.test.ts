/**
 * The proof of the bound: steps are counted, never time. However long and hostile the text, a character costs no more steps
 * than the program is large, and a text 64 times as long costs no more for each character.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { expandTags } from "../../../../shared/core/regex/host-tags.ts";
import {
  createLinearProgram,
  type LinearProgram,
  STEPS_PER_CHARACTER,
} from "../../../../shared/core/regex/linear/linear-program.ts";
import { parseRegex } from "../../../../shared/core/regex/parse.ts";
import { RegexSyntaxError } from "../../../../shared/core/regex/syntax-error.ts";
import type { Regex } from "../../../../shared/core/regex/tree.ts";
import { available } from "../../../support/require.ts";
import { SEED } from "../../../support/seed.ts";
import { type CorpusRegex, readCorpus } from "../fail2ban-corpus.ts";
import { type Choose, chooser, disturb, patternArbitrary, sampleText } from "../pattern-arbitrary.ts";

const SIZES = [1, 4, 16, 64].map((kilobytes) => kilobytes * 1024);
/** Each place of the program is come to from each side once, and left once; runs look at a character twice. */
const STEPS_PER_PLACE = 4;

/** A text that grows: a beginning, a middle repeated as often as there is room, an end. */
interface Hostile {
  readonly head: string;
  readonly middle: string;
  readonly tail: string;
}

function grown({ head, middle, tail }: Hostile, size: number): string {
  const times = Math.max(1, Math.floor((size - head.length - tail.length) / Math.max(1, middle.length)));
  return head + middle.repeat(times) + tail;
}

/** Steps for each character at each size. */
function measure(program: LinearProgram, hostile: Hostile): readonly number[] {
  return SIZES.map((size) => {
    const text = grown(hostile, size);
    const { steps, outcome } = program.run(text);
    if (outcome === "exceeded" && program.bounded) expect.fail("a bounded program gave up");
    return steps / (text.length + 1);
  });
}

/** Expects both: the bound by the program's size, and that the longest text costs no more per character than shorter ones. */
function expectFlat(pattern: string, program: LinearProgram, hostile: Hostile, costs: readonly number[]): void {
  const told = () => JSON.stringify({ pattern, hostile, size: program.size, costs });
  // A budget is looked at where a way ends: the last one may overdraw it, each run on it by the length of the text.
  const most = program.bounded ? STEPS_PER_PLACE * program.size : STEPS_PER_CHARACTER + program.size;
  if (costs.some((cost) => cost > most)) expect.fail(`more steps than allowed: ${told()}`);
  if (!program.bounded) return;
  const [, , before, last] = costs;
  if (last! > 2 * before! + 2) expect.fail(`grows: ${told()}`);
}

function hostileFor(line: string, choose: Choose): Hostile {
  const from = choose(line.length);
  const to = from + 1 + choose(Math.min(12, line.length - from));
  const tail = choose(2) === 0 ? "" : line.slice(to);
  return { head: line.slice(0, from), middle: line.slice(from, to), tail: choose(2) === 0 ? tail : `${tail}\u0000` };
}

describe.runIf(available(["python3", "fail2ban-regex"]))(`the stock filters, SEED=${SEED}`, () => {
  let corpus: readonly CorpusRegex[] = [];
  beforeAll(() => {
    corpus = readCorpus();
    expect(corpus.length).toBeGreaterThan(200);
  });

  it("take steps in proportion to the text", () => {
    const choose = chooser(SEED);
    let measured = 0;
    let highest = 0;
    let budgeted = 0;
    for (const { raw, usedns, multiline, searches } of corpus) {
      const tree = parseRegex(expandTags(raw, { usedns }), { multiline });
      const program = createLinearProgram(tree)!;
      if (!program.bounded) budgeted += 1;
      const lines = searches.filter(({ found }) => found !== null).map(({ text }) => text);
      const line = lines[choose(Math.max(1, lines.length))] ?? sampleText(tree, choose);
      if (line === "") continue;
      const hostile = hostileFor(line, choose);
      const costs = measure(program, hostile);
      expectFlat(raw, program, hostile, costs);
      if (program.bounded) highest = Math.max(highest, ...costs);
      measured += 1;
    }
    console.log(
      `${measured} growing texts, ${budgeted} regexes with a budget, at most ${highest.toFixed(1)} steps/char`,
    );
    expect(measured).toBeGreaterThan(200);
    expect(highest).toBeGreaterThan(2);
  });
});

describe(`generated patterns, SEED=${SEED}`, () => {
  const patterns = fc.sample(
    patternArbitrary({
      anchors: ["^", "$", "\\b"],
      extensions: [
        (body) => `(?=${body})`,
        (body) => `(?!${body})`,
        (body) => `(?:(?!${body}).)*`,
        (body) => `(?:(?=(${body}))a)*`,
        (body) => `(?:${body})*`,
        (body) => `(?:(?:${body})+)+`,
        (body) => `(?>${body})`,
        (body) => `(?:${body})*+`,
        (body) => `(a)?${body}(?(1)b|c)`,
      ],
    }),
    { seed: SEED, numRuns: 250 },
  );

  it("take steps in proportion to the text", () => {
    const choose = chooser(SEED);
    let measured = 0;
    let highest = 0;
    for (const pattern of patterns) {
      const tree = parsed(pattern);
      if (tree === undefined) continue;
      const program = createLinearProgram(tree)!;
      let line = sampleText(tree, choose);
      for (let turn = 0; turn < 2; turn += 1) line = disturb(line, choose);
      if (line === "") continue;
      const hostile = hostileFor(line.slice(0, 200), choose);
      const costs = measure(program, hostile);
      expectFlat(pattern, program, hostile, costs);
      highest = Math.max(highest, ...costs);
      measured += 1;
    }
    console.log(`${measured} growing texts, at most ${highest.toFixed(1)} steps/char`);
    expect(measured).toBeGreaterThan(150);
  });
});

/** What brings backtracking engines down, and where remembering too little would bring this one down. */
describe("known traps", () => {
  it.each([
    { pattern: "(?:a*)*$", hostile: { head: "", middle: "a", tail: "b" } },
    { pattern: "^(?:(?:a+)+)+$", hostile: { head: "", middle: "a", tail: "b" } },
    { pattern: "^(?:a|a)*c", hostile: { head: "", middle: "a", tail: "bc" } },
    { pattern: "^(?:a|ab|b)*c", hostile: { head: "", middle: "ab", tail: "xc" } },
    { pattern: ".*.*.*=\\d", hostile: { head: "", middle: "=", tail: "" } },
    { pattern: "^(?:a(?=.*b))*$", hostile: { head: "", middle: "a", tail: "b" } },
    { pattern: "^(?:a(?=.*b)|a)*c", hostile: { head: "", middle: "a", tail: "bc" } },
    { pattern: "^(?:a(?!.*c))*$", hostile: { head: "", middle: "a", tail: "b" } },
    { pattern: "^(?:a(?=(a*)(b)))*$", hostile: { head: "", middle: "a", tail: "b" } },
    { pattern: "^(?:a(?=(?:(a)|b)*?c))*$", hostile: { head: "", middle: "a", tail: "bbbc" } },
    { pattern: "^(?:a(?=(?=.*b).*b))*$", hostile: { head: "", middle: "a", tail: "b" } },
    { pattern: "(?:a*+b|a)*$", hostile: { head: "", middle: "a", tail: "x" } },
    { pattern: "(?:(?>a*b)|a)*$", hostile: { head: "", middle: "a", tail: "x" } },
    { pattern: "^(?:(?>a*)|b)*x", hostile: { head: "", middle: "ab", tail: "cx" } },
    { pattern: "(?:(?<=a(?=.*b)).)*x", hostile: { head: "", middle: "a", tail: "b\nx" } },
    { pattern: "^(a)?(?:b|(?(1)b|a))*c", hostile: { head: "", middle: "ba", tail: "xc" } },
    { pattern: "(?:(a)|(b)|(?(1)(?(2)a|b)|c))*d", hostile: { head: "", middle: "ab", tail: "cd" } },
    { pattern: "^(?:a?){50}a{50}b", hostile: { head: "", middle: "a", tail: `c${"a".repeat(40)}b` } },
    { pattern: "(?:a{1,9}){1,9}b\\d", hostile: { head: "", middle: "a", tail: "b" } },
    { pattern: "(?:(?:x?)*y?)*z\\d", hostile: { head: "", middle: "xy", tail: "z" } },
  ])("$pattern", ({ pattern, hostile }) => {
    for (const positions of [false, true]) {
      const program = createLinearProgram(parseRegex(pattern), { positions })!;
      expect(program.bounded).toBe(true);
      const costs = measure(program, hostile);
      expectFlat(pattern, program, hostile, costs);
      expect(Math.max(...costs)).toBeGreaterThan(0.5);
    }
  });

  it("gives back-references a budget, and says when it is spent", () => {
    const program = createLinearProgram(parseRegex("^(?:(a+)(?:\\1|a))+$"), { stepsPerCharacter: 100 })!;
    const text = `${"a".repeat(2000)}b`;
    expect(program.bounded).toBe(false);
    const { outcome, steps, match } = program.run(text);
    expect({ outcome, match }).toEqual({ outcome: "exceeded", match: undefined });
    expect(steps).toBeLessThanOrEqual(100 * (text.length + 2) + text.length);
    expect(program.exceeded()).toBe(1);
    expect(program.test(text)).toBe(false);
    expect(program.exec("aaa")?.end).toBe(3);
    expect(program.exceeded()).toBe(1);
  });
});

function parsed(pattern: string): Regex | undefined {
  try {
    return parseRegex(pattern);
  } catch (error) {
    // Some generated patterns are refused, as Python refuses them.
    if (error instanceof RegexSyntaxError) return undefined;
    throw error;
  }
}
