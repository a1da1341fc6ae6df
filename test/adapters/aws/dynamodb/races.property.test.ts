/** Writers that meet on the same rows, in any order, any number of times: nothing is lost, nothing counts twice. */
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CloudState, createCloudState } from "../../../../shared/adapters/aws/dynamodb/cloud-state.ts";
import { decodeStreamRecord } from "../../../../shared/adapters/aws/dynamodb/stream-record.ts";
import { countFailures } from "../../../../shared/app/count-failures.ts";
import type { Ban, BanChange } from "../../../../shared/core/ban.ts";
import { noteBan, type Offence, pardonOffence } from "../../../../shared/core/detect/offence.ts";
import { rulesOf } from "../../../../shared/core/detect/policy.ts";
import { decide, EMPTY_WINDOW, record } from "../../../../shared/core/detect/window.ts";
import type { PutOutcome } from "../../../../shared/ports/bans.ts";
import { jail, rig } from "../../../app/rig.ts";
import { sampleBan, sampleFailure, target } from "../../../contracts/samples.ts";
import { type Engine, openEngine } from "../../../support/dynalite.ts";
import { SEED } from "../../../support/seed.ts";
import { openTableStream } from "../../../support/stream/stream.ts";

console.log(`seed ${SEED}`);

let engine: Engine;
let state: CloudState;
beforeAll(async () => {
  engine = await openEngine();
  state = createCloudState(engine.client, engine.tables);
});
afterAll(() => engine.close());

/** Runs take fresh keys instead of emptying the tables. */
let serial = 0;
const freshId = () => {
  serial++;
  return target(`10.${(serial >> 16) & 255}.${(serial >> 8) & 255}.${serial & 255}`);
};
const backoff = (attempt: number) => sleep(Math.random() * 2 * 2 ** attempt);

const FINDTIME = 600_000;
/** Batches of failures, times within a findtime, so that all of them count; the same failure may be in many batches. */
const batches = fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }), {
  minLength: 2,
  maxLength: 6,
});
const failuresOf = (batch: readonly number[]) =>
  batch.map((nth) => ({ ...sampleFailure(nth * 1_000), receivedAt: nth * 1_000 }));

describe("concurrent writers", () => {
  it("of one window lose no failure and double none", async () => {
    const rules = rulesOf([jail("web", { maxretry: 1_000, maxmatches: 1_000, findtime: FINDTIME })]).get("web")!;
    const { deps } = await rig([]);
    await fc.assert(
      fc.asyncProperty(batches, async (all) => {
        const key = { jail: "web", id: freshId() };
        await Promise.all(
          [...all, ...all.slice(0, 2)].map(async (batch) => {
            const [stored] = await state.windows.load([key]);
            await countFailures(key, failuresOf(batch), stored!, rules, { ...deps, ...state, backoff });
          }),
        );
        const [stored] = await state.windows.load([key]);
        expect(stored!.window).toEqual(
          record(EMPTY_WINDOW, failuresOf([...new Set(all.flat())]).map(counted), rules.window),
        );
      }),
      { numRuns: 20 },
    );
  });

  it("ban exactly when the failures of all of them call for it", async () => {
    const rules = rulesOf([jail("web", { maxretry: 12, maxmatches: 2, findtime: FINDTIME })]).get("web")!;
    const { deps } = await rig([]);
    await fc.assert(
      fc.asyncProperty(batches, async (all) => {
        const key = { jail: "web", id: freshId() };
        await Promise.all(
          [...all, ...all].map(async (batch) => {
            const [stored] = await state.windows.load([key]);
            await countFailures(key, failuresOf(batch), stored!, rules, { ...deps, ...state, backoff });
          }),
        );
        const union = failuresOf([...new Set(all.flat())]).map(counted);
        const called = decide(record(EMPTY_WINDOW, union, rules.window), rules.window).kind === "ban";
        expect((await state.bans.ofId(key.id)).length).toBe(called ? 1 : 0);
        expect((await state.offenders.history(key.id)).map(({ count }) => count)).toEqual(called ? [1] : []);
      }),
      { numRuns: 20 },
    );
  });
});

describe("totals", () => {
  /** Names that all meet on one shard, so that it fills and is trimmed. */
  const oneShard = (run: number) => {
    const names: string[] = [];
    for (let nth = 0; names.length < 130; nth++) {
      const name = `batch ${run} ${nth}`;
      if (crc32(name) % 64 === 7) names.push(name);
    }
    return names;
  };
  const failed = async () => (await state.totals.read()).get("web")?.failed ?? 0;
  const add = (name: string) => state.totals.add(name, new Map([["web", { failed: 1, banned: 0, ignored: 0 }]]));

  it("count each contribution once, redelivered in any order, by many at once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        async (deliveries, writers) => {
          const run = serial++;
          const before = await failed();
          const queue = deliveries.map((nth) => `contribution ${run} ${nth}`);
          await Promise.all(
            Array.from({ length: writers }, async () => {
              for (let name = queue.pop(); name !== undefined; name = queue.pop()) await add(name);
            }),
          );
          expect((await failed()) - before).toBe(new Set(deliveries).size);
        },
      ),
      { numRuns: 12 },
    );
  });

  it("know a shard's last 48 names, also while it is trimmed by many at once", async () => {
    await fc.assert(
      fc.asyncProperty(
        // How many new names come at once, and how far back redeliveries reach.
        fc.infiniteStream(fc.record({ many: fc.integer({ min: 1, max: 6 }), back: fc.integer({ min: 0, max: 35 }) })),
        async (deliveries) => {
          const names = oneShard(serial++);
          const before = await failed();
          for (let next = 0; next < names.length; ) {
            const { many, back } = deliveries.next().value!;
            const fresh = names.slice(next, next + many);
            const again = names.slice(Math.max(0, next - back), next).slice(0, 3);
            await Promise.all([...fresh, ...again].map(add));
            await add(fresh[0]!);
            next += many;
          }
          // As many as a thousand names leave to one shard, sixteen, and more.
          for (const name of names.slice(-40)) await add(name);
          expect((await failed()) - before).toBe(names.length);
        },
      ),
      { numRuns: 2 },
    );
  });
});

/** What somebody does to one ban row; `generation` also names the row to replace or lift. */
type Step =
  | { readonly kind: "put"; readonly since: number; readonly lasts: number | undefined; readonly generation: number }
  | {
      readonly kind: "replace";
      readonly since: number;
      readonly lasts: number | undefined;
      readonly generation: number;
    }
  | { readonly kind: "lift"; readonly generation: number };

const since = fc.integer({ min: 1, max: 30 });
const lasts = fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined, freq: 8 });
const generation = fc.integer({ min: 1, max: 10 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), since, lasts, generation }),
  fc.record({ kind: fc.constant("replace" as const), since, lasts, generation }),
  fc.record({ kind: fc.constant("lift" as const), generation }),
);

describe("bans put, replaced and lifted by many at once", () => {
  it("keep generations growing, and each outcome is one change of the stream", async () => {
    const stream = await openTableStream({ upstream: engine, table: engine.tables.bans });
    const { bans } = createCloudState(engine.connect(stream.endpoint), engine.tables);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 8 }), { minLength: 1, maxLength: 4 }), async (writers) => {
        const id = freshId();
        const outcomes: (PutOutcome["kind"] | "lifted" | "absent")[] = [];
        await Promise.all(
          writers.map(async (steps) => {
            for (const each of steps) outcomes.push(await take(each, id));
          }),
        );
        const changes = stream.take(1_000).map((found) => {
          const finding = decodeStreamRecord(found);
          if (finding.kind !== "change") throw new Error(finding.kind);
          return finding.change;
        });
        const count = (kind: string) => outcomes.filter((outcome) => outcome === kind).length;
        expect(tally(changes)).toEqual({
          banned: count("created"),
          renewed: count("renewed"),
          lifted: count("lifted"),
        });
        for (const change of changes) {
          if (change.kind === "renewed") expect(change.ban.generation).toBeGreaterThan(change.previous.generation);
        }
        const last = changes.at(-1);
        expect(await bans.ofId(id)).toEqual(last === undefined || last.kind === "lifted" ? [] : [last.ban]);
      }),
      { numRuns: 30 },
    );
    await stream.close();

    async function take(what: Step, id: Ban["id"]) {
      if (what.kind === "lift") {
        const lifted = await bans.lift({ jail: "web", id, generation: what.generation }, 1);
        return lifted ? "lifted" : "absent";
      }
      const expiresAt = what.lasts === undefined ? undefined : what.since + what.lasts;
      const ban = sampleBan({ id, since: what.since, expiresAt, generation: what.generation });
      const replacing = what.kind === "replace" ? what.generation : undefined;
      const outcome = await bans.put(ban, replacing);
      if (outcome.kind === "renewed") {
        const { previous } = outcome;
        const over = previous.expiresAt !== undefined && previous.expiresAt <= ban.since;
        expect(over || previous.generation === replacing).toBe(true);
      }
      if (outcome.kind === "standing") {
        const { expiresAt: end, generation: standing } = outcome.ban;
        expect((end === undefined || end > ban.since) && standing !== replacing).toBe(true);
      }
      return outcome.kind;
    }
  });
});

describe("histories", () => {
  it("are what the core makes of the same bans and pardons, noted in any order, any number of times", async () => {
    const deed = fc.oneof(
      // Few times of beginning: a renewal begins when the ban did, and after a pardon it counts again.
      { weight: 4, arbitrary: fc.record({ since: fc.integer({ min: 1, max: 3 }), lasts, generation }) },
      { weight: 2, arbitrary: fc.record({ pardonAt: fc.integer({ min: 1, max: 40 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { minLength: 1, maxLength: 15 }), async (deeds) => {
        const key = { jail: "web", id: freshId() };
        let expected: Offence | undefined;
        for (const each of deeds) {
          if ("pardonAt" in each) {
            expected = expected === undefined ? undefined : pardonOffence(expected, each.pardonAt);
            await state.offenders.pardon(key, each.pardonAt);
          } else {
            const expiresAt = each.lasts === undefined ? undefined : each.since + each.lasts;
            const ban = sampleBan({ ...key, since: each.since, expiresAt, generation: each.generation });
            expected = noteBan(expected, ban);
            await state.offenders.record(ban);
          }
        }
        expect(await state.offenders.history(key.id)).toEqual(expected === undefined ? [] : [expected]);
      }),
      { numRuns: 40 },
    );
  });

  it("count each of many bans once, noted by all at once", async () => {
    const bans = fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(bans, async (generations) => {
        const id = freshId();
        const ban = (each: number) => sampleBan({ id, since: each * 10, expiresAt: each * 10 + 5, generation: each });
        await Promise.all([...generations, ...generations].map((each) => state.offenders.record(ban(each))));
        const [history] = await state.offenders.history(id);
        // A ban that is noted after a later one no longer counts, so how many do depends on who came first.
        expect(history!.count).toBeGreaterThanOrEqual(1);
        expect(history!.count).toBeLessThanOrEqual(generations.length);
        expect(history).toMatchObject({ generation: Math.max(...generations), since: Math.max(...generations) * 10 });
      }),
      { numRuns: 15 },
    );
  });
});

function counted({ receivedAt: _, ...failure }: ReturnType<typeof failuresOf>[number]) {
  return failure;
}

function tally(changes: readonly BanChange[]) {
  const count = (kind: BanChange["kind"]) => changes.filter((change) => change.kind === kind).length;
  return { banned: count("banned"), renewed: count("renewed"), lifted: count("lifted") };
}
