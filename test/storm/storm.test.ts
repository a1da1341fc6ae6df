/** Every rule holds in a thousand storms, and a storm notices each guard that is broken. */
import { describe, expect, it } from "vitest";
import { SEED } from "../support/seed.ts";
import { GUARDS, stormWithout } from "./guards.ts";
import { runStorm } from "./storm.ts";

const SEEDS = 1_000;
/** Seeds that a broken guard has to be noticed in, asked some at a time. */
const MOST = 200;
const STEP = 25;

describe("a storm of faults", () => {
  it(`breaks no rule in ${SEEDS} stories from seed ${SEED} on`, { timeout: 900_000 }, async () => {
    const broken: string[] = [];
    for (let seed = SEED; seed < SEED + SEEDS; seed++) {
      const report = await runStorm(seed);
      broken.push(...report.broken.map((rule) => `npm run storm -- --seed ${seed}: ${rule}`));
    }
    expect(broken).toEqual([]);
  });

  it("is the same story each time", async () => {
    expect(await runStorm(SEED)).toEqual(await runStorm(SEED));
  });

  it.each(GUARDS)("notices without: $name", { timeout: 300_000 }, async (guard) => {
    for (let from = 1; from <= MOST; from += STEP) {
      const reports = await stormWithout(guard, from, STEP);
      expect(reports.length).toBe(STEP);
      if (reports.some(({ broken }) => broken.length > 0)) return;
    }
    expect.fail(`${MOST} storms did not notice`);
  });
});
