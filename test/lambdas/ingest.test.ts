/** From payloads to ban rows, on tables of dynalite. */
import { type AttributeValue, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseNetwork } from "../../shared/core/address.ts";
import { PortError } from "../../shared/ports/failure.ts";
import { all } from "../contracts/subject.ts";
import {
  type Cloud,
  direct,
  failures,
  LOG_GROUP,
  lines,
  openCloud,
  pack,
  payload,
  records,
  rulesetOf,
  START,
  shelf,
  startProcess,
  wordJail,
} from "./rig.ts";

let cloud: Cloud;
beforeAll(async () => {
  cloud = await openCloud();
});
afterAll(() => cloud.close());
beforeEach(() => cloud.engine.empty());

const banned = async (jail = "web") => (await all(cloud.state.bans.inJail(jail))).map((ban) => ban.id).sort();
const A = "192.0.2.1";
const B = "2001:db8::2";

describe("a payload", () => {
  it("bans who fails maxretry times, and says what it did", async () => {
    const { ingest, out } = await startProcess(cloud);
    cloud.clock.advance(40);
    const events = [
      ...failures(A, 3),
      ...failures(B, 2),
      ...lines([START + 9, "ordinary"], [START + 10, "failed web 999.1.1.1"]),
    ];
    expect(await ingest(direct(payload(events)))).toEqual({ batchItemFailures: [] });
    const [ban] = await cloud.state.bans.ofId(parseNetwork(A)!);
    expect(ban).toMatchObject({
      jail: "web",
      since: START + 2,
      expiresAt: START + 2 + 3_600_000,
      failures: 3,
      source: "i-0123456789abcdef0",
      actor: "fleet2ban",
      ruleset: "ruleset-1",
    });
    expect(await banned()).toEqual([A]);
    expect((await cloud.state.totals.read()).get("web")).toEqual({ failed: 5, banned: 0, ignored: 0 });
    expect(["Lines", "FailuresCounted", "BansDecided", "Refused", "Malformed"].map(out.sum)).toEqual([7, 5, 1, 1, 0]);
    expect(out.delays("LineToIngest")).toEqual([30]);
    expect(out.delays("IngestToBan").length).toBe(1);
    expect(out.logs()).toMatchObject([
      { level: "INFO", message: "banned", id: A, jail: "web", requestId: expect.any(String) },
    ]);
  });

  it("delivered again, cut in two or by another process counts once", async () => {
    const first = await startProcess(cloud);
    const second = await startProcess(cloud);
    const events = failures(A, 2);
    for (const { ingest } of [first, first, second]) await ingest(direct(payload(events)));
    await second.ingest(direct(payload(events.slice(1))));
    expect(await banned()).toEqual([]);
    await second.ingest(direct(payload(failures(A, 1, START + 5))));
    expect(await banned()).toEqual([A]);
  });

  it("with which CloudWatch asks whether somebody listens is skipped", async () => {
    const { ingest, out, setAside } = await startProcess(cloud, { setAside: shelf() });
    await ingest(direct(payload([], { messageType: "CONTROL_MESSAGE" })));
    expect(out.sum("Malformed")).toBe(0);
    expect((setAside as ReturnType<typeof shelf>).items).toEqual([]);
  });

  it("spares who is allowed, who is never banned, and an idle jail's", async () => {
    const ruleset = rulesetOf({
      jails: [wordJail("web", { ignoreip: ["198.51.100.0/24"] }), wordJail("ssh")],
    });
    const { ingest, out } = await startProcess(cloud, { ruleset });
    await cloud.state.control.put({ kind: "idle", jail: "ssh", actor: "ann", at: START });
    await ingest(
      direct(
        payload([
          ...failures("198.51.100.9", 3),
          ...failures("10.1.1.1", 3),
          ...failures(A, 3, START, "ssh"),
          ...failures(B, 3),
        ]),
      ),
    );
    expect([await banned(), await banned("ssh")]).toEqual([[B], []]);
    expect(out.sum("FailuresIgnored")).toBe(6);
  });

  it("is sifted by its own log group's jails", async () => {
    const ruleset = rulesetOf({
      jails: [wordJail("web"), wordJail("ssh")],
      logGroups: { [LOG_GROUP]: ["web"], "/var/log/auth": ["ssh"] },
    });
    const { ingest } = await startProcess(cloud, { ruleset });
    const ordinary = lines(...Array.from({ length: 200 }, (_, nth) => [START + nth, `GET /${nth}`] as const));
    for (const logGroup of [LOG_GROUP, "/var/log/auth"]) await ingest(direct(payload(ordinary, { logGroup })));
    const both = [...failures(A, 3), ...failures(B, 3, START, "ssh")];
    await ingest(direct(payload([...ordinary, ...both])));
    expect([await banned(), await banned("ssh")]).toEqual([[A], []]);
    await ingest(direct(payload([...ordinary, ...both], { logGroup: "/var/log/auth" })));
    expect([await banned(), await banned("ssh")]).toEqual([[A], [B]]);
  });

  it("of a log group that no jail reads is counted, and said once", async () => {
    const { ingest, out } = await startProcess(cloud);
    for (let time = 0; time < 3; time++) await ingest(direct(payload(failures(A, 3), { logGroup: "/other" })));
    expect([out.sum("LinesUnread"), out.sum("Malformed")]).toEqual([9, 0]);
    expect(out.logs()).toMatchObject([{ level: "WARN", logGroup: "/other" }]);
    expect(await banned()).toEqual([]);
  });

  it("with a line of a megabyte looks at its first 64 KB", async () => {
    const { ingest } = await startProcess(cloud, {
      ruleset: rulesetOf({ jails: [wordJail("web", { failregex: ["^failed web <HOST> "] })] }),
    });
    const long = (who: string) => `failed web ${who} ${"x".repeat(1 << 20)}`;
    const late = `${"x".repeat(1 << 16)} failed web ${B} `;
    await ingest(direct(payload(lines([START, long(A)], [START, long(A)], [START, long(A)], [START, late]))));
    expect(await banned()).toEqual([A]);
    expect((await cloud.state.bans.ofId(parseNetwork(A)!))[0]!.matches[0]!.length).toBe(1_000);
  });
});

describe("a broken payload", () => {
  const bomb = () => Buffer.concat(Array(60).fill(Buffer.from(pack(" ".repeat(1 << 20)), "base64"))).toString("base64");
  const sound = pack(JSON.stringify({ messageType: "DATA_MESSAGE" }));
  it.each([
    { name: "garbage", data: Buffer.from("no gzip at all").toString("base64"), reason: /no gzip/ },
    { name: "nothing", data: "", reason: /empty/ },
    { name: "gzip that is cut off", data: payload(failures(A, 3)).slice(0, -40), reason: /cut off|no gzip/ },
    { name: "a zip bomb", data: bomb(), reason: /more than \d+ bytes/ },
    { name: "text that is no JSON", data: pack("{"), reason: /not a JSON object/ },
    { name: "an envelope without events", data: sound, reason: /logEvents is missing/ },
    {
      name: "an unknown type of message",
      data: payload(failures(A, 3), { messageType: "NEWS" }),
      reason: /messageType/,
    },
  ])("($name) is set aside, counted and logged once, and stops nothing", async ({ data, reason }) => {
    const aside = shelf();
    const { ingest, out } = await startProcess(cloud, { setAside: aside });
    expect(await ingest(direct(data))).toEqual({ batchItemFailures: [] });
    expect(await ingest(records(data, payload(failures(A, 3))))).toEqual({ batchItemFailures: [] });
    expect(aside.items.map((item) => item.source)).toEqual(["subscription", "seq-0"]);
    for (const item of aside.items) expect(item).toMatchObject({ body: data, reason: expect.stringMatching(reason) });
    expect(out.sum("Malformed")).toBe(2);
    expect(out.logs().filter(({ level }) => level === "WARN").length).toBe(2);
    expect(await banned()).toEqual([A]);
  });

  it("of 10 000 events of a megabyte each is let go before it fills the memory", async () => {
    const event = Buffer.from(pack(`{"id":"1","timestamp":1,"message":"${"x".repeat(1 << 20)}"},`), "base64");
    const data = Buffer.concat([
      Buffer.from(pack('{"messageType":"DATA_MESSAGE","logEvents":['), "base64"),
      ...Array(10_000).fill(event),
    ]);
    const aside = shelf();
    const { ingest } = await startProcess(cloud, { setAside: aside });
    const before = process.memoryUsage.rss();
    await ingest(direct(data.toString("base64")));
    expect(aside.items[0]!.reason).toMatch(/more than/);
    expect((process.memoryUsage.rss() - before) / 2 ** 20).toBeLessThan(400);
  });

  it("that cannot even be set aside comes again", async () => {
    const down = { put: () => Promise.reject(new PortError("unavailable", "SendMessage on the queue", "Wait.")) };
    const { ingest } = await startProcess(cloud, { setAside: down });
    await expect(ingest(direct("x"))).rejects.toMatchObject({ code: "unavailable" });
    expect(await ingest(records("x"))).toEqual({ batchItemFailures: [{ itemIdentifier: "seq-0" }] });
  });

  it("inside a sound one costs its own events only", async () => {
    const { ingest, out } = await startProcess(cloud);
    const events = [...failures(A, 3), { id: undefined, at: START, text: `failed web ${B}` }].map(
      ({ id, at, text }) => ({
        id,
        timestamp: at,
        message: text,
      }),
    );
    const logEvents = [...events, { id: "5", timestamp: "now", message: "x" }, null, 7];
    await ingest(direct(payload([], { logEvents })));
    expect(await banned()).toEqual([A]);
    expect([out.sum("Lines"), out.sum("Malformed")]).toEqual([7, 4]);
  });

  it.each([{}, null, [], { Records: [{}] }, { awslogs: {} }, { Records: [{ kinesis: { data: "x" } }] }])(
    "of no known kind (%j) is set aside",
    async (event) => {
      const aside = shelf();
      const { ingest, out } = await startProcess(cloud, { setAside: aside });
      expect(await ingest(event)).toEqual({ batchItemFailures: [] });
      expect(aside.items).toMatchObject([{ source: "invocation", body: JSON.stringify(event) }]);
      expect(out.sum("Malformed")).toBe(1);
    },
  );
});

describe("a row that somebody else wrote", () => {
  const write = (table: "windows" | "bans", Item: Record<string, AttributeValue>) =>
    cloud.engine.client.send(new PutItemCommand({ TableName: cloud.engine.tables[table], Item }));

  it("in the place of a window costs its id the count so far, nobody else anything, and is told", async () => {
    const { ingest, out } = await startProcess(cloud);
    await write("windows", { key: { S: `web#${A}` }, window: { S: "[" }, version: { S: "?" } });
    await ingest(direct(payload([...failures(A, 2), ...failures(B, 3)])));
    expect(await banned()).toEqual([B]);
    expect(out.logs()).toContainEqual(
      expect.objectContaining({
        level: "ERROR",
        error: expect.objectContaining({ code: "state-corrupt", message: expect.stringContaining(`web#${A}`) }),
      }),
    );
    expect(out.sum("Malformed")).toBeGreaterThan(0);
    await ingest(direct(payload(failures(A, 1, START + 5))));
    expect(await banned()).toEqual([A, B]);
  });

  it("in the place of a ban gives way to one", async () => {
    const { ingest } = await startProcess(cloud);
    await write("bans", { id: { S: A }, jail: { S: "web" }, note: { S: "do not ban him" } });
    await ingest(direct(payload([...failures(A, 3), ...failures(B, 3)])));
    expect(await banned()).toEqual([A, B]);
  });
});

describe("records of a Kinesis stream", () => {
  it("are asked for again from the first that failed", async () => {
    let broken = true;
    const { ingest, out } = await startProcess(cloud, {
      through: (state) => ({
        ...state,
        windows: {
          ...state.windows,
          load: (keys) =>
            broken && keys.some((key) => key.id === B)
              ? Promise.reject(new PortError("unavailable", "BatchGetItem on table windows failed: throttled", "Wait."))
              : state.windows.load(keys),
        },
      }),
    });
    const [first, second, third] = [failures(A, 3), failures(B, 3), failures("192.0.2.3", 3)].map((events) =>
      payload(events),
    );
    expect(await ingest(records(first!, second!, third!))).toEqual({
      batchItemFailures: [{ itemIdentifier: "seq-1" }],
    });
    expect(await banned()).toEqual([A]);
    expect(out.logs()).toMatchObject([
      { message: "banned" },
      { level: "ERROR", sequenceNumber: "seq-1", error: { code: "unavailable", next: "Wait." } },
    ]);
    broken = false;
    expect(await ingest(records(second!, third!))).toEqual({ batchItemFailures: [] });
    expect(await banned()).toEqual([A, "192.0.2.3", B].sort());
  });

  it("are asked for again where time runs short", async () => {
    const left = [60_000, 9_999];
    const { ingest } = await startProcess(cloud, { remaining: () => left.shift()! });
    const data = [A, B, "192.0.2.3"].map((who) => payload(failures(who, 3)));
    expect(await ingest(records(...data))).toEqual({ batchItemFailures: [{ itemIdentifier: "seq-2" }] });
    expect(await banned()).toEqual([A, B]);
  });
});

describe("a breaker", () => {
  it("that trips calls for a person once, and holds what comes after it", async () => {
    const { ingest, alarms, out } = await startProcess(cloud, { ruleset: rulesetOf({ bansPerMinute: 2 }) });
    const ids = [1, 2, 3, 4].map((nth) => `192.0.2.${nth}`);
    for (const id of ids) await ingest(direct(payload(failures(id, 3))));
    expect(await banned()).toEqual(ids.slice(0, 3));
    expect(alarms).toMatchObject([{ subject: "fleet2ban test: jail web is stopped" }]);
    expect(out.sum("BansHeld")).toBe(1);
    expect((await all(cloud.state.holds.inJail("web"))).map((ban) => ban.id)).toEqual(ids.slice(3));
  });

  const ids = [1, 2, 3, 4, 5, 6].map((nth) => `192.0.2.${nth}`);

  it("whose alarm nobody takes is logged, the batch is done, and the next ban that is held calls again", async () => {
    const raised: string[] = [];
    let away = true;
    const { ingest, out } = await startProcess(cloud, {
      ruleset: rulesetOf({ bansPerMinute: 1 }),
      alarm: {
        async raise({ subject }) {
          if (away) throw new PortError("unavailable", "Publish on topic", "Wait.");
          raised.push(subject);
        },
      },
    });
    await ingest(direct(payload([...failures(ids[0]!, 3), ...failures(ids[1]!, 3)])));
    await ingest(direct(payload(failures(ids[2]!, 3))));
    expect(await banned()).toEqual(ids.slice(0, 2));
    const errors = out.logs().filter(({ level, jail }) => level === "ERROR" && jail === "web");
    expect(errors.length).toBe(2);
    away = false;
    for (const id of ids.slice(3)) await ingest(direct(payload(failures(id, 3))));
    expect(raised).toEqual(["fleet2ban test: jail web is stopped"]);
  });

  it("calls although the batch in which it tripped failed behind it", async () => {
    let broken = true;
    const { ingest, alarms } = await startProcess(cloud, {
      ruleset: rulesetOf({ bansPerMinute: 1 }),
      through: (state) => ({
        ...state,
        totals: {
          ...state.totals,
          async add(name, by) {
            if (broken) throw new PortError("unavailable", "the totals are throttled", "Again.");
            await state.totals.add(name, by);
          },
        },
      }),
    });
    const data = direct(payload([...failures(ids[0]!, 3), ...failures(ids[1]!, 3)]));
    await expect(ingest(data)).rejects.toThrow("throttled");
    broken = false;
    await ingest(data);
    await ingest(direct(payload(failures(ids[2]!, 3))));
    expect(alarms.map(({ subject }) => subject)).toEqual(["fleet2ban test: jail web is stopped"]);
  });

  it("calls once, however many processes find it tripped", async () => {
    const ruleset = rulesetOf({ bansPerMinute: 1 });
    let away = true;
    const raised: string[] = [];
    const alarm = {
      async raise({ subject }: { readonly subject: string }) {
        if (away) throw new PortError("unavailable", "Publish on topic", "Wait.");
        raised.push(subject);
      },
    };
    const processes = await Promise.all(ids.slice(2).map(() => startProcess(cloud, { ruleset, alarm })));
    await processes[0]!.ingest(direct(payload([...failures(ids[0]!, 3), ...failures(ids[1]!, 3)])));
    away = false;
    await Promise.all(processes.map(({ ingest }, nth) => ingest(direct(payload(failures(ids[nth + 2]!, 3))))));
    expect(raised.length).toBe(1);
  });

  it("that somebody else wrote holds the bans, and calls", async () => {
    const { ingest, alarms } = await startProcess(cloud);
    const row = { kind: { S: "breaker" }, key: { S: "web" }, state: { S: "?" } };
    await cloud.engine.client.send(new PutItemCommand({ TableName: cloud.engine.tables.control, Item: row }));
    for (const id of ids.slice(0, 2)) await ingest(direct(payload(failures(id, 3))));
    expect(await banned()).toEqual([]);
    expect(alarms).toMatchObject([{ text: expect.stringContaining("held let-go") }]);
    expect((await all(cloud.state.holds.inJail("web"))).length).toBe(2);
  });
});
