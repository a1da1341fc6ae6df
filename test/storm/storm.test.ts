/** Every rule holds in hundreds of storms, and a storm notices each guard that is broken; `npm run storm` runs thousands. */
import { describe, expect, it } from "vitest";
import { SEED } from "../support/seed.ts";
import { GUARDS } from "./guards.ts";
import { runStorms } from "./run-storms.ts";
import { runStorm } from "./storm.ts";

/** Fresh ones at each run. */
const SEEDS = 200;
/** Seeds in which a broken guard has to be noticed, where the one that noticed it once does no more: asked some at a time. */
const MOST = 2_000;
const STEP = 25;

describe("a storm of faults", () => {
  it(`breaks no rule in the seeds ${SEED} to ${SEED + SEEDS - 1}`, { timeout: 1_800_000 }, async () => {
    const reports = await runStorms(SEED, SEEDS);
    expect(reports.map(({ seed }) => seed)).toEqual(Array.from({ length: SEEDS }, (_, nth) => SEED + nth));
    expect(
      reports.flatMap(({ seed, broken }) => broken.map((rule) => `npm run storm -- --seed ${seed}: ${rule}`)),
    ).toEqual([]);
  });

  it("is the same story each time, in whatever process", async () => {
    expect([await runStorm(SEED)]).toEqual(await runStorms(SEED, 1));
  });

  it("breaks no rule in the seeds that notice broken guards", { timeout: 300_000 }, async () => {
    const broken: string[] = [];
    for (const seed of new Set(GUARDS.map((guard) => guard.seed))) broken.push(...(await runStorm(seed)).broken);
    expect(broken).toEqual([]);
  });

  it.each(GUARDS)("notices without: $name", { timeout: 1_800_000 }, async (guard) => {
    const isNoticed = async (from: number, count: number) =>
      (await runStorms(from, count, guard)).some(({ broken }) => broken.length > 0);
    if (await isNoticed(guard.seed, 1)) return;
    for (let from = 1; from <= MOST; from += STEP) if (await isNoticed(from, STEP)) return;
    expect.fail(`${MOST} storms did not notice`);
  });
});
