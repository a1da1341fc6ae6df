/**
 * Our own matcher finds what Python's `re` finds: match, span and all groups, over random patterns of everything that Python
 * has, and random texts. What runs on RE2 runs here as well, so that both engines are held to the same.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLinearProgram } from "../../../../shared/core/regex/linear/linear-program.ts";
import { available } from "../../../support/require.ts";
import { SEED } from "../../../support/seed.ts";
import { expectSame, fromPython, judge, spansOf } from "../judge.ts";
import { chooser, type Grammar, patternArbitrary } from "../pattern-arbitrary.ts";
import { startPython } from "../python-re.ts";

/** More patterns for a longer search: PAIRS=10 runs ten times as many. */
const FACTOR = Number(process.env.PAIRS ?? 1);

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

describe.runIf(available(["python3"]))(`against Python's re, SEED=${SEED}`, () => {
  let python: ReturnType<typeof startPython>;
  beforeAll(() => {
    python = startPython();
  });
  afterAll(() => python.stop());

  it.each(SUITES)("$name", async ({ name, patterns, grammar }) => {
    const counts = { texts: 0, hits: 0, exceeded: 0, large: 0 };
    const sampled = fc.sample(patternArbitrary(grammar), { seed: SEED, numRuns: patterns * FACTOR });
    const trial = { patterns: sampled, choose: chooser(SEED), shape: shaped };
    const passed = await judge(python, trial, ({ pattern, tree, texts }, matches) => {
      const program = createLinearProgram(tree, { positions: true });
      if (program === undefined) {
        counts.large += 1;
        return;
      }
      for (const [index, text] of texts.entries()) {
        const { match, outcome } = program.run(text);
        if (outcome === "exceeded") {
          counts.exceeded += 1;
          continue;
        }
        const expected = fromPython(text, matches[index]!);
        counts.texts += 1;
        if (expected !== undefined) counts.hits += 1;
        expectSame(spansOf(match), expected, () => JSON.stringify({ pattern, text }));
      }
    });
    console.log(`${name}: SEED=${SEED} ${JSON.stringify({ ...counts, ...passed })}`);
    // A comparison that hardly ever matches, or gives up, would prove nothing.
    expect(counts.hits).toBeGreaterThan(patterns);
    expect(counts.exceeded).toBeLessThan(counts.texts / 1000);
    expect(counts.large).toBeLessThan(patterns / 100);
  });
});

function shaped(text: string, index: number): string {
  const short = Array.from(text).slice(0, 100).join("");
  return index % 4 === 3 ? short : `${short}\n`;
}
