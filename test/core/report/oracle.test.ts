/** Our answers against those of a running fail2ban-server, byte for byte, for the same figures. */
import { execFileSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseIp, type Target } from "../../../shared/core/address.ts";
import { type Answer, exitCodeOf, formatAnswer, type ListShape } from "../../../shared/core/report/answer.ts";
import type { JailFigures } from "../../../shared/core/report/jail-figures.ts";
import { pythonRepr } from "../../../shared/core/report/python-text.ts";
import { formatTime } from "../../../shared/core/report/time-text.ts";
import { available } from "../../support/require.ts";
import { Fail2banServer } from "./fail2ban-server.ts";

const zone = (at: number) => -new Date(at).getTimezoneOffset();
const id = (text: string): Target => parseIp(text)!;

describe.skipIf(!available(["fail2ban-client", "python3"]))("answers, next to fail2ban-client's", () => {
  const server = new Fail2banServer();
  const logs = [join(server.dir, "a.log"), join(server.dir, "b.log")];
  /** When the failures happened: a whole second, as the log's date has no fraction. */
  const at = Math.floor(Date.now() / 1000) * 1000;
  const early = at - 2000;

  beforeAll(async () => {
    server.start(
      "[DEFAULT]\nbackend = polling\nusedns = no\nfilter = demo\naction = nothing\nmaxretry = 2\n" +
        "[beta]\nenabled = true\nlogpath = DIR/b.log\nbantime = -1\nignoreself = false\n" +
        "[alpha]\nenabled = true\nlogpath = DIR/a.log\n    DIR/b.log\nbantime = 3600\nignoreip = 10.0.0.0/8\n" +
        "[gamma]\nenabled = true\nlogpath = DIR/a.log\nmaxretry = 99\n",
      { demo: "[Definition]\nfailregex = ^ bad login from <HOST>$\n    ^ worse from <HOST>$\n" },
      ["a.log", "b.log"],
    );
    const line = (time: number, ip: string) => `${formatTime(time, zone)} bad login from ${ip}\n`;
    const twice = (time: number, ip: string) => line(time, ip).repeat(2);
    appendFileSync(logs[0]!, twice(at, "192.0.2.7") + twice(early, "192.0.2.8") + line(at, "192.0.2.99"));
    appendFileSync(logs[1]!, twice(at, "2001:db8::1"));
    await server.askUntil("Currently banned:\t3", "status", "alpha");
    await server.askUntil("Currently banned:\t1", "status", "beta");
    await server.askUntil("Total failed:\t5", "status", "gamma");
  });
  afterAll(() => server.stop());

  const alpha = (): JailFigures => ({
    name: "alpha",
    filter: { currentlyFailed: 1, totalFailed: 7, files: logs },
    actions: { currentlyBanned: 3, totalBanned: 3, banned: bannedOrder("alpha") },
  });
  const beta = (): JailFigures => ({
    name: "beta",
    filter: { currentlyFailed: 0, totalFailed: 2, files: logs.slice(1) },
    actions: { currentlyBanned: 1, totalBanned: 1, banned: [id("2001:db8::1")] },
  });
  const gamma = (): JailFigures => ({
    name: "gamma",
    filter: { currentlyFailed: 3, totalFailed: 5, files: logs.slice(0, 1) },
    actions: { currentlyBanned: 0, totalBanned: 0, banned: [] },
  });
  /** The order in which the server's two threads came to ban, which differs from run to run. */
  function bannedOrder(jail: string): Target[] {
    const list = server.ask("status", jail).text.split("Banned IP list:\t")[1]!;
    return list.split(" ").map(id);
  }
  const bans = () => [
    { id: id("192.0.2.8"), since: early, bantime: 3_600_000 },
    ...bannedOrder("alpha")
      .filter((each) => each !== "192.0.2.8")
      .map((each) => ({ id: each, since: at, bantime: 3_600_000 })),
  ];

  const cases: { command: string[]; answer: () => Answer }[] = [
    { command: ["ping"], answer: () => ({ kind: "pong" }) },
    { command: ["status"], answer: () => ({ kind: "status", jails: ["beta", "alpha", "gamma"] }) },
    { command: ["status", "alpha"], answer: () => ({ kind: "jail-status", jail: alpha() }) },
    { command: ["status", "beta"], answer: () => ({ kind: "jail-status", jail: beta() }) },
    { command: ["status", "gamma"], answer: () => ({ kind: "jail-status", jail: gamma() }) },
    { command: ["status", "no'pe"], answer: () => refused({ kind: "no-such-jail", jail: "no'pe" }) },
    {
      command: ["banned"],
      answer: () => ({
        kind: "banned",
        jails: [beta(), alpha(), gamma()].map((jail) => ({ jail: jail.name, ids: jail.actions.banned })),
      }),
    },
    {
      command: ["banned", "2001:db8::1", "192.0.2.7", "192.0.2.250"],
      answer: () => ({
        kind: "banned-where",
        ids: [
          { id: "2001:db8::1", jails: ["beta", "alpha"] },
          { id: "192.0.2.7", jails: ["alpha"] },
          { id: "192.0.2.250", jails: [] },
        ],
      }),
    },
    { command: ["get", "alpha", "banip"], answer: () => list({ kind: "ids", separator: " " }) },
    { command: ["get", "alpha", "banip", ","], answer: () => list({ kind: "ids", separator: "," }) },
    { command: ["get", "alpha", "banip", "--with-time"], answer: () => list({ kind: "with-time" }) },
    {
      command: ["get", "beta", "banip", "--with-time"],
      answer: () => ({
        kind: "ban-list",
        jail: "beta",
        bans: [{ id: id("2001:db8::1"), since: at, bantime: "permanent" }],
        shape: { kind: "with-time" },
      }),
    },
    { command: ["get", "nope", "banip"], answer: () => refused({ kind: "no-such-jail", jail: "nope" }) },
    {
      command: ["set", "alpha", "unbanip", "--report-absent", "192.0.2.250", "192.0.2.251"],
      answer: () => refused({ kind: "not-banned", ids: ["192.0.2.250", "192.0.2.251"] }),
    },
    { command: ["frobnicate"], answer: () => refused({ kind: "invalid-command", command: "frobnicate" }) },
    { command: ["get", "alpha", "bantime"], answer: () => option("bantime", 3600) },
    { command: ["get", "beta", "bantime"], answer: () => option("bantime", -1) },
    { command: ["get", "alpha", "findtime"], answer: () => option("findtime", 600) },
    { command: ["get", "alpha", "maxretry"], answer: () => option("maxretry", 2) },
    { command: ["get", "alpha", "usedns"], answer: () => option("usedns", "no") },
    { command: ["get", "alpha", "maxlines"], answer: () => option("maxlines", 1) },
    { command: ["get", "alpha", "ignoreself"], answer: () => option("ignoreself", true) },
    { command: ["get", "beta", "ignoreself"], answer: () => option("ignoreself", false) },
    { command: ["get", "alpha", "logtimezone"], answer: () => option("logtimezone", null) },
    { command: ["get", "alpha", "prefregex"], answer: () => option("prefregex", "") },
    { command: ["get", "alpha", "logpath"], answer: () => option("logpath", logs) },
    { command: ["get", "gamma", "logpath"], answer: () => option("logpath", logs.slice(0, 1)) },
    { command: ["get", "alpha", "ignoreregex"], answer: () => option("ignoreregex", []) },
    { command: ["get", "alpha", "logencoding"], answer: () => option("logencoding", "UTF-8") },
    { command: ["get", "alpha", "datepattern"], answer: () => option("datepattern", []) },
    { command: ["get", "alpha", "journalmatch"], answer: () => option("journalmatch", []) },
    { command: ["get", "alpha", "actions"], answer: () => option("actions", ["nothing"]) },
    { command: ["get", "alpha", "ignoreip"], answer: () => ignored("10.0.0.0/8") },
    { command: ["get", "beta", "ignoreip"], answer: () => ignored() },
    { command: ["set", "beta", "addignoreip", "10.1.2.3"], answer: () => ignored("10.1.2.3") },
    // The last ones change what the others look at.
    { command: ["unban", "192.0.2.250"], answer: () => ({ kind: "count", count: 0 }) },
    { command: ["unban", "2001:db8::1", "192.0.2.8"], answer: () => ({ kind: "count", count: 3 }) },
    { command: ["unban", "--all"], answer: () => ({ kind: "count", count: 1 }) },
  ];
  const refused = (refusal: Extract<Answer, { kind: "refused" }>["refusal"]): Answer => ({ kind: "refused", refusal });
  const ignored = (...entries: string[]): Answer => ({ kind: "ignored", jail: "alpha", entries });
  const list = (shape: ListShape): Answer => ({
    kind: "ban-list",
    jail: "alpha",
    bans: bans(),
    shape,
  });
  const option = (name: Extract<Answer, { kind: "option" }>["option"], value: unknown): Answer =>
    ({ kind: "option", jail: "alpha", option: name, value }) as Answer;

  it.each(cases)("$command", ({ command, answer }) => {
    const ours = answer();
    const real = server.ask(...command);
    expect({ text: formatAnswer(ours, zone), code: exitCodeOf(ours) }).toEqual(real);
  });

  it("writes strings, lists and dicts as Python's repr does", () => {
    const value = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom("'", '"', "\\", "\n", "\t", "\u2028", "a", "é", " ", "\u00a0", "\x7f") }),
      fc.array(fc.string()),
      fc.boolean(),
      fc.integer(),
      fc.constant(null),
    );
    const values = fc.sample(value, 3000);
    // Characters that one side's Unicode tables do not have yet print differently: those texts are left out.
    const script =
      "import json,sys,unicodedata\n" +
      "new=lambda v: isinstance(v,str) and any(unicodedata.category(c)=='Cn' for c in v)\n" +
      "for line in sys.stdin: v=json.loads(line); print(json.dumps(None if new(v) else repr(v)))";
    const input = values.map((each) => JSON.stringify(each)).join("\n");
    const output = execFileSync("/usr/bin/python3", ["-c", script], { input, encoding: "utf8", maxBuffer: 1e8 });
    const theirs = output
      .trimEnd()
      .split("\n")
      .map((line): string | null => JSON.parse(line));
    const compared = values.flatMap((each, index) =>
      theirs[index] === null ? [] : [[pythonRepr(each), theirs[index]]],
    );
    expect(compared.length).toBeGreaterThan(2000);
    expect(compared.filter(([ours, real]) => ours !== real)).toEqual([]);
  });
});
