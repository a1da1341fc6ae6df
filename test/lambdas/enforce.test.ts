/** From the stream of ban rows to commands, ban log and recidive jails, on tables of dynalite. */
import type { DynamoDBRecord } from "aws-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseNetwork, type Target } from "../../shared/core/address.ts";
import type { Ban } from "../../shared/core/ban.ts";
import { PortError } from "../../shared/ports/failure.ts";
import { sampleBan } from "../contracts/samples.ts";
import { all } from "../contracts/subject.ts";
import { type Cloud, openCloud, type ProcessOptions, rulesetOf, shelf, startProcess, wordJail } from "./rig.ts";

const HOUR = 3_600_000;
const A = "192.0.2.1" as Target;
const B = parseNetwork("2001:db8::2")!;

let cloud: Cloud;
let take: (limit?: number) => { Records: DynamoDBRecord[] };
beforeAll(async () => {
  cloud = await openCloud();
});
afterAll(() => cloud.close());
beforeEach(async () => {
  await cloud.engine.empty();
  cloud.clock.advance(HOUR);
  cloud.ssm.fail(undefined);
  (cloud.ssm.sent as unknown[]).length = 0;
  const read = cloud.stream.reader();
  read(Number.POSITIVE_INFINITY);
  take = (limit = 1_000) => ({ Records: [...read(limit)] });
});

const recidive = () =>
  wordJail("recidive", {
    failregex: ["\\[(?!recidive\\])[^\\]]*\\]\\s+Ban\\s+<HOST>\\s*$"],
    logs: [{ path: "/var/log/fail2ban.log", from: "head" }],
    maxretry: 2,
  });

function ban(with_: Partial<Ban> = {}): Ban {
  const since = cloud.clock.now();
  return sampleBan({ id: A, since, expiresAt: since + HOUR, generation: since, ...with_ });
}

const start = (options: ProcessOptions = {}) => startProcess(cloud, options);

describe("changes of ban rows", () => {
  it("become one command, lines of the ban log, totals and figures", async () => {
    const { enforce, out } = await start();
    await cloud.state.bans.put(ban());
    await cloud.state.bans.put(ban({ id: B, expiresAt: undefined }));
    cloud.clock.advance(1_500);
    expect(await enforce(take())).toEqual({ batchItemFailures: [] });
    expect(cloud.ssm.sent.length).toBe(1);
    expect(cloud.ssm.sent[0]!.input).toMatchObject({ DocumentVersion: "1", MaxErrors: "100%", MaxConcurrency: "100%" });
    const since = cloud.clock.now() - 1_500;
    expect(cloud.ssm.changes()).toEqual([`b ${A} ${(since + HOUR) / 1000} ${since}`, `b ${B} 0 ${since}`]);
    expect(out.logs().map(({ message }) => message)).toEqual([`[web] Ban ${A}`, `[web] Ban ${B}`]);
    expect((await cloud.state.totals.read()).get("web")?.banned).toBe(2);
    expect([out.sum("Commands"), out.delays("BanToCommand")]).toEqual([1, [1_500, 1_500]]);
    expect(await cloud.state.commands.opened()).toMatchObject([{ id: "command-1", changes: 2, mode: "apply" }]);
  });

  it.each([
    {
      name: "by sweep",
      end: async (bans: Cloud["state"]["bans"], row: Ban) => void (await bans.lift(row, row.expiresAt!)),
    },
    { name: "by TTL", end: async () => void (await cloud.stream.expire(cloud.clock.now() + 2_000)) },
    {
      name: "by TTL in a replica",
      end: async () => void (await cloud.stream.expire(cloud.clock.now() + 2_000, { signed: false })),
    },
  ])("that end a ban $name lift it on the hosts", async ({ end }) => {
    const { enforce, out } = await start();
    const row = ban();
    await cloud.state.bans.put(row);
    await enforce(take());
    cloud.clock.advance(HOUR + 2_000);
    await end(cloud.state.bans, row);
    await enforce(take());
    expect(cloud.ssm.changes().at(-1)).toBe(`u ${A} ${row.generation}`);
    expect(out.sum("Unbans")).toBe(1);
    expect(out.logs().at(-1)).toMatchObject({ message: `[web] Unban ${A}` });
  });

  it("that are over by now, or of a jail without a firewall, make no command", async () => {
    const observed = rulesetOf({ jails: [wordJail("web", { actions: [] })], observed: ["web"] });
    const { enforce, out } = await start({ ruleset: observed });
    await cloud.state.bans.put(ban());
    await enforce(take());
    const { enforce: real } = await start();
    await cloud.state.bans.put(ban({ id: B }));
    cloud.clock.advance(2 * HOUR);
    await real(take());
    expect(cloud.ssm.sent).toEqual([]);
    expect(out.logs()).toMatchObject([{ message: `[web] Ban ${A}` }]);
  });

  it("lift no ban on hosts that never heard of it: its jail was only observed", async () => {
    const observed = rulesetOf({ hash: "ruleset-2", jails: [wordJail("web", { actions: [] })], observed: ["web"] });
    const before = await start();
    const after = await start({ ruleset: observed });
    const [enforced, seen] = [ban({ ruleset: "ruleset-1" }), ban({ id: B, ruleset: "ruleset-2" })];
    await cloud.state.bans.put(enforced);
    await before.enforce(take());
    await cloud.state.bans.put(seen);
    await cloud.state.bans.lift(seen, cloud.clock.now());
    await after.enforce(take());
    expect(cloud.ssm.sent.length).toBe(1);
    expect(after.out.logs().at(-1)).toMatchObject({ message: `[web] Unban ${B}` });
    // What stood when people switched from enforcing to observing is lifted by them, as ever.
    await cloud.state.bans.lift(enforced, cloud.clock.now());
    await after.enforce(take());
    expect(cloud.ssm.changes().at(-1)).toBe(`u ${A} ${enforced.generation}`);
  });

  it("that hosts never take are named and not sent", async () => {
    const { enforce, out } = await start();
    await cloud.state.bans.put(ban({ id: parseNetwork("0.0.0.0/4")! }));
    expect(await enforce(take())).toEqual({ batchItemFailures: [] });
    expect(out.sum("ChangesRefused")).toBe(1);
    expect(out.logs()).toContainEqual(expect.objectContaining({ level: "WARN", refusal: "too-wide" }));
  });

  it("carry the revision of the deployment, greater after a rollback", async () => {
    const revisions: number[] = [];
    for (const hash of ["old", "new", "old"]) {
      const { enforce } = await start({ ruleset: rulesetOf({ hash }) });
      await cloud.state.bans.put(ban({ id: `192.0.2.${revisions.length + 10}` as Target }));
      await enforce(take());
      const text = cloud.ssm.sent.at(-1)!.input.Parameters!.Changes![0]!;
      revisions.push(Number(/^j \S+ (\d+) /m.exec(text)![1]));
      cloud.clock.advance(200_000);
    }
    expect(revisions[1]).toBeGreaterThan(revisions[0]!);
    expect(revisions[2]).toBeGreaterThan(revisions[1]!);
  });

  it("of a jail that only a newer ruleset knows are named, and left to a reconcile", async () => {
    const { enforce, out } = await start();
    await cloud.state.bans.put(ban({ jail: "brand-new", ruleset: "newer" }));
    await cloud.state.bans.put(ban());
    expect(await enforce(take())).toEqual({ batchItemFailures: [] });
    expect(cloud.ssm.changes().length).toBe(1);
    expect(out.logs()).toContainEqual(expect.objectContaining({ level: "WARN", jails: ["brand-new"] }));
  });
});

describe("rows that are no bans", () => {
  it("are set aside, counted and logged, and stop nothing", async () => {
    const aside = shelf();
    const { enforce, out } = await start({ setAside: aside });
    await cloud.state.bans.put(ban());
    const event = take();
    const broken = structuredClone(event.Records[0]!);
    broken.dynamodb!.NewImage!.id = { S: "999.1.1.1" };
    broken.dynamodb!.SequenceNumber = "7";
    expect(await enforce({ Records: [broken, ...event.Records, {}] })).toEqual({ batchItemFailures: [] });
    expect(aside.items).toMatchObject([
      { reason: expect.stringContaining("999.1.1.1"), source: expect.stringContaining("7") },
      {},
    ]);
    expect(JSON.parse(aside.items[0]!.body)).toEqual(broken);
    expect(out.sum("Malformed")).toBe(2);
    expect(cloud.ssm.changes().length).toBe(1);
  });
});

describe("a recidive jail", () => {
  it("counts each ban once, however often its change comes, and bans in turn", async () => {
    const { enforce } = await start({ ruleset: rulesetOf({ jails: [wordJail("web"), wordJail("ssh"), recidive()] }) });
    await cloud.state.bans.put(ban());
    const first = take();
    for (let time = 0; time < 3; time++) await enforce(first);
    expect(await all(cloud.state.bans.inJail("recidive"))).toEqual([]);
    await cloud.state.bans.put(ban({ jail: "ssh" }));
    const second = take();
    for (let time = 0; time < 2; time++) await enforce(second);
    expect(await all(cloud.state.bans.inJail("recidive"))).toMatchObject([{ id: A, failures: 2 }]);
    expect((await cloud.state.totals.read()).get("web")?.banned).toBe(1);
    expect(cloud.ssm.changes().filter((line) => line.startsWith("b")).length).toBe(5);
    await enforce(take());
    expect(cloud.ssm.changes().length).toBe(6);
  });

  it("asks for the first change again that could not be counted, and those before it are done", async () => {
    let broken = true;
    const { enforce, out } = await start({
      ruleset: rulesetOf({ jails: [wordJail("web"), recidive()] }),
      through: (state) => ({
        ...state,
        windows: {
          ...state.windows,
          load: (keys) =>
            broken && keys[0]!.id === B
              ? Promise.reject(new PortError("unavailable", "BatchGetItem failed: throttled", "Wait."))
              : state.windows.load(keys),
        },
      }),
    });
    for (const id of [A, B, "192.0.2.3" as Target]) await cloud.state.bans.put(ban({ id }));
    const event = take();
    const second = event.Records[1]!.dynamodb!.SequenceNumber!;
    expect(await enforce(event)).toEqual({ batchItemFailures: [{ itemIdentifier: second }] });
    expect(out.logs()).toContainEqual(
      expect.objectContaining({ level: "ERROR", error: expect.objectContaining({ code: "unavailable" }) }),
    );
    broken = false;
    expect(await enforce({ Records: event.Records.slice(1) })).toEqual({ batchItemFailures: [] });
    const windows = await cloud.state.windows.load([A, B].map((id) => ({ jail: "recidive", id })));
    expect(windows.map(({ window }) => window.failures.length)).toEqual([1, 1]);
  });
});

describe("commands", () => {
  it("wait for their slot, however many processes send them", async () => {
    const processes = [await start(), await start(), await start()];
    for (const [nth, { enforce }] of processes.entries()) {
      await cloud.state.bans.put(ban({ id: `192.0.2.${nth + 1}` as Target }));
      await enforce(take());
    }
    expect(processes.map(({ waits }) => waits)).toEqual([[], [8_000], [8_000]]);
  });

  it("whose slot comes too late for the function are asked for again", async () => {
    const { enforce: first } = await start();
    const { enforce: second, out } = await start({ remaining: () => 50_000 });
    await cloud.state.bans.put(ban());
    await first(take());
    await cloud.state.bans.put(ban({ id: B }));
    const event = take();
    const again = { batchItemFailures: [{ itemIdentifier: event.Records[0]!.dynamodb!.SequenceNumber! }] };
    expect(await second(event)).toEqual(again);
    expect(out.logs()).toMatchObject([{ level: "ERROR", error: { code: "unavailable" } }]);
    expect(cloud.ssm.sent.length).toBe(1);
  });

  it.each([
    {
      name: "throttled",
      error: Object.assign(new Error("Rate exceeded"), { name: "ThrottlingException", $fault: "client" }),
      code: "unavailable",
    },
    {
      name: "not allowed",
      error: Object.assign(new Error("no"), { name: "AccessDeniedException", $fault: "client" }),
      code: "denied",
    },
    {
      name: "refused for an expired credential",
      error: Object.assign(new Error("over"), { name: "ExpiredTokenException", $fault: "client" }),
      code: "denied",
    },
  ])("that are $name for an hour are asked for again, and then every host has every ban", async ({ error, code }) => {
    const { enforce, out } = await start();
    cloud.ssm.fail(error);
    await cloud.state.bans.put(ban({ expiresAt: undefined }));
    await cloud.state.bans.put(ban({ id: B, expiresAt: cloud.clock.now() + 1_800_000 }));
    const event = take();
    const again = { batchItemFailures: [{ itemIdentifier: event.Records[0]!.dynamodb!.SequenceNumber! }] };
    for (let minute = 0; minute < 60; minute += 10) {
      expect(await enforce(event)).toEqual(again);
      cloud.clock.advance(600_000);
    }
    expect(out.logs().filter(({ level }) => level === "ERROR").length).toBe(6);
    expect(out.logs()[0]).toMatchObject({ error: { code, next: expect.any(String) } });
    expect((await cloud.state.totals.read()).get("web")).toBeUndefined();
    cloud.ssm.fail(undefined);
    expect(await enforce(event)).toEqual({ batchItemFailures: [] });
    // The ban that ended meanwhile is no news to anybody; the other one is enforced as if nothing had been.
    expect(cloud.ssm.changes().map((line) => line.split(" ")[1])).toEqual([A]);
    expect((await cloud.state.totals.read()).get("web")?.banned).toBe(2);
  });

  it("that SSM refuses as wrong end the run, so that the batch is cut in two until the one to blame is alone", async () => {
    const { enforce } = await start();
    cloud.ssm.fail(Object.assign(new Error("bad parameter"), { name: "ValidationException", $fault: "client" }));
    await cloud.state.bans.put(ban({ expiresAt: undefined }));
    const event = take();
    await expect(enforce(event)).rejects.toMatchObject({ code: "rejected" });
    cloud.ssm.fail(undefined);
    expect(await enforce(event)).toEqual({ batchItemFailures: [] });
  });
});
