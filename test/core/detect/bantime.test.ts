import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IncrementConfig } from "../../../shared/core/config/model.ts";
import { bantimeAfter, endOf, LONGEST_BANTIME } from "../../../shared/core/detect/bantime.ts";
import { readyIncrement } from "../../../shared/core/detect/policy.ts";
import { incrementOf } from "../../support/jail.ts";
import { available } from "../../support/require.ts";

const SECOND = 1000;
const base = 600 * SECOND;
const COUNTS = [0, 1, 2, 3, 4, 5, 19, 20, 21, 30];

describe("bantime.increment", () => {
  it.each([
    { name: "is off", options: undefined, expected: [600, 600, 600, 600, 600] },
    { name: "doubles", options: {}, expected: [600, 1200, 2400, 4800, 9600] },
    { name: "doubles with a factor", options: { factor: 0.5 }, expected: [600, 600, 1200, 2400, 4800] },
    { name: "takes multipliers", options: { multipliers: [1, 5, 30] }, expected: [600, 3000, 18000, 18000, 18000] },
    { name: "lets multipliers shorten", options: { multipliers: [0, 0] }, expected: [600, 0, 0, 0, 0] },
    { name: "never shortens by formula", options: { formula: "1" }, expected: [600, 600, 600, 600, 600] },
    { name: "keeps to maxtime", options: { maxtime: 1000 * SECOND }, expected: [600, 1000, 1000, 1000, 1000] },
    {
      name: "adds rndtime after maxtime, and never to a first ban",
      options: { maxtime: 1000 * SECOND, rndtime: 100 * SECOND },
      expected: [600, 1050, 1050, 1050, 1050],
    },
    {
      name: "survives a formula without a result",
      options: { formula: "1 / (ban.Count - 2) * 99999" },
      expected: [600, 600, 600, 99999, 49999.5],
    },
  ])("$name", ({ options, expected }) => {
    const increment = options === undefined ? undefined : readyIncrement(incrementOf(options));
    const bans = expected.map((_, previous) => bantimeAfter(previous, { bantime: base, increment }, 0.5));
    expect(bans).toEqual(expected.map((seconds) => seconds * SECOND));
  });

  it("leaves a permanent ban permanent", () => {
    expect(bantimeAfter(3, { bantime: "permanent", increment: readyIncrement(incrementOf({})) }, 0)).toBe("permanent");
    expect(endOf(5, "permanent")).toBeUndefined();
  });

  it("is always a number of milliseconds that a ban can have", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.double({ noNaN: true }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (previous, factor, random) => {
          const bantime = bantimeAfter(
            previous,
            { bantime: base, increment: readyIncrement(incrementOf({ factor })) },
            random,
          );
          expect(bantime).toBeGreaterThanOrEqual(0);
          expect(bantime).toBeLessThanOrEqual(LONGEST_BANTIME);
        },
      ),
    );
  });
});

describe.skipIf(!available(["python3", "fail2ban-client"]))(
  "bantime.increment as the installed Fail2Ban computes it",
  () => {
    const cases: readonly Partial<IncrementConfig>[] = [
      {},
      { factor: 2 },
      { factor: 0.3 },
      { maxtime: 7200 * SECOND },
      { multipliers: [1, 2, 4, 8, 16, 32, 64] },
      { multipliers: [1, 5, 30, 60, 300, 720, 1440, 2880], factor: 2, maxtime: 5 * 604_800 * SECOND },
      { formula: "ban.Time * math.exp(float(ban.Count+1)*banFactor)/math.exp(1*banFactor)", factor: 0.7 },
      { formula: "ban.Time * (1<<(ban.Count if ban.Count<10 else 10)) * banFactor", factor: 3 },
      { formula: "10 if ban.Count > 2 else ban.Time ** 1.5" },
    ];

    it("agrees for every count", () => {
      const input = cases.map(({ maxtime, multipliers, ...rest }) => ({
        ...rest,
        ...(maxtime === undefined ? {} : { maxtime: String(maxtime / SECOND) }),
        ...(multipliers === undefined ? {} : { multipliers: multipliers.join(" ") }),
      }));
      const theirs = askFail2Ban(input);
      const ours = cases.map((options) => {
        const increment = readyIncrement(incrementOf(options));
        return COUNTS.map((count) => Number(bantimeAfter(count, { bantime: base, increment }, 0)) / SECOND);
      });
      for (const [nth, row] of theirs.entries()) {
        for (const [place, seconds] of row.entries()) {
          const what = `${JSON.stringify(cases[nth])} after ${COUNTS[place]} bans`;
          // We round to the millisecond and end at a thousand years; Fail2Ban does neither.
          const capped = Math.min(seconds, LONGEST_BANTIME / SECOND);
          expect(Math.abs(ours[nth]![place]! - capped), what).toBeLessThanOrEqual(0.0005 + seconds * 1e-12);
        }
      }
    });
  },
);
/** Runs each set of options through Fail2Ban's own observer; seconds per count. */
function askFail2Ban(cases: readonly object[]): readonly (readonly number[])[] {
  const script = `
import json, logging, sys
logging.disable(logging.CRITICAL)
from fail2ban.server.jail import Jail
from fail2ban.server.observer import ObserverThread
rows = []
for options in json.load(sys.stdin):
    jail = Jail("test", backend="polling")
    jail.setBanTimeExtra("increment", "true")
    for name, value in options.items():
        jail.setBanTimeExtra(name, str(value))
    rows.append([ObserverThread().calcBanTime(jail, 600, n) if n else 600 for n in ${JSON.stringify(COUNTS)}])
print(json.dumps(rows))
`;
  const output = execFileSync("/usr/bin/python3", ["-c", script], { input: JSON.stringify(cases), encoding: "utf8" });
  return JSON.parse(output.trim().split("\n").at(-1)!);
}
