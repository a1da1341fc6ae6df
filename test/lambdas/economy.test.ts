/** What the cloud is asked for, by batch, offender and ban; `npm run bench` counts the same at full size. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { measureAttack, measureFlood, measureQuiet, measureStorm } from "../../bench/economy.ts";
import { type Cloud, openCloud } from "./rig.ts";

let cloud: Cloud;
beforeAll(async () => {
  cloud = await openCloud();
});
afterAll(() => cloud.close());
beforeEach(() => cloud.engine.empty());

// Thousands of requests to an engine in this process; a busy machine takes its time.
vi.setConfig({ testTimeout: 240_000 });

describe("requests to the tables", () => {
  it("are none for a batch without a hit, and none for ids known to be banned", async () => {
    expect(await measureQuiet(cloud)).toEqual({ withoutHit: 0, ofKnown: 0 });
  });

  it("are a batched read and at most 1.1 writes for each (id, jail, batch), bans included", async () => {
    const cost = await measureFlood(cloud, { lines: 40_000, ids: 40, maxretry: 5 });
    expect(cost.bans).toBeGreaterThan(35);
    expect(cost.writesPerOffender).toBeLessThanOrEqual(1.1);
    // One for the windows of a batch, one for the history of each ban, and now and then the control rows.
    expect(cost.reads).toBeLessThanOrEqual(cost.batches + cost.bans + cost.batches / 10 + 2);
  });

  it("are one write for each (id, jail, batch) and one for the totals of a batch where nobody is banned", async () => {
    const cost = await measureFlood(cloud, { lines: 20_000, ids: 1_000, maxretry: 1_000 });
    expect(cost.bans).toBe(0);
    expect(cost.writes).toBeGreaterThanOrEqual(cost.offenders);
    expect(cost.writes).toBeLessThanOrEqual(cost.offenders + cost.batches * 1.1);
    expect(cost.reads).toBeLessThanOrEqual(cost.batches * 1.2 + 2);
  });

  it("grow with the batches of an attack, not with its lines", async () => {
    const cost = await measureAttack(cloud, 10, 5);
    expect(cost.lines).toBe(25_000);
    // Each function learns of the ban once; after that the attacker costs nothing.
    expect(cost.requests).toBeLessThanOrEqual(10 * 14);
  });
});

describe("a thousand bans within a minute", () => {
  it("are at most ten commands over four shards, for three hosts as for five hundred", async () => {
    const cost = await measureStorm(cloud, { bans: 1_000, shards: 4 });
    expect(cost.commands).toBeLessThanOrEqual(10);
    // A command goes to the fleet's tag, so the number of hosts is nowhere in it.
    expect(cost.byTag).toBe(true);
    expect(new Set(cloud.ssm.changes()).size).toBe(1_000);
    expect(cost.longestDelay).toBeLessThan(20_000);
  });
});
