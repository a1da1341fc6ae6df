/** Every rule holds in hundreds of storms, and a storm notices each guard that is broken. */
import { describe, expect, it } from "vitest";
import { SEED } from "../support/seed.ts";
import { GUARDS, stormWithout } from "./guards.ts";
import { runStorm } from "./storm.ts";

/** What CI has time for; `npm run storm` has a thousand. */
const SEEDS = 500;
/** Seeds in which a broken guard has to be noticed, where the one that noticed it once does no more: asked some at a time. */
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
    const isNoticed = async (from: number, count: number) => {
      const reports = await stormWithout(guard, from, count);
      expect(reports.length).toBe(count);
      return reports.some(({ broken }) => broken.length > 0);
    };
    if (await isNoticed(guard.seed, 1)) return;
    for (let from = 1; from <= MOST; from += STEP) if (await isNoticed(from, STEP)) return;
    expect.fail(`${MOST} storms did not notice`);
  });
});
