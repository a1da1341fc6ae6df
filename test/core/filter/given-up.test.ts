/** A regex that spends its budget of steps on a line finds nothing there; it is counted, and the others go on. */
import { describe, expect, it } from "vitest";
import { EMPTY_LINE_STATE } from "../../../shared/core/filter/line-state.ts";
import { createMatcher } from "../../../shared/core/filter/matcher.ts";
import { formatJailStatus } from "../../../shared/core/report/status-tree.ts";
import { type JailSketch, jailOf } from "../../support/jail.ts";

const NOW = Date.UTC(2025, 10, 14, 22, 45, 30);
const COSTLY = "^<HOST> (?:(a+)(?:\\1|a))+$";
const hostile = `192.0.2.1 ${"a".repeat(3_000)}b`;
const line = (text: string, id = text.slice(0, 20)) => ({ id, stream: "s", at: NOW, text });

function tallied(sketches: readonly JailSketch[], texts: readonly string[]) {
  const { matcher } = createMatcher(sketches.map(jailOf), { localOffset: () => 0 });
  const report = matcher.match(texts.map((text, index) => line(text, `${index}`)));
  const resumed = report.threads.map((thread) => thread.resume(EMPTY_LINE_STATE));
  return {
    matches: [...report.failures, ...resumed.flatMap(({ failures }) => failures)].map(({ jail }) => jail),
    exceeded: Object.fromEntries([...report.tallies].map(([jail, { exceeded }]) => [jail, exceeded])),
    later: resumed.map(({ tally }) => tally.exceeded),
  };
}

describe("a search that is given up", () => {
  it("is counted in its jail, and the other jails go on", () => {
    const costly = { name: "costly", failregex: [COSTLY] };
    const cheap = { name: "cheap", failregex: ["^<HOST> a+b$"] };
    const { matches, exceeded } = tallied([costly, cheap], [hostile, "192.0.2.1 aaa"]);
    expect(matches.sort()).toEqual(["cheap", "costly"]);
    expect(exceeded.cheap).toBe(0);
    expect(exceeded.costly).toBeGreaterThan(0);
  });

  it("is counted once for each batch", () => {
    const costly = { name: "costly", failregex: [COSTLY] };
    const [once, twice, none] = [[hostile], [hostile, hostile.replace("2.1 ", "2.2 ")], ["192.0.2.1 aaa"]].map(
      (texts) => tallied([costly], texts).exceeded.costly!,
    );
    expect(twice).toBe(2 * once!);
    expect(none).toBe(0);
  });

  it("is counted where lines belong together too", () => {
    const spanning = { name: "spanning", failregex: [COSTLY], maxlines: 2 };
    const { exceeded, later } = tallied([spanning], [hostile]);
    expect(exceeded.spanning).toBe(0);
    expect(later[0]).toBeGreaterThan(0);
  });
});

describe("status", () => {
  const figures = (exceeded: { exceeded?: number }) => ({
    name: "web",
    filter: { currentlyFailed: 0, totalFailed: 0, files: [], ...exceeded },
    actions: { currentlyBanned: 0, totalBanned: 0, banned: [] },
  });

  it("says how many searches were given up, where there were any", () => {
    expect(formatJailStatus(figures({ exceeded: 3 }))).toContain("|  |- Searches given up:\t3\n");
    expect(formatJailStatus(figures({}))).not.toContain("given up");
  });
});
