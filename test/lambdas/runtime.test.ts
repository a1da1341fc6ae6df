/** What all functions share: logs, metrics, the ruleset beside the handler, and what is remembered for a short time. */
import { createSocket, type Socket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { cacheBreakers, cacheControl } from "../../lambdas/runtime/cached-control.ts";
import { inFrame } from "../../lambdas/runtime/invocation.ts";
import { loadRuleset } from "../../lambdas/runtime/load-ruleset.ts";
import { createLog } from "../../lambdas/runtime/log.ts";
import { createMetrics } from "../../lambdas/runtime/metrics.ts";
import { createResolver } from "../../lambdas/runtime/resolver.ts";
import { readyRuleset } from "../../lambdas/runtime/ruleset.ts";
import type { CompiledRuleset } from "../../shared/contract/ruleset.ts";
import type { BreakerState } from "../../shared/core/detect/breaker.ts";
import type { ControlEntry } from "../../shared/ports/control.ts";
import { PortError } from "../../shared/ports/failure.ts";
import { jailOf } from "../support/jail.ts";

function written() {
  const lines: string[] = [];
  return { write: (line: string) => void lines.push(line), records: () => lines.map((line) => JSON.parse(line)) };
}

describe("a function's log", () => {
  it("is one JSON object a line, with what finds the lines that belong together", () => {
    const { write, records } = written();
    const log = createLog({ write, now: () => 0, fields: { stack: "prod", function: "ingest" } });
    log.child({ requestId: "r1" }).warn("a line\nof two", { jail: "web" });
    expect(records()).toEqual([
      {
        level: "WARN",
        time: "1970-01-01T00:00:00.000Z",
        message: "a line\nof two",
        stack: "prod",
        function: "ingest",
        requestId: "r1",
        jail: "web",
      },
    ]);
  });

  it("is found by what the runbook searches for", () => {
    const runbook = readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8");
    const [, searched] = /--format short \| grep '([^']+)'/.exec(runbook)!;
    const lines: string[] = [];
    const log = createLog({ write: (line) => void lines.push(line), now: () => 0, fields: {} });
    log.info("fine");
    log.error("failed", new Error("so"));
    expect(lines.map((line) => line.includes(searched!))).toEqual([false, true]);
  });

  it("says of an error its code, its next step and its causes, at bounded length", () => {
    const { write, records } = written();
    const cause = new Error("x".repeat(10_000), { cause: new Error("socket") });
    const error = new PortError("denied", "PutItem on bans", "Renew the credentials.", cause);
    createLog({ write, now: () => 0, fields: {} }).error("failed", error);
    const [record] = records();
    expect(record.error).toMatchObject({
      code: "denied",
      message: "PutItem on bans",
      next: "Renew the credentials.",
      cause: { cause: { message: "socket" } },
    });
    expect(record.error.cause.message.length).toBeLessThan(5_000);
    expect(JSON.stringify(record).length).toBeLessThan(12_000);
  });
});

describe("a function's metrics", () => {
  it("are written once, by stack and by jail", () => {
    const { write, records } = written();
    const metrics = createMetrics("prod", write);
    metrics.count("Lines", 5);
    metrics.count("BansDecided", 1, "web");
    metrics.count("BansDecided", 2, "ssh");
    metrics.count("Refused", 0, "ssh");
    metrics.delay("LineToIngest", 40);
    metrics.level("Hosts", 3);
    metrics.flush(9);
    metrics.flush(10);
    const [all, ...jails] = records();
    expect(all).toMatchObject({ Stack: "prod", Lines: 5, BansDecided: 3, LineToIngest: [40], Hosts: 3 });
    expect(all._aws.Timestamp).toBe(9);
    expect(all._aws.CloudWatchMetrics).toEqual([
      {
        Namespace: "fleet2ban",
        Dimensions: [["Stack"]],
        Metrics: [
          { Name: "Lines", Unit: "Count" },
          { Name: "BansDecided", Unit: "Count" },
          { Name: "Hosts", Unit: "Count" },
          { Name: "LineToIngest", Unit: "Milliseconds" },
        ],
      },
    ]);
    expect(jails).toMatchObject([
      { Stack: "prod", Jail: "web", BansDecided: 1 },
      { Stack: "prod", Jail: "ssh", BansDecided: 2 },
    ]);
    expect(jails[0]._aws.CloudWatchMetrics[0].Dimensions).toEqual([["Stack", "Jail"]]);
  });

  it("are bounded: a hundred values, the longest among them, and two hundred jails", () => {
    const { write, records } = written();
    const metrics = createMetrics("prod", write);
    for (let nth = 0; nth < 1_000; nth++) metrics.delay("IngestToBan", (nth * 7_919) % 1_000);
    for (let nth = 0; nth < 1_000; nth++) metrics.count("BansDecided", 1, `jail ${nth}`);
    metrics.flush(0);
    const [all, ...jails] = records();
    expect(all.IngestToBan.toSorted((a: number, b: number) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, nth) => 900 + nth),
    );
    expect(all.BansDecided).toBe(1_000);
    expect(jails.length).toBe(200);
  });
});

describe("an invocation", () => {
  it("logs a failure with its request, writes its metrics all the same, and fails", async () => {
    const { write, records } = written();
    const frame = {
      log: createLog({ write, now: () => 0, fields: {} }),
      metrics: createMetrics("prod", write),
      now: () => 7,
    };
    const handler = inFrame(frame, async (event: string, call) => {
      call.metrics.count("Lines", 1);
      throw new PortError("unavailable", `${event} ${call.remaining()}`, "Wait.");
    });
    const context = { awsRequestId: "r1", getRemainingTimeInMillis: () => 50 };
    await expect(handler("event", context)).rejects.toMatchObject({ message: "event 50" });
    expect(records()).toMatchObject([
      { level: "ERROR", requestId: "r1", error: { code: "unavailable", next: "Wait." } },
      { Lines: 1 },
    ]);
  });
});

const ruleset: CompiledRuleset = {
  format: 1,
  hash: "h1",
  jails: [
    jailOf({
      name: "web",
      failregex: ["^failed <HOST>$"],
      ignoreip: ["file:/lists/office"],
      actions: [
        {
          kind: "firewall",
          name: "iptables-multiport",
          ports: "http,https",
          protocol: "tcp",
          chain: "INPUT",
          blocktype: "DROP",
        },
      ],
    }),
    jailOf({ name: "again", failregex: ["Ban <HOST>$"], logs: [{ path: "/var/log/fail2ban.log", from: "head" }] }),
  ],
  observed: [],
  logGroups: { "/var/log/web": ["web"], "/empty": [] },
  lists: { "/lists/office": "198.51.100.0/24" },
  neverBan: ["10.0.0.0/8"],
  bansPerMinute: 300,
};

describe("the ruleset beside the handler", () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });
  const file = (text: string) => {
    const folder = mkdtempSync(join(tmpdir(), "ruleset-"));
    folders.push(folder);
    writeFileSync(join(folder, "ruleset.json"), text);
    return pathToFileURL(join(folder, "ruleset.json"));
  };

  it("is read as it was written", () => {
    const text = JSON.stringify(ruleset);
    expect(loadRuleset(file(text))).toEqual({ ruleset: JSON.parse(text), text });
  });

  it.each([
    {
      name: "newer than the program",
      text: JSON.stringify({ format: 2 }),
      says: /has format 2, and this program knows 1/,
    },
    { name: "no JSON", text: "{", says: /is no JSON/ },
    { name: "no ruleset", text: "[]", says: /names no format/ },
    { name: "half a ruleset", text: JSON.stringify({ ...ruleset, jails: 3, hash: "" }), says: /broken at hash, jails/ },
  ])("that is $name stops the function in words", ({ text, says }) => {
    expect(() => loadRuleset(file(text))).toThrow(says);
  });

  it("that is missing stops the function in words", () => {
    expect(() => loadRuleset(new URL("file:///nowhere/ruleset.json"))).toThrow(/cannot be read/);
  });

  it("gives each log group its jails, each jail its rules, and firewalls of a revision", async () => {
    const ready = await readyRuleset(JSON.parse(JSON.stringify(ruleset)));
    const match = (text: string) =>
      ready.matcherOf("/var/log/web")!.match([{ id: "1", stream: "i-1", at: 5, text }]).failures;
    expect(match("failed 192.0.2.1")).toMatchObject([{ jail: "web", suspect: { id: "192.0.2.1" } }]);
    expect(match("Ban 192.0.2.1")).toEqual([]);
    expect(ready.matcherOf("/var/log/web")).toBe(ready.matcherOf("/var/log/web"));
    expect(ready.matcherOf("/empty")).toBeUndefined();
    expect(ready.matcherOf("/other")).toBeUndefined();
    const banLine = "1970-01-01 00:00:00,000 fail2ban.actions [1]: NOTICE  [web] Ban 192.0.2.1";
    expect(
      ready.recidive.match([{ id: "1", stream: "/var/log/fleet2ban.log", at: 5, text: banLine }]).failures,
    ).toMatchObject([{ jail: "again" }]);
    expect(ready.rules.get("web")!.ignore.targets).toEqual(["198.51.100.0/24"]);
    expect(ready.neverBan.reason("10.1.2.3" as never)).toBe("protected");
    expect([...ready.firewallsAt(9)]).toMatchObject([["web", { revision: 9, hooks: ["INPUT"] }]]);
  });

  it.each([
    { name: "a jail that does not exist", change: { logGroups: { a: ["gone"] } }, says: /lacks jail gone/ },
    { name: "a list that is not there", change: { lists: {} }, says: /lacks list \/lists\/office/ },
    { name: "an address that is none", change: { neverBan: ["ten"] }, says: /"ten"/ },
    {
      name: "a jail that does not compile",
      change: { jails: [jailOf({ name: "web", failregex: ["^(<HOST>$"] })] },
      says: /jail web of the ruleset does not compile/,
    },
  ])("with $name stops the function in words", async ({ change, says }) => {
    const ready = readyRuleset({ ...ruleset, ...change }).then((made) => made.matcherOf("/var/log/web"));
    await expect(ready).rejects.toThrow(says);
  });
});

describe("control rows", () => {
  it("are read once in ten seconds, at once after a change, and never believed after a failed read", async () => {
    let now = 0;
    let reads = 0;
    let broken = false;
    const control = cacheControl(
      {
        async entries() {
          reads++;
          if (broken) throw new Error("throttled");
          return [];
        },
        put: async () => undefined,
        remove: async () => true,
      },
      () => now,
    );
    const entry: ControlEntry = { kind: "idle", jail: "web", actor: "ann", at: 0 };
    await Promise.all([control.entries(), control.entries()]);
    expect(reads).toBe(1);
    now = 9_999;
    await control.entries();
    expect(reads).toBe(1);
    await control.put(entry);
    await control.entries();
    expect(reads).toBe(2);
    now = 30_000;
    broken = true;
    await expect(control.entries()).rejects.toThrow("throttled");
    broken = false;
    expect(await control.entries()).toEqual([]);
    expect(reads).toBe(4);
  });
});

describe("breakers", () => {
  it("are read once in ten seconds, known after an own save, and read anew after a conflict", async () => {
    const told: string[] = [];
    let version = 4;
    const armed: BreakerState = { kind: "armed", rate: [] };
    const breakers = cacheBreakers(
      {
        async load(jail) {
          told.push(`load ${jail}`);
          return { state: armed, version };
        },
        async save(_, __, from) {
          told.push(`save ${from}`);
          return from === version ? "saved" : "conflict";
        },
      },
      () => 0,
    );
    expect(await breakers.load("web")).toEqual(await breakers.load("web"));
    await breakers.save("web", armed, 4);
    expect((await breakers.load("web")).version).toBe(5);
    version = 9;
    expect(await breakers.save("web", armed, 5)).toBe("conflict");
    expect((await breakers.load("web")).version).toBe(9);
    expect(told).toEqual(["load web", "save 4", "save 5", "load web"]);
  });

  it("are read each time while they are tripped, so that nothing is held behind the back of who arms them", async () => {
    let state: BreakerState = { kind: "tripped", at: 0, bans: 301 };
    const breakers = cacheBreakers({ load: async () => ({ state, version: 1 }), save: async () => "saved" }, () => 0);
    expect((await breakers.load("web")).state.kind).toBe("tripped");
    state = { kind: "armed", rate: [] };
    expect((await breakers.load("web")).state.kind).toBe("armed");
  });
});

describe("a resolver", () => {
  let server: Socket | undefined;
  afterEach(() => server?.close());

  it("does not wait for a name server that says nothing", async () => {
    server = createSocket("udp4");
    await new Promise<void>((done) => server!.bind(0, "127.0.0.1", done));
    const resolver = createResolver({ timeout: 50, tries: 1, servers: [`127.0.0.1:${server.address().port}`] });
    await expect(resolver.resolve("office.test")).rejects.toMatchObject({ code: "ETIMEOUT" });
  });
});
