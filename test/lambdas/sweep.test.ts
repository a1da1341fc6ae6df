import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CLOCK_ROOM } from "../../lambdas/sweep/handler.ts";
import type { CloudState } from "../../shared/adapters/aws/dynamodb/cloud-state.ts";
import type { Target } from "../../shared/core/address.ts";
import type { Ban } from "../../shared/core/ban.ts";
import { sampleBan } from "../contracts/samples.ts";
import { all } from "../contracts/subject.ts";
import { type Cloud, openCloud, START, startProcess } from "./rig.ts";

let cloud: Cloud;
beforeAll(async () => {
  cloud = await openCloud();
});
afterAll(() => cloud.close());
beforeEach(() => cloud.engine.empty());

const ban = (nth: number, expiresAt: number | undefined) =>
  sampleBan({ id: `192.0.${nth >> 8}.${nth & 255}` as Target, since: START - 1, expiresAt, generation: START + nth });
async function putMany(count: number): Promise<void> {
  const all = Array.from({ length: count }, (_, nth) => ban(nth, START - 5_000));
  while (all.length > 0) await Promise.all(all.splice(0, 20).map((each) => cloud.state.bans.put(each)));
}
/** What somebody does between the sweep's look at what is due and its deletions. */
const meanwhile =
  (deed: (due: readonly Ban[], limit: number, state: CloudState) => Promise<void>) =>
  (state: CloudState): CloudState => ({
    ...state,
    bans: {
      ...state.bans,
      async due(now, limit) {
        const rows = await state.bans.due(now, limit);
        await deed(rows, limit, state);
        return rows;
      },
    },
  });
const left = async () => (await all(cloud.state.bans.inJail("web"))).length;

describe("a sweep", () => {
  it("lifts what is over by every clock, and nothing else", async () => {
    const { sweep, out } = await startProcess(cloud);
    const now = cloud.clock.now();
    for (const [nth, end] of [now - CLOCK_ROOM, now - CLOCK_ROOM + 1, now + 60_000, undefined].entries()) {
      await cloud.state.bans.put(ban(nth, end));
    }
    expect(await sweep({})).toEqual({ lifted: 1 });
    expect(await sweep({})).toEqual({ lifted: 0 });
    expect((await all(cloud.state.bans.inJail("web"))).map(({ generation }) => generation - START).sort()).toEqual([
      1, 2, 3,
    ]);
    expect(out.logs()).toMatchObject([{ bans: 1, more: false }]);
    const removal = cloud.stream.records().at(-1)!;
    expect(removal).toMatchObject({ eventName: "REMOVE" });
  });

  it("goes on until nothing is due", async () => {
    const { sweep } = await startProcess(cloud);
    await putMany(450);
    expect(await sweep({})).toEqual({ lifted: 450 });
    expect(await left()).toBe(0);
  });

  it("goes on where some of what is due was gone already", async () => {
    const { sweep } = await startProcess(cloud, {
      // The index still has it; TTL, or a person, was faster.
      through: meanwhile(async (rows, limit, { bans }) => {
        if (rows.length === limit) await bans.lift(rows[0]!, START);
      }),
    });
    await putMany(450);
    expect(await sweep({})).toEqual({ lifted: 448 });
    expect(await left()).toBe(0);
  });

  it("ends where an index shows nothing but what is gone", async () => {
    let looks = 0;
    const { sweep } = await startProcess(cloud, {
      through: (state) => ({
        ...state,
        bans: {
          ...state.bans,
          due: async (_, limit) => {
            looks++;
            return Array.from({ length: limit }, (_, nth) => ban(nth, START - 5_000));
          },
        },
      }),
    });
    expect(await sweep({})).toEqual({ lifted: 0 });
    expect(looks).toBe(1);
  });

  it("stops where time runs short, and the next minute goes on", async () => {
    const times = [60_000, 10_000];
    const { sweep } = await startProcess(cloud, { remaining: () => times.shift() ?? 60_000 });
    await putMany(210);
    expect(await sweep({})).toEqual({ lifted: 200 });
    expect(await sweep({})).toEqual({ lifted: 10 });
    expect(await left()).toBe(0);
  });

  it("leaves a ban that was renewed meanwhile", async () => {
    const { sweep } = await startProcess(cloud, {
      through: meanwhile(async (rows, _, { bans }) => {
        for (const row of rows) await bans.put({ ...row, expiresAt: START + 9_999_999 }, row.generation);
      }),
    });
    await cloud.state.bans.put(ban(1, START - 5_000));
    expect(await sweep({})).toEqual({ lifted: 0 });
    expect(await left()).toBe(1);
  });
});
