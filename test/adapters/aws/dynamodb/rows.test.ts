/** Rows keep to the service's limits whatever attackers write, carry a TTL that it understands, and are read page by page. */
import { randomBytes } from "node:crypto";
import { type AttributeValue, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { endShard } from "../../../../shared/adapters/aws/dynamodb/ban-row.ts";
import { type CloudState, createCloudState } from "../../../../shared/adapters/aws/dynamodb/cloud-state.ts";
import { cutLines } from "../../../../shared/adapters/aws/dynamodb/cut-lines.ts";
import type { CountedFailure, Window } from "../../../../shared/core/detect/window.ts";
import type { HostReply } from "../../../../shared/core/firewall/receipt.ts";
import { sampleBan, sampleFailure, target } from "../../../contracts/samples.ts";
import { all } from "../../../contracts/subject.ts";
import { type Engine, openEngine } from "../../../support/dynalite.ts";

const NOW = 1_700_000_000_000;
const MEGABYTE = 1_000_000;
const key = { jail: "web", id: target("192.0.2.1") };

let engine: Engine;
let state: CloudState;
beforeAll(async () => {
  engine = await openEngine();
  state = createCloudState(engine.client, engine.tables, { now: () => NOW });
});
beforeEach(() => engine.empty());
afterAll(() => engine.close());

/** Text that no compression makes small. */
const dense = (length: number) => randomBytes(length).toString("base64").slice(0, length);
/** As CloudWatch Logs names its events: 56 digits. */
const failure = (nth: number, line?: string): CountedFailure =>
  sampleFailure(nth, {
    identity: BigInt(`0x${randomBytes(23).toString("hex")}`)
      .toString()
      .padStart(56, "3"),
    line,
  });
const windowOf = (failures: readonly CountedFailure[]): Window => ({ failures, closed: undefined });

async function rows(table: keyof Engine["tables"]): Promise<Record<string, AttributeValue>[]> {
  const { Items } = await engine.client.send(
    new ScanCommand({ TableName: engine.tables[table], ConsistentRead: true }),
  );
  return Items!;
}

async function write(table: keyof Engine["tables"], Item: Record<string, AttributeValue>): Promise<void> {
  await engine.client.send(new PutItemCommand({ TableName: engine.tables[table], Item }));
}

describe("a row", () => {
  it("counts thousands of failures, and cuts lines before it loses one", async () => {
    const failures = Array.from({ length: 4_000 }, (_, nth) => failure(nth, nth < 10 ? dense(MEGABYTE) : undefined));
    expect(await state.windows.save(key, windowOf(failures), 0, undefined)).toBe("saved");
    const [stored] = await state.windows.load([key]);
    const { window } = stored!;
    expect(window.failures.map(({ at, identity }) => [at, identity])).toEqual(
      failures.map(({ at, identity }) => [at, identity]),
    );
    for (const [nth, { line }] of window.failures.slice(0, 10).entries()) {
      expect(line).toMatch(/… \(cut\)$/);
      expect(failures[nth]!.line!.startsWith(line!.slice(0, 10_000))).toBe(true);
    }
  });

  it("that cannot hold a window says what to do", async () => {
    const window = windowOf(Array.from({ length: 20_000 }, (_, nth) => failure(nth)));
    await expect(state.windows.save(key, window, 0, undefined)).rejects.toMatchObject({
      code: "rejected",
      next: expect.stringContaining("maxretry"),
    });
  });

  it("of a ban keeps what it can of hostile lines, and says the same each time", async () => {
    const ban = sampleBan({ matches: ["short", dense(MEGABYTE), "\u{1f600}".repeat(300_000)] });
    const outcome = await state.bans.put(ban);
    const [stored] = await state.bans.ofId(ban.id);
    expect(outcome).toEqual({ kind: "created", ban: stored });
    expect(stored).toEqual({ ...ban, matches: expect.any(Array) });
    expect(stored!.matches[0]).toBe("short");
    expect(stored!.matches.map((line) => line.slice(-7))).toEqual(["short", "… (cut)", "… (cut)"]);
    expect(Buffer.byteLength(stored!.matches.join(""))).toBeLessThanOrEqual(64 * 1024 + 20);
    expect(await state.bans.put(ban)).toEqual({ kind: "standing", ban: stored });
    await state.holds.hold(ban);
    expect(await all(state.holds.inJail("web"))).toEqual([stored]);
  });

  it("of a host keeps what it can of a hostile answer", async () => {
    const reply: HostReply = { kind: "unreadable", message: dense(MEGABYTE) };
    await state.hosts.note({ host: "i-1", reply, command: "c", at: 1 });
    const [record] = await state.hosts.all();
    expect(record!.reply).toMatchObject({ kind: "unreadable", message: expect.stringMatching(/… \(cut\)$/) });
  });

  it("of the pool that is no deposit stops no command", async () => {
    for (const [name, changes] of [
      ["no gzip", { B: Buffer.from("junk") }],
      ["no bytes", { S: "junk" }],
    ] as const) {
      await write("control", { kind: { S: "deposit" }, key: { S: name }, since: { N: String(NOW) }, changes });
    }
    await state.pool.deposit({ who: "a", changes: [] }, NOW);
    expect(await state.pool.deposits()).toEqual([{ who: "a", changes: [] }]);
  });

  it("of a small window stays text that people can read", async () => {
    await state.windows.save(key, windowOf([sampleFailure(1)]), 0, undefined);
    expect((await rows("windows"))[0]!.window!.S).toContain("line 1");
  });
});

describe("the TTL", () => {
  const ttls = async (table: keyof Engine["tables"]) => (await rows(table)).map((row) => row.ttl?.N);

  it("is in whole seconds, never early, and absent for ever", async () => {
    await state.bans.put(sampleBan({ expiresAt: NOW + 1 }));
    expect(await ttls("bans")).toEqual(["1700000001"]);
    await state.bans.put(sampleBan({ since: NOW + 1, expiresAt: undefined, generation: NOW }));
    expect(await ttls("bans")).toEqual([undefined]);
    await state.windows.save(key, windowOf([]), 0, NOW);
    expect(await ttls("windows")).toEqual(["1700000000"]);
    const [stored] = await state.windows.load([key]);
    await state.windows.save(key, windowOf([]), stored!.version, undefined);
    expect(await ttls("windows")).toEqual([undefined]);
  });

  it.each<{ name: string; write: () => Promise<unknown>; seconds: number | undefined }>([
    {
      name: "a history",
      write: () => state.offenders.record(sampleBan({ since: NOW, expiresAt: NOW + 86_400_000 })),
      seconds: 1_700_000_000 + 3 * 86_400,
    },
    {
      name: "the history of a permanent ban",
      write: () => state.offenders.record(sampleBan({ expiresAt: undefined })),
      seconds: undefined,
    },
    {
      name: "the history of a permanent ban, pardoned",
      async write() {
        await state.offenders.record(sampleBan({ since: NOW, expiresAt: undefined }));
        await state.offenders.pardon(key, NOW + 1);
      },
      seconds: 1_700_000_000 + 86_400,
    },
    { name: "a held ban", write: () => state.holds.hold(sampleBan({ expiresAt: NOW })), seconds: 1_700_000_000 },
    {
      name: "a command",
      write: () => state.commands.open({ id: "c", sentAt: NOW, mode: "apply", hosts: undefined, changes: 1 }),
      seconds: 1_700_000_000 + 30 * 86_400,
    },
    { name: "a slot", write: () => state.pace.reserve("s", 1, NOW), seconds: 1_700_000_000 + 86_400 },
    {
      name: "a deed",
      write: () => state.audit.note({ actor: "a", at: NOW, command: "c", outcome: "o" }),
      seconds: 1_700_000_000 + 365 * 86_400,
    },
    {
      name: "a setting",
      write: () => state.control.put({ kind: "idle", jail: "web", actor: "a", at: 1 }),
      seconds: undefined,
    },
  ])("of $name is $seconds", async ({ write, seconds }) => {
    await write();
    expect(await ttls("control")).toEqual([seconds === undefined ? undefined : String(seconds)]);
  });
});

it("a window's row that TTL took and somebody made anew is not the one that was read before", async () => {
  await state.windows.save(key, windowOf([sampleFailure(1)]), 0, undefined);
  const [before] = await state.windows.load([key]);
  await engine.empty();
  const later = createCloudState(engine.client, engine.tables, { now: () => NOW + 60_000 });
  await later.windows.save(key, windowOf([sampleFailure(2)]), 0, undefined);
  expect(await state.windows.save(key, windowOf([]), before!.version, undefined)).toBe("conflict");
});

describe("reading", () => {
  it("goes through every page", async () => {
    // 40 rows of 60 KB: a page is a megabyte.
    const bans = Array.from({ length: 40 }, (_, nth) =>
      sampleBan({ id: target(`10.0.0.${nth}`), expiresAt: 2_000 + nth, matches: [dense(60_000)] }),
    );
    for (const ban of bans) {
      await state.bans.put(ban);
      await state.windows.save(ban, windowOf([sampleFailure(1)]), 0, undefined);
    }
    const ids = (found: readonly { readonly id: string }[]) => found.map(({ id }) => id).sort();
    expect(ids(await all(state.bans.inJail("web")))).toEqual(ids(bans));
    expect((await state.bans.due(1e6, 1_000)).map(({ expiresAt }) => expiresAt)).toEqual(
      bans.map(({ expiresAt }) => expiresAt),
    );
    expect((await state.bans.due(1e6, 7)).map(({ id }) => id)).toEqual(bans.slice(0, 7).map(({ id }) => id));
    expect(await state.windows.watched("web", 0)).toBe(40);
    expect((await state.windows.load(bans)).every(({ version }) => version > 0)).toBe(true);
  });

  it("leaves out rows that are no bans, so that nobody's row stops sweep or status", async () => {
    const Item = { id: { S: "999.1.1.1" }, jail: { S: "web" }, endsAt: { N: "1" }, endShard: { S: "0" } };
    await engine.client.send(new PutItemCommand({ TableName: engine.tables.bans, Item }));
    const good = sampleBan();
    await state.bans.put(good);
    expect(await state.bans.due(1e6, 10)).toEqual([good]);
    expect(await all(state.bans.inJail("web"))).toEqual([good]);
  });

  it.each<{ name: string; read: (seen: CloudState) => Promise<unknown> }>([
    { name: "windows", read: (seen) => seen.windows.load([key]) },
    { name: "the bans of an id", read: (seen) => seen.bans.ofId(key.id) },
    { name: "histories", read: (seen) => seen.offenders.history(key.id) },
    { name: "settings", read: (seen) => seen.control.entries() },
    { name: "breakers", read: (seen) => seen.breakers.load("web") },
    { name: "the edition", read: (seen) => seen.editions.current() },
    { name: "commands", read: (seen) => seen.commands.opened() },
  ])("$name is consistent, which dynalite cannot tell", async ({ read }) => {
    const client = engine.connect();
    const asked: string[] = [];
    client.middlewareStack.add(
      (next) => (args) => {
        asked.push(JSON.stringify(args.input));
        return next(args);
      },
      { step: "initialize" },
    );
    await read(createCloudState(client, engine.tables));
    expect(asked).toEqual([expect.stringContaining('"ConsistentRead":true')]);
  });

  it("of an edition that somebody else wrote says so", async () => {
    await write("control", { kind: { S: "edition" }, key: { S: "current" } });
    await expect(state.editions.current()).rejects.toMatchObject({
      name: "PortError",
      code: "state-corrupt",
      next: expect.stringMatching(/elete/),
    });
  });
});

describe("a row that somebody else wrote", () => {
  const told: string[] = [];
  const telling = () =>
    createCloudState(engine.client, engine.tables, {
      now: () => NOW,
      unreadable: ({ code, message, next }) => void told.push(`${code}: ${message} (${next})`),
    });
  beforeEach(() => void told.splice(0));

  const versions: readonly (readonly [string, Record<string, AttributeValue>])[] = [
    ["a version of ours", { version: { N: "7" } }],
    ["no version", {}],
    ["a version that is text", { version: { S: "7" } }],
    ["version 0", { version: { N: "0" } }],
    ["a version beyond all counting", { version: { N: "1e30" } }],
  ];

  it.each(versions)("as a window with %s counts as empty, is told, and is replaced once", async (_, version) => {
    await write("windows", { key: { S: "web#192.0.2.1" }, window: { S: "{" }, ...version });
    const { windows } = telling();
    const [stored] = await windows.load([key]);
    expect(stored!.window).toEqual({ failures: [], closed: undefined });
    expect(told).toEqual([expect.stringMatching(/^state-corrupt: the window of web#192.0.2.1 .*begins anew/)]);
    const window = windowOf([sampleFailure(1)]);
    expect(await windows.save(key, window, stored!.version, undefined)).toBe("saved");
    expect(await windows.save(key, windowOf([]), stored!.version, undefined)).toBe("conflict");
    const [next] = await windows.load([key]);
    expect(next).toEqual({ window, version: expect.any(Number) });
    expect(await windows.save(key, windowOf([]), next!.version, undefined)).toBe("saved");
  });

  it("as a window does not keep the windows beside it from being read", async () => {
    await write("windows", { key: { S: "web#192.0.2.1" }, window: { S: "{" } });
    const other = { jail: "web", id: target("192.0.2.2") };
    const window = windowOf([sampleFailure(1)]);
    await state.windows.save(other, window, 0, undefined);
    const loaded = await telling().windows.load([key, other]);
    expect(loaded.map((each) => each.window.failures.length)).toEqual([0, 1]);
  });

  it.each(versions)("as a breaker with %s stops its jail, and is armed by a person", async (_, version) => {
    await write("control", { kind: { S: "breaker" }, key: { S: "web" }, state: { S: '{"kind":"armed"}' }, ...version });
    const { breakers } = telling();
    const stored = await breakers.load("web");
    expect(stored.state.kind).toBe("tripped");
    expect(told).toEqual([expect.stringMatching(/the breaker of web .*set web held/)]);
    expect(await breakers.save("web", { kind: "armed", rate: [] }, stored.version)).toBe("saved");
    expect(await breakers.save("web", { kind: "armed", rate: [] }, stored.version)).toBe("conflict");
    expect((await breakers.load("web")).state).toEqual({ kind: "armed", rate: [] });
  });

  it("as a slot or a host stands in nobody's way", async () => {
    await write("control", { kind: { S: "slot" }, key: { S: "commands" }, next: { S: "soon" } });
    expect(await state.pace.reserve("commands", 70, NOW, 0)).toBe(0);
    expect(await state.pace.reserve("commands", 70, NOW)).toBe(70);
    await write("control", { kind: { S: "host" }, key: { S: "i-1" }, at: { S: "today" } });
    await state.hosts.note({ host: "i-1", reply: { kind: "unreadable", message: "?" }, command: "c", at: 5 });
    expect(await state.hosts.all()).toMatchObject([{ host: "i-1", at: 5 }]);
  });

  it.each<[string, Record<string, AttributeValue>]>([
    ["no time", {}],
    ["a generation that hosts may know", { generation: { N: "5000" }, since: { S: "?" } }],
    ["an end that is none", { since: { N: "1" }, generation: { N: "1" }, endsAt: { N: "1e40" } }],
    ["lines that are none", { since: { N: "1" }, generation: { N: "9" }, matches: { S: "?" } }],
  ])("as a ban with %s is replaced by a ban of its id, which is later", async (_, attributes) => {
    const ban = sampleBan();
    await write("bans", { id: { S: ban.id }, jail: { S: ban.jail }, ...attributes });
    const outcome = await state.bans.put(ban);
    expect(outcome.kind).toBe("created");
    expect(outcome.ban.generation).toBeGreaterThan(Number(attributes.generation?.N ?? 0));
    expect(await state.bans.ofId(ban.id)).toEqual([outcome.ban]);
    expect((await state.bans.put(ban)).kind).toBe("standing");
  });
});

describe("bans by end", () => {
  it("spread over all shards", () => {
    const shards = new Set(Array.from({ length: 200 }, (_, nth) => endShard(target(`10.0.0.${nth}`))));
    expect([...shards].sort()).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
  });
});

describe("lines for a row", () => {
  it.each([
    { name: "fit", lines: ["aa", "bb"], limit: 4, expected: ["aa", "bb"] },
    { name: "leave their rest to the long ones", lines: ["a", "bbbbbbbb"], limit: 6, expected: ["a", "bbbbb… (cut)"] },
    { name: "share evenly", lines: ["aaaa", "bbbb"], limit: 6, expected: ["aaa… (cut)", "bbb… (cut)"] },
    { name: "are cut between characters", lines: ["ééé"], limit: 3, expected: ["é… (cut)"] },
    { name: "are none", lines: [], limit: 3, expected: [] },
  ])("$name", ({ lines, limit, expected }) => expect(cutLines(lines, limit)).toEqual(expected));
});
