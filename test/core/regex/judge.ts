/** Python's `re` as the judge of random patterns: what both differential tests ask it, and how its answers compare to ours. */
import { expect } from "vitest";
import type { RegexMatch } from "../../../shared/core/regex/match.ts";
import { parseRegex } from "../../../shared/core/regex/parse.ts";
import { RegexSyntaxError } from "../../../shared/core/regex/syntax-error.ts";
import type { Regex } from "../../../shared/core/regex/tree.ts";
import { asksWithin } from "./asks-within.ts";
import { type Choose, disturb, sampleText } from "./pattern-arbitrary.ts";
import type { PythonMatch, startPython } from "./python-re.ts";

const BATCH = 250;
const TEXTS = 8;

export interface Tried {
  readonly pattern: string;
  readonly tree: Regex;
  readonly texts: readonly string[];
}

export interface Trial {
  readonly patterns: readonly string[];
  readonly multiline?: boolean;
  readonly choose: Choose;
  /** Makes a text that a pattern may match, the `index`th of its pattern, one as the matcher meets it. */
  readonly shape: (text: string, index: number) => string;
}

/** Asks Python about each pattern, which it must refuse where we do; `check` sees those that both take. */
export async function judge(
  python: ReturnType<typeof startPython>,
  { patterns, multiline = false, choose, shape }: Trial,
  check: (tried: Tried, matches: readonly (PythonMatch | null)[]) => void,
): Promise<{ readonly refused: number; readonly slow: number }> {
  const counts = { refused: 0, slow: 0 };
  for (let at = 0; at < patterns.length; at += BATCH) {
    const batch = patterns.slice(at, at + BATCH).map((pattern) => {
      const tree = parse(pattern, multiline);
      const texts = tree === undefined ? [] : textsFor(tree, choose).map(shape);
      return { pattern, flags: multiline ? "m" : "", tree, texts };
    });
    for (const [index, answer] of (await python.ask(batch)).entries()) {
      const { pattern, tree, texts } = batch[index]!;
      if (answer.kind !== "slow" && (tree === undefined) !== (answer.kind === "refused")) {
        expect.fail(`only one of the two refuses ${JSON.stringify(pattern)}: ${JSON.stringify(answer)}`);
      }
      if (answer.kind !== "matches") counts[answer.kind] += 1;
      else if (!asksWithin(tree!.root)) check({ pattern, tree: tree!, texts }, answer.matches);
    }
  }
  return counts;
}

function parse(pattern: string, multiline: boolean): Regex | undefined {
  try {
    return parseRegex(pattern, { multiline });
  } catch (error) {
    // Python must refuse it too; anything but a syntax error is a defect.
    if (!(error instanceof RegexSyntaxError)) throw error;
    return undefined;
  }
}

/** The first two match; of the others every second is disturbed, one turn more each time. */
function textsFor(tree: Regex, choose: Choose): string[] {
  return Array.from({ length: TEXTS }, (_, index) => {
    let text = sampleText(tree, choose);
    for (let turn = 2; turn < index; turn += 2) text = disturb(text, choose);
    return text;
  });
}

export type Spans = readonly (readonly [number, number] | undefined)[];

/** Of the match and of its groups. */
export function spansOf(match: RegexMatch | undefined): Spans | undefined {
  if (match === undefined) return undefined;
  const [whole] = match.spans;
  if (whole?.[0] !== match.index || whole[1] !== match.end) expect.fail("group 0 is not the match");
  return match.spans;
}

/** Python counts code points, we count UTF-16 units. */
export function fromPython(text: string, match: PythonMatch | null): Spans | undefined {
  if (match === null) return undefined;
  const units = [0];
  for (const character of text) units.push(units.at(-1)! + character.length);
  return match.map((span) => (span === null ? undefined : [units[span[0]]!, units[span[1]]!]));
}

/** Only a difference is worth vitest's slow and telling comparison. */
export function expectSame(found: unknown, expected: unknown, context: () => string): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) expect(found, context()).toEqual(expected);
}
