/** Random sequences of lines, judged by Fail2Ban's own class and by ours: the same failures, of the same lines. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogEvent } from "../../../shared/core/filter/event.ts";
import type { JailSketch } from "../../support/jail.ts";
import { available } from "../../support/require.ts";
import { SEED } from "../../support/seed.ts";
import {
  CONNECTION_TEXTS,
  CONNECTIONS,
  NARROWED_LINES,
  NARROWED_TEXTS,
  SPANNING,
  SPANNING_CONNECTIONS,
  SPANNING_TEXTS,
} from "./connection-filters.ts";
import { type Judged, judgeSequences } from "./fail2ban-filter.ts";
import { follow, matcherOf, nth } from "./follow.ts";

const spanningConnectionTexts = ["why", ...["failed", "hello from 192.0.2.1", "bye"].flatMap(ofConnections)];

const CASES: readonly { name: string; sketch: JailSketch; texts: readonly string[]; length: number }[] = [
  { name: "connections", sketch: CONNECTIONS, texts: CONNECTION_TEXTS.flatMap(ofConnections), length: 14 },
  { name: "one connection", sketch: CONNECTIONS, texts: CONNECTION_TEXTS.map((text) => `c1: ${text}`), length: 8 },
  { name: "lines that belong together", sketch: SPANNING, texts: SPANNING_TEXTS, length: 14 },
  {
    name: "connections of several lines",
    sketch: SPANNING_CONNECTIONS,
    texts: spanningConnectionTexts,
    length: 12,
  },
  { name: "lines behind a prefregex", sketch: NARROWED_LINES, texts: NARROWED_TEXTS, length: 10 },
];

const RUNS = 1_000;

describe.runIf(available(["python3", "fail2ban-regex"]))("Fail2Ban agrees about sequences of", () => {
  it.each(CASES)("$name", ({ sketch, texts, length }) => {
    const sequence = fc.array(fc.constantFrom(...texts), { minLength: 1, maxLength: length });
    const sequences = fc.sample(sequence, { numRuns: RUNS, seed: SEED });
    const theirs = judgeSequences(sequences.map((lines) => [sketch, lines] as const));
    const matcher = matcherOf(sketch);
    let failures = 0;
    for (const [index, lines] of sequences.entries()) {
      const events = lines.map(nth);
      const oneByOne = judgedOf(
        events,
        follow(
          matcher,
          events.map((event) => [event]),
        ).failures,
      );
      expect(oneByOne, `seed ${SEED}: ${JSON.stringify(lines)}`).toEqual(theirs[index]);
      const half = Math.floor(events.length / 2);
      const inTwo = follow(matcher, [events.slice(0, half), events.slice(half)]).failures;
      expect(judgedOf(events, inTwo), `seed ${SEED}: ${JSON.stringify(lines)}`).toEqual(theirs[index]);
      failures += theirs[index]!.length;
    }
    console.log(`${RUNS} sequences, ${failures} failures`);
    expect(failures).toBeGreaterThan(RUNS / 10);
  });
});

function ofConnections(text: string): string[] {
  return [1, 2].map((connection) => `c${connection}: ${text}`);
}

function judgedOf(events: readonly LogEvent[], failures: ReturnType<typeof follow>["failures"]): Judged[] {
  return failures.map(({ identity, suspect, line }) => ({
    line: events.findIndex(({ id }) => id === identity),
    id: suspect.kind === "address" ? suspect.id : suspect.name,
    matches: line.split("\n"),
  }));
}
