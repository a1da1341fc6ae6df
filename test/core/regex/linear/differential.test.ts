/**
 * Our own matcher finds what Python's `re` finds: match, span and all groups, over random patterns of everything that Python
 * has, and random texts. What runs on RE2 runs here as well, so that both engines are held to the same.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLinearProgram } from "../../../../shared/core/regex/linear/linear-program.ts";
import type { RegexMatch } from "../../../../shared/core/regex/match.ts";
import { parseRegex } from "../../../../shared/core/regex/parse.ts";
import { RegexSyntaxError } from "../../../../shared/core/regex/syntax-error.ts";
import type { Regex } from "../../../../shared/core/regex/tree.ts";
import { available } from "../../../support/require.ts";
import { SEED } from "../../../support/seed.ts";
import { asksWithin } from "../asks-within.ts";
import { type Choose, chooser, disturb, type Grammar, patternArbitrary, sampleText } from "../pattern-arbitrary.ts";
import { type PythonMatch, startPython } from "../python-re.ts";

/** More patterns for a longer search: PAIRS=10 runs ten times as many. */
const FACTOR = Number(process.env.PAIRS ?? 1);
const BATCH = 250;
const TEXTS = 8;

interface Suite {
  readonly name: string;
  readonly patterns: number;
  readonly grammar: Grammar;
}

const ANCHORS = ["^", "$", "\\A", "\\Z", "(?m:^)", "(?m:$)", "\\b", "\\B"];
const plain = (body: string) => body.replaceAll("|", "");

const SUITES: readonly Suite[] = [
  { name: "what RE2 has too", patterns: 1500, grammar: { anchors: ANCHORS } },
  {
    name: "look-around",
    patterns: 2500,
    grammar: {
      anchors: ANCHORS,
      extensions: [
        (body) => `(?=${body})`,
        (body) => `(?!${body})`,
        (body) => `(?=(${body}))`,
        (body) => `(?:(?!${body}).)*`,
        (body) => `(?<=a)${body}`,
        (body) => `(?<![bc]\\w)${body}`,
        (body) => `(?<=${plain(body)})`,
        (body) => `(?<=a(?=${body}))`,
      ],
    },
  },
  {
    name: "conditionals",
    patterns: 2000,
    grammar: {
      anchors: ANCHORS,
      extensions: [
        (body) => `(x)?(?(1)${plain(body)}|a)`,
        (body) => `(?:(a)|b)*(?(1)${plain(body)})`,
        (body) => `(?=(${body}))?(?(1)a|b)`,
        (body) => `(?(2)${plain(body)}|c)`,
        (body) => `(?:(?(1)b|${plain(body)})|(a))+`,
      ],
    },
  },
  {
    name: "atomic groups and possessive repeats",
    patterns: 1500,
    grammar: {
      anchors: ANCHORS,
      // Groups within possessive repeats keep half a place in Python 3.11 when a turn fails: none are here.
      extensions: [
        (body) => `(?>${body})`,
        (body) => `(?>(${body})*)`,
        (body) => `[ab]*+${body}`,
        (body) => `\\w++${body}`,
        (body) => `b?+${body}`,
        (body) => `\\d{1,2}+${body}`,
        (body) => `(?:ab|a)*+${body}`,
        (body) => `(?:a|ab|[b-k]c?){1,3}+${body}`,
      ],
    },
  },
  {
    name: "everything at once",
    patterns: 2000,
    grammar: {
      anchors: [...ANCHORS, "\\1"],
      extensions: [
        (body) => `(?=${body})`,
        (body) => `(?!${body})`,
        (body) => `(?<=a|b)${body}`,
        (body) => `(?>${body})`,
        (body) => `\\w*+${body}`,
        (body) => `(?:${body}){2,3}`,
        (body) => `(?:(a)|(?=(b))b|${body})*?(?(1)${plain(body)})`,
        (body) => `(?(1)${plain(body)}|.)`,
      ],
    },
  },
  {
    name: "back-references",
    patterns: 2000,
    grammar: {
      anchors: [...ANCHORS, "\\1", "\\2"],
      extensions: [
        (body) => `(${body})\\1`,
        (body) => `(?:(${body})-|\\1)*`,
        (body) => `(?i:(${body})\\1)`,
        (body) => `(?=(${body}))\\1`,
        (body) => `(?>\\1|${body})`,
      ],
    },
  },
];

interface Tried {
  readonly pattern: string;
  readonly flags: string;
  readonly tree: Regex | undefined;
  readonly texts: readonly string[];
}

describe.runIf(available(["python3"]))(`against Python's re, SEED=${SEED}`, () => {
  let python: ReturnType<typeof startPython>;
  beforeAll(() => {
    python = startPython();
  });
  afterAll(() => python.stop());

  it.each(SUITES)("$name", async ({ name, patterns, grammar }) => {
    const counts = { texts: 0, hits: 0, refused: 0, slow: 0, exceeded: 0, large: 0 };
    const sampled = fc.sample(patternArbitrary(grammar), { seed: SEED, numRuns: patterns * FACTOR });
    const choose = chooser(SEED);
    for (let at = 0; at < sampled.length; at += BATCH) {
      const batch = sampled.slice(at, at + BATCH).map((pattern) => toTry(pattern, choose));
      const answers = await python.ask(batch);
      for (const [index, answer] of answers.entries()) {
        const { pattern, tree, texts } = batch[index]!;
        if ((tree === undefined) !== (answer.kind === "refused") && answer.kind !== "slow") {
          expect.fail(`only one of the two refuses ${JSON.stringify(pattern)}: ${JSON.stringify(answer)}`);
        }
        if (answer.kind === "slow") counts.slow += 1;
        if (answer.kind === "refused") counts.refused += 1;
        if (answer.kind !== "matches" || asksWithin(tree!.root)) continue;
        const program = createLinearProgram(tree!, { positions: true });
        if (program === undefined) counts.large += 1;
        if (program === undefined) continue;
        for (const [place, text] of texts.entries()) {
          const { match, outcome } = program.run(text);
          if (outcome === "exceeded") counts.exceeded += 1;
          if (outcome === "exceeded") continue;
          const expected = fromPython(text, answer.matches[place]!);
          const found = match && spansOf(match);
          counts.texts += 1;
          if (expected !== undefined) counts.hits += 1;
          // Only a difference is worth vitest's slow and telling comparison.
          if (JSON.stringify(found) !== JSON.stringify(expected)) {
            if (process.env.SHOW) {
              console.log(JSON.stringify({ pattern, text, found, expected }));
              continue;
            }
            expect(found, JSON.stringify({ pattern, text })).toEqual(expected);
          }
        }
      }
    }
    console.log(`${name}: SEED=${SEED} ${JSON.stringify(counts)}`);
    // A comparison that hardly ever matches, or gives up, would prove nothing.
    expect(counts.hits).toBeGreaterThan(patterns);
    expect(counts.exceeded).toBeLessThan(counts.texts / 1000);
    expect(counts.large).toBeLessThan(patterns / 100);
  });
});

function toTry(pattern: string, choose: Choose): Tried {
  let tree: Regex;
  try {
    tree = parseRegex(pattern);
  } catch (error) {
    // Python must refuse it too; anything but a syntax error is a defect.
    if (!(error instanceof RegexSyntaxError)) throw error;
    return { pattern, flags: "", tree: undefined, texts: [] };
  }
  const texts = Array.from({ length: TEXTS }, (_, index) => {
    let text = sampleText(tree, choose);
    for (let turn = 2; turn < index; turn += 2) text = disturb(text, choose);
    const short = Array.from(text).slice(0, 100).join("");
    return index % 4 === 3 ? short : `${short}\n`;
  });
  return { pattern, flags: "", tree, texts };
}

type Spans = readonly (readonly [number, number] | undefined)[];

function spansOf(match: RegexMatch): Spans {
  const [whole] = match.spans;
  if (whole?.[0] !== match.index || whole[1] !== match.end) expect.fail("group 0 is not the match");
  return match.spans;
}

/** Python counts code points, we count UTF-16 units. */
function fromPython(text: string, match: PythonMatch | null): Spans | undefined {
  if (match === null) return undefined;
  const units = [0];
  for (const character of text) units.push(units.at(-1)! + character.length);
  return match.map((span) => (span === null ? undefined : [units[span[0]]!, units[span[1]]!]));
}
