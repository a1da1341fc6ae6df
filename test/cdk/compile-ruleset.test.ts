import { describe, expect, it } from "vitest";
import { compileRuleset, RefusedConfiguration } from "../../cdk/compile-ruleset.ts";
import { readSettings, type SettingsInput } from "../../cdk/settings.ts";
import { configurationOf, jail } from "./configuration.ts";

const settings = (given: SettingsInput = {}) => readSettings(given, "test");
const compile = (files: Readonly<Record<string, string>>, given: SettingsInput = {}) =>
  compileRuleset(settings({ configuration: configurationOf(files), ...given }));
const refusals = (files: Readonly<Record<string, string>>, given: SettingsInput = {}) => {
  try {
    compile(files, given);
  } catch (error) {
    if (error instanceof RefusedConfiguration) return error.problems;
    throw error;
  }
  return [];
};

const WEB = "logpath = /var/log/web.log";

describe("the compiled deployment", () => {
  it("has the bundled configuration where none is named, and enforces nothing by default", () => {
    const { ruleset, patterns } = compileRuleset(settings());
    expect(Object.keys(ruleset.logGroups)).toEqual(["/var/log/haproxy"]);
    expect(ruleset.observed).toEqual(ruleset.jails.map(({ name }) => name));
    expect(ruleset.observed).toContain("recidive");
    expect(ruleset.jails.flatMap(({ actions }) => actions)).toEqual([]);
    // haproxy-paths looks for its paths in any request.
    expect(patterns["/var/log/haproxy"]).toEqual({ pattern: "", unbounded: ["haproxy-paths"] });
  });

  it("keeps the firewall of jails that enforce, and the mail of those that observe", () => {
    const { ruleset } = compile(
      { "jail.local": jail("a", [WEB]) + jail("b", [WEB], { mail: "ops@example.org" }) },
      { mode: "enforce", jailModes: { b: "observe" } },
    );
    expect(ruleset.observed).toEqual(["b"]);
    expect(ruleset.jails.map(({ name, actions }) => [name, actions.map(({ kind }) => kind)])).toEqual([
      ["a", ["firewall"]],
      ["b", ["mail"]],
    ]);
  });

  it("says which jails read a log group, which files it has, and what to subscribe", () => {
    const { ruleset, patterns, files } = compile({
      "jail.local":
        jail("a", [WEB]) +
        jail("b", [WEB, "logpath = /var/log/web.log\n  /srv/b.txt"]).replace(`${WEB}\n`, "") +
        jail("c", ["loggroup = /lb/c", "logpath = /var/log/c*.log"]),
    });
    expect(ruleset.logGroups).toEqual({ "/var/log/web": ["a", "b"], "/srv/b": ["b"], "/lb/c": ["c"] });
    expect(files).toEqual({
      "/var/log/web": ["/var/log/web.log"],
      "/srv/b": ["/srv/b.txt"],
      "/lb/c": ["/var/log/c*.log"],
    });
    expect(patterns["/lb/c"]).toEqual({ pattern: '?" failed 401 "', unbounded: [] });
  });

  it("lets the settings move a jail to other log groups and limit what is subscribed", () => {
    const { ruleset } = compile(
      { "jail.local": jail("a", [WEB]) + jail("b", ["logpath = /var/log/b*.log"]) },
      { logGroups: { byJail: { b: ["/lb/1", "/lb/2"] }, only: ["/var/log/web", "/lb/2"] } },
    );
    expect(ruleset.logGroups).toEqual({ "/var/log/web": ["a"], "/lb/2": ["b"] });
  });

  it("takes the lists of ignoreip along", () => {
    const { ruleset } = compile({
      "jail.local": jail("a", [WEB, "ignoreip = file:office.txt"]),
      "office.txt": "198.51.100.7\n",
    });
    expect(ruleset.lists).toEqual({ "office.txt": "198.51.100.7\n" });
  });

  it("has a hash of everything in it, and of nothing else", () => {
    const files = { "jail.local": jail("a", [WEB]) };
    const hash = (given: SettingsInput = {}, more = "") =>
      compile({ "jail.local": files["jail.local"] + more }, given).ruleset.hash;
    expect(hash()).toBe(hash());
    expect(hash()).toMatch(/^[0-9a-f]{16}$/);
    const others = [
      hash({ mode: "enforce" }),
      hash({ bansPerMinute: 7 }),
      hash({ neverBan: [] }),
      hash({}, "maxretry = 9\n"),
    ];
    expect(new Set([hash(), ...others]).size).toBe(5);
  });

  it.each([
    {
      name: "a mistake in the configuration",
      files: { "jail.local": jail("a", [WEB, "findtime = soon"]) },
      problem: /^jail\.local:\d+: error: \[a\] findtime = "soon"/,
    },
    {
      name: "a command that runs on a host",
      files: { "jail.local": jail("a", [WEB, "ignorecommand = /bin/true <ip>"]) },
      problem:
        /^jail\.local:\d+: error: \[a\] ignorecommand = \/bin\/true <ip> runs on a host; in the cloud nobody runs it\n {4}Write/,
    },
    {
      name: "a journal",
      files: { "jail.local": jail("a", ["backend = systemd", "journalmatch = _COMM=sshd"]) },
      problem:
        /^jail\.local:\d+: error: \[a\] backend = systemd reads a host's journal, which is no log group\n {4}Write `loggroup = NAME`/,
    },
    {
      name: "a log group that nobody can know",
      files: { "jail.local": jail("a", ["logpath = /var/log/*/access.log"]) },
      problem: /^jail\.local:\d+: error: \[a\] logpath \/var\/log\/\*\/access\.log does not say which log group/,
    },
    {
      name: "a list that is not there",
      files: { "jail.local": jail("a", [WEB, "ignoreip = file:gone.txt"]) },
      problem: /^jail\.local:\d+: error: \[a\] ignoreip names file:gone\.txt, which cannot be read here: ENOENT/,
    },
    {
      name: "a jail that the settings leave without a log group",
      files: { "jail.local": jail("a", [WEB]) + jail("b", ["loggroup = /lb/b"]) },
      given: { logGroups: { only: ["/lb/b"] } },
      problem: /^jail\.local:\d+: error: \[a\] the jail reads \/var\/log\/web, and logGroups\.only names none of them/,
    },
    {
      name: "a mode for a jail that there is not",
      files: { "jail.local": jail("haproxy", [WEB]) },
      given: { jailModes: { haprox: "observe" } } as const,
      problem: /^error: jailModes names haprox, and no such jail is enabled\n {4}haproxy was probably meant\.$/,
    },
    {
      name: "a log group that no jail reads",
      files: { "jail.local": jail("a", [WEB]) },
      given: { logGroups: { only: ["/var/log/web", "/nginx"] } },
      problem:
        /^error: logGroups\.only names \/nginx, and no such log group is read by a jail\n {4}There are: \/var\/log\/web\.$/,
    },
    {
      name: "log groups of a jail that there is not",
      files: { "jail.local": jail("a", [WEB]) },
      given: { logGroups: { byJail: { zzz: ["/x"] } } },
      problem: /^error: logGroups\.byJail names zzz, and no such jail is enabled\n {4}There are: a\.$/,
    },
    {
      name: "the log of its own functions",
      files: { "jail.local": jail("a", ["loggroup = /aws/lambda/fleet2ban-ingest"]) },
      problem: /^error: log group \/aws\/lambda\/fleet2ban-ingest belongs to this deployment itself/,
    },
    {
      name: "a configuration without a jail",
      files: { "jail.local": "[DEFAULT]\nmaxretry = 3\n" },
      problem: /^error: no jail is enabled in .*\n {4}Write enabled = true/,
    },
  ])("refuses $name", ({ files, given, problem }) => {
    const found = refusals(files, given);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(problem);
  });

  it("names everything that is wrong at once", () => {
    const broken = jail("a", [WEB, "findtime = soon"]) + jail("b", ["ignorecommand = /bin/true"]);
    expect(refusals({ "jail.local": broken })).toHaveLength(3);
  });
});
