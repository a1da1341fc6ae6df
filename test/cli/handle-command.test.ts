import { beforeEach, describe, expect, it } from "vitest";
import { type CommandDeps, handleCommand } from "../../cli/daemon/handle-command.ts";
import { type DaemonRequest, parseRequest } from "../../cli/daemon/request.ts";
import { type Answer, formatAnswer } from "../../shared/core/report/answer.ts";
import type { Refusal } from "../../shared/core/report/refusal.ts";
import { type EngineRig, engineRig, events, START, settle } from "./engine-rig.ts";

let rig: EngineRig;
let deps: CommandDeps;
let stopped = false;
let refusal: Refusal | undefined;

beforeEach(async () => {
  rig = await engineRig();
  stopped = false;
  refusal = undefined;
  deps = {
    version: "1.2.3",
    now: () => START + 10_000,
    engine: rig.engine,
    state: rig.state,
    files: (jail) => jail.logs.map((log) => log.path),
    act: () => settle(rig.engine, START + 10_000),
    reload: async () => refusal,
    stop: () => {
      stopped = true;
    },
  };
  const lines = ["bad from 192.0.2.1", "bad from 192.0.2.1", "bad from 192.0.2.1", "bad from 192.0.2.9"];
  await rig.engine.ingest(events([...lines, "worse from 2001:db8::1", "worse from 2001:db8::1"]));
  await settle(rig.engine, START + 9_000);
});

const ask = (request: DaemonRequest) => handleCommand(request, deps);
const text = async (request: DaemonRequest) => formatAnswer(await ask(request), () => 0);
const ban = (...ids: string[]): DaemonRequest => ({ kind: "ban", jail: "web", ids, actor: "ann" });
const unban = (reportAbsent: boolean, ...ids: string[]): DaemonRequest => ({
  kind: "unban",
  jail: "web",
  ids,
  reportAbsent,
});

describe("commands that ask", () => {
  it.each<{ request: DaemonRequest; expected: string }>([
    { request: { kind: "ping" }, expected: "Server replied: pong" },
    { request: { kind: "version" }, expected: "1.2.3" },
    { request: { kind: "status" }, expected: "Status\n|- Number of jail:\t3\n`- Jail list:\tdeep, recidive, web" },
    {
      request: { kind: "jail-status", jail: "web" },
      expected:
        "Status for the jail: web\n|- Filter\n|  |- Currently failed:\t1\n|  |- Total failed:\t4\n" +
        "|  `- File list:\t/logs/web.log\n`- Actions\n   |- Currently banned:\t1\n   |- Total banned:\t1\n" +
        "   `- Banned IP list:\t192.0.2.1",
    },
    {
      request: { kind: "banned" },
      expected: "[{'web': ['192.0.2.1']}, {'deep': ['2001:db8::1']}, {'recidive': []}]",
    },
    {
      request: { kind: "banned-where", ids: ["2001:DB8::1", "192.0.2.1", "192.0.2.9", "no address"] },
      expected: "[['deep'], ['web'], [], []]",
    },
    {
      request: { kind: "accounts", ids: ["192.0.2.9", "10.1.2.3"] },
      expected:
        "192.0.2.9\n  counted in web: 1 of 3 failures within 10m\n" +
        "    2026-11-22 12:00:03 /logs/web.log: bad from 192.0.2.9\n\n" +
        "10.1.2.3\n  ignored by web: 10.0.0.0/8\n  ignored by deep: 10.0.0.0/8\n  ignored by recidive: 10.0.0.0/8",
    },
    {
      request: { kind: "accounts", ids: ["192.0.2.9", "no address"] },
      expected: "neither an address nor a network: ['no address']",
    },
    {
      request: { kind: "ban-list", jail: "web", shape: { kind: "with-time" } },
      expected: "192.0.2.1 \t2026-11-22 12:00:02 + 3600 = 2026-11-22 13:00:02",
    },
    {
      request: { kind: "ban-list", jail: "deep", shape: { kind: "with-time" } },
      expected: "2001:db8::1 \t2026-11-22 12:00:05 + -1 = 9999-12-31 23:59:59",
    },
    { request: { kind: "option", jail: "web", option: "maxretry" }, expected: "3" },
    { request: { kind: "option", jail: "deep", option: "bantime" }, expected: "-1" },
    { request: { kind: "option", jail: "web", option: "bantime.increment" }, expected: "False" },
    {
      request: { kind: "option", jail: "web", option: "failregex" },
      expected: "The following regular expression are defined:\n`- [0]: bad from <ADDR>$",
    },
    {
      request: { kind: "option", jail: "web", option: "actions" },
      expected: "The jail web has the following actions:\niptables-allports",
    },
    { request: { kind: "jail-status", jail: "nope" }, expected: "Sorry but the jail 'nope' does not exist" },
    {
      request: { kind: "ban-list", jail: "nope", shape: { kind: "with-time" } },
      expected: "Sorry but the jail 'nope' does not exist",
    },
  ])("$request.kind $request.jail $request.option", async ({ request, expected }) => {
    expect(await text(request)).toBe(expected);
  });

  it("status --all has every jail", async () => {
    const answer = (await ask({ kind: "all-status" })) as Extract<Answer, { kind: "all-status" }>;
    expect(answer.jails.map((jail) => jail.name)).toEqual(["web", "deep", "recidive"]);
  });
});

describe("commands that change", () => {
  it("banip bans at once, counts what is new, and says who did it", async () => {
    expect(await text(ban("192.0.2.50", "2001:db8:1::/64", "192.0.2.1"))).toBe("2");
    expect(rig.applied.map((change) => change.target)).toEqual([
      "192.0.2.1",
      "2001:db8::1",
      "192.0.2.50",
      "2001:db8:1::/64",
      // Banned already: it is banned for longer now, which is not counted.
      "192.0.2.1",
    ]);
    expect((await rig.state.bans.ofId(rig.applied[2]!.target))[0]).toMatchObject({ actor: "ann", failures: 0 });
  });

  it.each([
    { ids: ["192.0.2.50", "999.1.1.1"], expected: "neither an address nor a network: ['999.1.1.1']" },
    { ids: ["127.0.0.1"], expected: "no jail may ban these: ['127.0.0.1']" },
  ])("banip refuses $ids", async ({ ids, expected }) => {
    expect(await text(ban(...ids))).toBe(expected);
    expect(rig.applied).toHaveLength(2);
  });

  it("unbanip frees the members of a network and counts them", async () => {
    await ask(ban("192.0.2.50"));
    expect(await text(unban(false, "192.0.2.0/24"))).toBe("2");
    expect(rig.applied.slice(-2).map((change) => change.kind)).toEqual(["unban", "unban"]);
    expect(await text(unban(false, "192.0.2.1"))).toBe("0");
  });

  it("unbanip --report-absent names who was not banned", async () => {
    expect(await text(unban(true, "192.0.2.1", "192.0.2.77"))).toBe("not banned: ['192.0.2.77']");
    expect(await text({ kind: "banned-where", ids: ["192.0.2.1"] })).toBe("[[]]");
  });

  it.each<{ request: DaemonRequest; count: string; left: string }>([
    { request: { kind: "unban-everywhere", ids: ["2001:db8::1"] }, count: "1", left: "[['web'], []]" },
    { request: { kind: "unban-everywhere", ids: ["192.0.2.200"] }, count: "0", left: "[['web'], ['deep']]" },
    { request: { kind: "unban-all" }, count: "2", left: "[[], []]" },
  ])("$request.kind: $count", async ({ request, count, left }) => {
    expect(await text(request)).toBe(count);
    expect(await text({ kind: "banned-where", ids: ["192.0.2.1", "2001:db8::1"] })).toBe(left);
  });

  it("addignoreip and delignoreip change whom the jail counts", async () => {
    const entries = ["198.51.100.7"];
    const friend = events(["bad from 198.51.100.7", "bad from 198.51.100.7", "bad from 198.51.100.7"], START + 20_000);
    expect(await text({ kind: "ignore", jail: "web", entries, actor: "ann" })).toBe(
      "These IP addresses/networks are ignored:\n|- 10.0.0.0/8\n`- 198.51.100.7",
    );
    expect((await rig.engine.ingest(friend)).spared).toHaveLength(3);
    expect(await text({ kind: "unignore", jail: "web", entries, actor: "ann" })).toBe(
      "These IP addresses/networks are ignored:\n`- 10.0.0.0/8",
    );
    expect(await text({ kind: "unignore", jail: "web", entries, actor: "ann" })).toBe(
      "not in the ignore list of jail 'web': ['198.51.100.7']",
    );
    expect(
      (await rig.engine.ingest(friend.map((event) => ({ ...event, id: `${event.id} anew` })))).verdicts,
    ).toHaveLength(1);
  });

  it("a jail that is idle counts nobody, and works again when it is woken", async () => {
    const idle = (on: boolean): DaemonRequest => ({ kind: "idle", jail: "web", idle: on, actor: "ann" });
    const bad = (at: number) =>
      events(
        Array.from({ length: 3 }, () => "bad from 192.0.2.77"),
        at,
      );
    expect(await text(idle(true))).toBe("True");
    expect((await rig.engine.ingest(bad(START + 20_000))).verdicts).toEqual([]);
    expect(await text(idle(false))).toBe("False");
    expect((await rig.engine.ingest(bad(START + 30_000))).verdicts).toHaveLength(1);
    expect(await text({ kind: "idle", jail: "nope", idle: true, actor: "ann" })).toContain("'nope' does not exist");
  });

  it("unban --immune lifts, forgets what was counted, and lets the id alone for so long", async () => {
    const bad = (after: number) =>
      events(
        Array.from({ length: 3 }, () => "bad from 192.0.2.1"),
        START + 10_000 + after,
      );
    const hour = 3_600_000;
    const verdicts = async (after: number) => (await rig.engine.ingest(bad(after))).verdicts.map(({ kind }) => kind);
    expect(await text({ kind: "unban-everywhere", ids: ["192.0.2.1"], immune: 2 * hour })).toBe("1");
    expect(await verdicts(hour)).toEqual([]);
    expect(await verdicts(2 * hour - 5_000)).toEqual([]);
    expect(await verdicts(2 * hour + 1_000)).toEqual(["banned"]);
  });

  it.each([
    { verdict: "ban", count: "19", banned: true },
    { verdict: "let-go", count: "19", banned: false },
  ] as const)("held $verdict settles what a stopped jail held back", async ({ verdict, count, banned }) => {
    // The breaker lets 300 bans a minute through and stops the jail at the next one; with that of before, 19 are held.
    const ids = Array.from({ length: 319 }, (_, index) => `198.51.${index >> 8}.${index & 255}`);
    const lines = ids.flatMap((each) => Array.from({ length: 3 }, () => `bad from ${each}`));
    const report = await rig.engine.ingest(lines.map((each) => ({ ...events([each])[0]!, at: START + 9_000 })));
    expect(report.tripped).toMatchObject([{ jail: "web" }]);
    const held = report.verdicts.flatMap((each) => (each.kind === "held" ? [each.ban.id] : []));
    const listed: DaemonRequest = { kind: "held-list", jail: "web", shape: { kind: "ids", separator: " " } };
    expect((await text(listed)).split(" ").sort()).toEqual([...held].sort());
    expect(await text({ kind: "release", jail: "web", verdict })).toBe(count);
    expect(await text(listed)).toBe("");
    expect(held).toHaveLength(19);
    expect((await text({ kind: "banned-where", ids: held })).includes("'web'")).toBe(banned);
  });

  it("reload says OK, or what keeps the old configuration going", async () => {
    expect(await text({ kind: "reload" })).toBe("OK");
    refusal = {
      kind: "bad-configuration",
      problems: [{ code: "bad-value", severity: "error", message: "x is wrong" }],
    };
    expect(await text({ kind: "reload" })).toBe(
      "The new configuration is refused, the old one goes on:\nerror: x is wrong",
    );
  });

  it("stop ends the daemon", async () => {
    expect(await text({ kind: "stop" })).toBe("Shutdown successful");
    expect(stopped).toBe(true);
  });
});

describe("a message on the socket", () => {
  it.each<{ kind: string; options: Record<string, unknown> }>([
    { kind: "frobnicate", options: {} },
    { kind: "jail-status", options: {} },
    { kind: "jail-status", options: { jail: 7 } },
    { kind: "banned-where", options: { ids: "192.0.2.1" } },
    { kind: "accounts", options: {} },
    { kind: "ban", options: { jail: "web", ids: [1] } },
    { kind: "option", options: { jail: "web", option: "constructor" } },
    { kind: "ban-list", options: { jail: "web", shape: { kind: "ids" } } },
    { kind: "release", options: { jail: "web", verdict: "perhaps" } },
    { kind: "idle", options: { jail: "web", idle: "on" } },
    { kind: "toString", options: {} },
  ])("$kind $options is no request", ({ kind, options }) => expect(parseRequest(kind, options)).toBeUndefined());

  it.each<DaemonRequest>([
    { kind: "ping" },
    { kind: "all-status" },
    { kind: "jail-status", jail: "web" },
    { kind: "banned-where", ids: ["192.0.2.1"] },
    { kind: "accounts", ids: ["192.0.2.1"] },
    { kind: "ban-list", jail: "web", shape: { kind: "ids", separator: "," } },
    { kind: "ban-list", jail: "web", shape: { kind: "with-time" } },
    { kind: "held-list", jail: "web", shape: { kind: "with-time" } },
    { kind: "option", jail: "web", option: "bantime.increment" },
    { kind: "ban", jail: "web", ids: ["192.0.2.1"], actor: "ann" },
    { kind: "unban", jail: "web", ids: ["192.0.2.1"], reportAbsent: true },
    { kind: "unban-everywhere", ids: [] },
    { kind: "unban-all" },
    { kind: "unban-all", immune: 7_200_000 },
    { kind: "unban-everywhere", ids: ["192.0.2.1"], immune: 1 },
    { kind: "unban", jail: "web", ids: ["192.0.2.1"], reportAbsent: false, immune: 90_000 },
    { kind: "idle", jail: "web", idle: false, actor: "ann" },
    { kind: "ignore", jail: "web", entries: ["192.0.2.1"], actor: "ann" },
    { kind: "unignore", jail: "web", entries: ["192.0.2.1"], actor: "ann" },
    { kind: "release", jail: "web", verdict: "let-go" },
    { kind: "reload" },
    { kind: "stop" },
  ])("$kind survives the way through JSON", (request) => {
    const { kind, ...options } = JSON.parse(JSON.stringify(request));
    expect(parseRequest(kind, options)).toEqual(request);
  });
});
