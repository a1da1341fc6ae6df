/** A jail's values: their defaults, their types, and what is said about those that have none. */
import { describe, expect, it } from "vitest";
import { compile, jailOf, told, tree } from "./compile.ts";

describe("a jail that says nothing", () => {
  it("has the defaults of Fail2Ban's server", () => {
    expect(jailOf(tree(""))).toMatchObject({
      name: "j",
      enabled: true,
      place: { file: "jail.local", line: 1 },
      backend: "auto",
      logs: [{ path: "/l", from: "head" }],
      skipIfNoLogs: false,
      logGroup: undefined,
      maxretry: 3,
      findtime: 600_000,
      bantime: 600_000,
      increment: undefined,
      maxmatches: 5,
      ignoreip: [],
      ignoreself: true,
      ignorecommand: undefined,
      usedns: "warn",
      logencoding: "auto",
      logtimezone: undefined,
      filter: { maxlines: 1, datepattern: [], ignoreregex: [] },
    });
  });
});

describe("a value", () => {
  it.each([
    { lines: "maxretry = 7", expected: { maxretry: 7 } },
    { lines: "maxretry = +1_0", expected: { maxretry: 10 } },
    { lines: "maxmatches = 0", expected: { maxmatches: 0 } },
    { lines: "findtime = 1d12h", expected: { findtime: 129_600_000 } },
    { lines: "bantime = -1", expected: { bantime: "permanent" } },
    { lines: "bantime = 1h - 3601", expected: { bantime: "permanent" } },
    { lines: "bantime = 90.9", expected: { bantime: 90_000 } },
    { lines: "bantime = 1.5h # an hour and a half", expected: { bantime: 5_400_000 } },
    {
      lines: "ignoreip = 127.0.0.1/8, ::1 [2001:db8::1]\n  example.com 10.0.0.0/255.0.0.0",
      expected: { ignoreip: ["127.0.0.1/8", "::1", "2001:db8::1", "example.com", "10.0.0.0/255.0.0.0"] },
    },
    { lines: "ignoreip = file:/etc/allow", expected: { ignoreip: ["file:/etc/allow"] } },
    { lines: "ignoreself = false", expected: { ignoreself: false } },
    { lines: "ignoreself = YES", expected: { ignoreself: true } },
    { lines: "ignorecommand = /bin/x <ip>", expected: { ignorecommand: "/bin/x <ip>" } },
    { lines: "ignorecommand =", expected: { ignorecommand: undefined } },
    { lines: "usedns = Raw", expected: { usedns: "raw" } },
    { lines: "logencoding = latin1\nlogtimezone = UTC+1", expected: { logencoding: "latin1", logtimezone: "UTC+1" } },
    { lines: "loggroup = /aws/haproxy", expected: { logGroup: "/aws/haproxy" } },
    { lines: "skip_if_nologs = true", expected: { skipIfNoLogs: true } },
    { lines: "backend = systemd[journalflags=1]", expected: { backend: "systemd[journalflags=1]", logs: [] } },
    { lines: "bantime.factor = 2", expected: { increment: undefined } },
    {
      lines: "bantime.increment = true",
      expected: {
        increment: {
          factor: 1,
          formula: undefined,
          multipliers: undefined,
          maxtime: undefined,
          rndtime: undefined,
          overalljails: false,
        },
      },
    },
    {
      lines:
        "bantime.increment = on\nbantime.factor = 2 * 3\nbantime.formula = ban.Time * banFactor\nbantime.multipliers = 1 2 4\nbantime.maxtime = 5w\nbantime.rndtime = 1h\nbantime.overalljails = 1",
      expected: {
        increment: {
          factor: 6,
          formula: "ban.Time * banFactor",
          multipliers: [1, 2, 4],
          maxtime: 3_024_000_000,
          rndtime: 3_600_000,
          overalljails: true,
        },
      },
    },
  ])("$lines", ({ lines, expected }) => {
    const compiled = compile(tree(lines));
    expect(compiled.jails[0]).toMatchObject(expected);
    expect(told(compiled)).toEqual([]);
  });

  it("of logpath is a list", () => {
    const files = tree("");
    const jail = files["jail.local"]!.replace("/l", "/a tail\n  /b*.log\n\n  /c head");
    expect(jailOf({ ...files, "jail.local": jail }).logs).toEqual([
      { path: "/a", from: "tail" },
      { path: "/b*.log", from: "head" },
      { path: "/c", from: "head" },
    ]);
  });

  it.each([
    { lines: "maxretry = 7 # x", expected: "error bad-value" },
    { lines: "maxmatches = many", expected: "error bad-value" },
    { lines: "maxmatches = 1.5", expected: "error bad-value" },
    { lines: "findtime = ten minutes", expected: "error bad-value" },
    { lines: "findtime = -1", expected: "error bad-value" },
    { lines: "findtime =", expected: "error bad-value" },
    { lines: "bantime = for ever", expected: "error bad-value" },
    { lines: "bantime = -1d", expected: "error bad-value" },
    { lines: "backend = bogus", expected: "error bad-value" },
    { lines: "backend = Systemd", expected: "error bad-value" },
    { lines: "backend = polling[x=1]", expected: "error bad-value" },
    { lines: "backend =", expected: "error bad-value" },
    { lines: "maxlines = 0", expected: "error bad-value" },
    { lines: "logpath = /a b", expected: "error bad-value", without: "logpath = /l\n" },
    { lines: "bantime.increment = 1\nbantime.factor = 1/0", expected: "error bad-value", line: 7 },
    {
      lines: "bantime.increment = 1\nbantime.formula = __import__('os').system('id')",
      expected: "error bad-value",
      line: 7,
    },
    {
      lines: "bantime.increment = 1\nbantime.formula = ban.Time / (ban.Count - 1)",
      expected: "error bad-value",
      line: 7,
    },
    { lines: "bantime.increment = 1\nbantime.multipliers = 1 x", expected: "error bad-value", line: 7 },
    { lines: "bantime.increment = 1\nbantime.maxtime = -5", expected: "error bad-value", line: 7 },
    { lines: "bantime.factor = x", expected: "warning bad-value", kept: { increment: undefined } },
    { lines: "maxretry = 0", expected: "warning bad-value", kept: { maxretry: 1 } },
    { lines: "bantime = 0", expected: "warning bad-value", kept: { bantime: 0 } },
    { lines: "maxlines = x", expected: "warning bad-value", kept: { filter: { maxlines: 1 } } },
    { lines: "usedns = nope", expected: "warning bad-value", kept: { usedns: "no" } },
    { lines: "ignoreself = treu", expected: "warning bad-value", kept: { ignoreself: false } },
    { lines: "ignoreip = 1.2.3.4 #", expected: "warning bad-address", kept: { ignoreip: ["1.2.3.4", "#"] } },
    { lines: "ignoreip = 999.1.1.1", expected: "warning bad-address", kept: { ignoreip: ["999.1.1.1"] } },
    { lines: "ignoreip = 10.0.0.0/33", expected: "warning bad-address", kept: { ignoreip: ["10.0.0.0/33"] } },
    { lines: "logpath =", expected: "warning no-logs", without: "logpath = /l\n", line: 1, kept: { logs: [] } },
  ])("$lines: $expected", ({ lines, expected, kept, line = 6, without = "" }) => {
    const files = tree(lines);
    const compiled = compile({ ...files, "jail.local": files["jail.local"]!.replace(without, "") });
    expect(told(compiled)).toEqual([`${expected} jail.local:${without !== "" && line === 6 ? 5 : line} j`]);
    if (kept === undefined) expect(compiled.jails).toEqual([]);
    else expect(compiled.jails[0]).toMatchObject(kept);
  });

  it("that is wrong is told together with all the others of its jail", () => {
    const compiled = compile(tree("maxretry = x\nfindtime = y\nbantime = z\nusedns = w"));
    expect(told(compiled)).toEqual([
      "error bad-value jail.local:6 j",
      "error bad-value jail.local:7 j",
      "error bad-value jail.local:8 j",
      "warning bad-value jail.local:9 j",
    ]);
  });

  it("that comes from [DEFAULT] is wrong there", () => {
    const compiled = compile(tree("", { "jail.conf": "[DEFAULT]\n\nfindtime = soon\n" }));
    expect(told(compiled)).toEqual(["error bad-value jail.conf:3 j"]);
  });
});
