/**
 * Faults of the services: a clear log line, bounded retries, and, when it is over, the state that would have been without.
 */
import type { DynamoDBRecord } from "aws-lambda";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { random } from "../../bench/lines.ts";
import type { Target } from "../../shared/core/address.ts";
import { PortError } from "../../shared/ports/failure.ts";
import { all } from "../contracts/subject.ts";
import { EXPIRED, THROTTLED, type Trouble, watchRequests } from "../support/requests.ts";
import {
  type Cloud,
  direct,
  failures,
  type Line,
  lines,
  openCloud,
  type Process,
  payload,
  records,
  rulesetOf,
  START,
  startProcess,
  wordJail,
} from "./rig.ts";

vi.setConfig({ testTimeout: 240_000 });

let cloud: Cloud;
let read: (limit: number) => readonly DynamoDBRecord[];
beforeAll(async () => {
  cloud = await openCloud();
});
afterAll(() => cloud.close());
beforeEach(renew);

async function renew(): Promise<void> {
  await cloud.engine.empty();
  cloud.ssm.fail(undefined);
  (cloud.ssm.sent as unknown[]).length = 0;
  read = cloud.stream.reader();
  read(Number.POSITIVE_INFINITY);
}

/** A process whose requests to DynamoDB go wrong as `trouble` says. */
async function troubled(trouble: () => Trouble, maxretry = 3) {
  const client = cloud.engine.connect(cloud.stream.endpoint);
  watchRequests(client, trouble);
  return startProcess(cloud, {
    client,
    ruleset: rulesetOf({ jails: [wordJail("web", { maxretry, findtime: FINDTIME })] }),
  });
}

const FINDTIME = 60_000;
const A = "192.0.2.1";
const banned = async () => (await all(cloud.state.bans.inJail("web"))).map((ban) => ban.id).sort();

describe("a table that is", () => {
  it.each([
    {
      name: "throttled",
      error: THROTTLED,
      code: "unavailable",
      says: /^(BatchGetItem|Query) on table \S+ failed: .*slow down/,
    },
    { name: "closed to an expired credential", error: EXPIRED, code: "denied", says: /expired/ },
  ])("$name fails the payload in words; when it is over, everything counts once", async ({ error, code, says }) => {
    let over = false;
    const { ingest, out } = await troubled(() => (over ? undefined : { when: "before", error }));
    const events = payload(failures(A, 3));
    // The service delivers an asynchronous event three times in all, then to the dead-letter queue.
    for (let attempt = 0; attempt < 3; attempt++) await expect(ingest(direct(events))).rejects.toMatchObject({ code });
    expect(await ingest(records(events))).toEqual({ batchItemFailures: [{ itemIdentifier: "seq-0" }] });
    const errors = out.logs().filter(({ level }) => level === "ERROR");
    expect(errors.length).toBe(4);
    for (const line of errors)
      expect(line.error).toMatchObject({ code, message: expect.stringMatching(says), next: expect.any(String) });
    expect(await banned()).toEqual([]);
    over = true;
    // Redriven from the queue.
    await ingest(direct(events));
    expect(await banned()).toEqual([A]);
    expect((await cloud.state.totals.read()).get("web")?.failed).toBe(3);
  });

  it("throttled at any one request leaves nothing half done behind the retry", async () => {
    for (let broken = 1; ; broken++) {
      for (const when of ["before", "after"] as const) {
        await renew();
        let nth = 0;
        const { ingest } = await troubled(() => (++nth === broken ? { when, error: THROTTLED } : undefined));
        const events = payload([...failures(A, 2), ...failures("192.0.2.2", 3)]);
        const failed = await ingest(direct(events)).then(
          () => false,
          () => true,
        );
        if (nth < broken) return expect(broken).toBeGreaterThan(8);
        expect(failed).toBe(true);
        await ingest(direct(events));
        expect(await banned()).toEqual(["192.0.2.2"]);
        expect((await cloud.state.offenders.history("192.0.2.2" as Target))[0]?.count).toBe(1);
        expect((await cloud.state.totals.read()).get("web")?.failed).toBe(5);
        await ingest(direct(payload(failures(A, 1, START + 9))));
        expect(await banned()).toEqual([A, "192.0.2.2"]);
      }
    }
  });
});

describe("totals that could not be written", () => {
  it("are written when the payload comes again, although its ids are known to be banned by then", async () => {
    let nth = 0;
    const { ingest } = await startProcess(cloud, {
      through: (state) => ({
        ...state,
        totals: {
          ...state.totals,
          add: (...args) =>
            nth++ === 0
              ? Promise.reject(new PortError("unavailable", "UpdateItem on table control failed", "Wait."))
              : state.totals.add(...args),
        },
      }),
    });
    const events = payload(failures(A, 3));
    await expect(ingest(direct(events))).rejects.toMatchObject({ code: "unavailable" });
    expect(await banned()).toEqual([A]);
    await ingest(direct(events));
    expect((await cloud.state.totals.read()).get("web")?.failed).toBe(3);
  });
});

describe("a ruleset", () => {
  it("older or newer than the rows meets their bans and windows as its own", async () => {
    const old = await startProcess(cloud, { ruleset: rulesetOf({ hash: "old" }) });
    const renewed = await startProcess(cloud, { ruleset: rulesetOf({ hash: "new" }) });
    await old.ingest(direct(payload([...failures(A, 3), ...failures("192.0.2.2", 2)])));
    await renewed.ingest(direct(payload([...failures(A, 3, START + 10), ...failures("192.0.2.2", 1, START + 10)])));
    const rows = await all(cloud.state.bans.inJail("web"));
    expect(rows.map(({ id, ruleset }) => [id, ruleset]).sort()).toEqual([
      [A, "old"],
      ["192.0.2.2", "new"],
    ]);
  });
});

interface Case {
  readonly maxretry: number;
  readonly lines: readonly { readonly at: number; readonly who: string }[];
  readonly payloads: readonly (readonly number[])[];
  readonly seed: number;
}

const WHO = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "198.51.100.7"];

const cases: fc.Arbitrary<Case> = fc
  .record({
    maxretry: fc.integer({ min: 1, max: 4 }),
    arrivals: fc.array(
      fc.record({
        at: fc.nat(4 * FINDTIME),
        who: fc.constantFrom(...WHO),
        late: fc.double({ min: 0, max: 1, noNaN: true }),
        again: fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { maxLength: 2 }),
      }),
      { minLength: 4, maxLength: 40 },
    ),
    size: fc.integer({ min: 1, max: 12 }),
    seed: fc.integer(),
  })
  .map(({ maxretry, arrivals, size, seed }) => {
    const order = arrivals
      .flatMap(({ at, late, again }, nth) => [late, ...again].map((each) => ({ nth, when: at + each * FINDTIME })))
      .sort((a, b) => a.when - b.when)
      .map(({ nth }) => nth);
    const payloads: number[][] = [];
    for (let from = 0; from < order.length; from += size) payloads.push(order.slice(from, from + size));
    return { maxretry, seed, payloads, lines: arrivals.map(({ at, who }) => ({ at, who })) };
  });

describe("redelivery in any order, between two processes, with requests that fail or lose their answers", () => {
  it("ends in the bans that the lines call for, and hosts that hold exactly those", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (each) => {
        await renew();
        const chance = random(each.seed);
        const trouble = (): Trouble => {
          const share = chance();
          return share < 0.04
            ? { when: "before", error: THROTTLED }
            : share < 0.08
              ? { when: "after", error: THROTTLED }
              : undefined;
        };
        const processes = [await troubled(trouble, each.maxretry), await troubled(trouble, each.maxretry)];
        const one = () => processes[Math.floor(chance() * 2)]!;
        const events = lines(...each.lines.map(({ at, who }) => [START + at, `failed web ${who}`] as const));
        for (const part of each.payloads) await deliver(payload(part.map((nth) => events[nth] as Line)), one);
        expect(await banned()).toEqual(reference(each));
        const lifted = (await all(cloud.state.bans.inJail("web"))).filter(() => chance() < 0.4);
        for (const ban of lifted) await cloud.state.bans.lift(ban, cloud.clock.now());
        await enforceAll(chance, one);
        expect(onHosts()).toEqual(await banned());
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });
});

/** As the service does: again until it was taken, by whichever process. */
async function deliver(data: string, one: () => Process): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const failed = await one()
      .ingest(direct(data))
      .catch(() => undefined);
    if (failed !== undefined) return;
  }
  throw new Error("the payload was never taken");
}

/** The stream's records in batches, from the reported one again, some batches twice, while SSM fails now and then. */
async function enforceAll(chance: () => number, one: () => Process): Promise<void> {
  for (let batch = read(3); batch.length > 0; ) {
    cloud.ssm.fail(chance() < 0.3 ? THROTTLED : undefined);
    const { batchItemFailures } = await one().enforce({ Records: [...batch] });
    const [again] = batchItemFailures;
    // The service waits before it delivers a batch again.
    if (again !== undefined) cloud.clock.advance(2_000);
    if (again !== undefined)
      batch = batch.slice(batch.findIndex((record) => record.dynamodb!.SequenceNumber === again.itemIdentifier));
    else if (chance() > 0.2) batch = read(3);
  }
}

/** What hosts hold after all commands, in whatever order: of one target the newest generation, and an unban before a ban. */
function onHosts(): readonly string[] {
  const newest = new Map<string, { generation: number; banned: boolean }>();
  for (const line of cloud.ssm.changes()) {
    const words = line.split(" ");
    const change = { generation: Number(words.at(-1)), banned: words[0] === "b" };
    const known = newest.get(words[1]!);
    const later = known === undefined || change.generation > known.generation;
    if (later || (change.generation === known.generation && !change.banned)) newest.set(words[1]!, change);
  }
  return [...newest].flatMap(([target, { banned: holds }]) => (holds ? [target] : [])).sort();
}

function reference({ lines: all, maxretry }: Case): readonly string[] {
  const calledFor = (who: string) => {
    const times = all.filter((line) => line.who === who).map(({ at }) => at);
    return times.some((last) => times.filter((at) => at <= last && last - at < FINDTIME).length >= maxretry);
  };
  return WHO.filter(calledFor).sort();
}
