/** The compiler as a whole: the smallest configuration there is, and what one mistake costs. */
import { describe, expect, it } from "vitest";
import { dumpConfiguration, formatDump } from "../../../shared/core/config/dump-configuration.ts";
import { formatProblem } from "../../../shared/core/config/problem.ts";
import { compile, FILTER, jailOf, told, tree } from "./compile.ts";
import type { Tree } from "./oracle.ts";

const SOUND = "[k]\nenabled = true\nfilter = f\nlogpath = /k\naction = iptables-allports\n";

describe("two files in an otherwise empty directory", () => {
  const files = {
    "filter.d/haproxy-noserv.conf":
      "[Definition]\nfailregex = ^.*haproxy\\[\\d+\\]: <HOST>:\\d+ \\[\\.*\\] http_fe http_fe/<NOSRV> .*\nignoreregex =\n",
    "jail.d/haproxy.conf": [
      "[haproxy-noserv]\nenabled = true\nfilter = haproxy-noserv",
      "action = iptables-allports sendmail-whois[name=Haproxy-noserv, dest=mail@mydomain.com]",
      "bantime = 72000\nmaxretry = 4\nfindtime = 6000\nlogpath = /var/log/haproxy.log\nignoreip = 127.0.0.0/8 10.10.10.1/16\n",
    ].join("\n"),
  };

  it("are a whole configuration", () => {
    expect(told(compile(files))).toEqual([]);
    expect(jailOf(files, "haproxy-noserv")).toMatchObject({
      maxretry: 4,
      findtime: 6_000_000,
      bantime: 72_000_000,
      ignoreip: ["127.0.0.0/8", "10.10.10.1/16"],
      logs: [{ path: "/var/log/haproxy.log", from: "head" }],
      filter: {
        failregex: [
          {
            text: "^.*haproxy\\[\\d+\\]: <HOST>:\\d+ \\[\\.*\\] http_fe http_fe/<NOSRV> .*",
            place: { file: "filter.d/haproxy-noserv.conf", line: 2 },
          },
        ],
        ignoreregex: [],
      },
      actions: [
        { kind: "firewall", name: "iptables-allports", ports: "all", protocol: "tcp" },
        { kind: "mail", subjectName: "Haproxy-noserv", dest: "mail@mydomain.com", whois: true },
      ],
    });
  });

  it("can be shown as fail2ban-client -d does", () => {
    expect(formatDump(dumpConfiguration(compile(files)).slice(0, 3))).toBe(
      [
        "['add', 'haproxy-noserv', 'auto']",
        "['set', 'haproxy-noserv', 'addfailregex', '^.*haproxy\\\\[\\\\d+\\\\]: <HOST>:\\\\d+ \\\\[\\\\.*\\\\] http_fe http_fe/<NOSRV> .*']",
        "['set', 'haproxy-noserv', 'maxretry', 4]\n",
      ].join("\n"),
    );
  });
});

describe("a mistake", () => {
  it.each([
    { name: "an unknown filter", lines: "filter = g", expected: "error unknown-filter jail.local:3 j" },
    { name: "a filter with bad brackets", lines: "filter = f[x", expected: "error bad-option-list jail.local:3 j" },
    { name: "a filter with bad arguments", lines: "filter = f[x=1 2]", expected: undefined },
    { name: "arguments without quotes", lines: "filter = f[x=1,2]", expected: "error bad-option-list jail.local:3 j" },
    {
      name: "no filter and no regex",
      lines: "action = iptables-allports",
      expected: "error unknown-filter jail.local:1 j",
    },
  ])("in one jail leaves that one out: $name", ({ lines, expected }) => {
    const compiled = compile({
      "jail.local": `[j]\nenabled = true\n${lines}\nlogpath = /l\n${SOUND}`,
      "filter.d/f.conf": FILTER,
    });
    expect(compiled.jails.map(({ name }) => name)).toEqual(expected === undefined ? ["j", "k"] : ["k"]);
    if (expected !== undefined) expect(told(compiled)[0]).toBe(expected);
  });

  it.each(["a b", "$(id)", "-x", "x".repeat(64), "a/b"])("in the name of a jail leaves that one out: %s", (name) => {
    const compiled = compile(tree(SOUND.replace("[k]", `[${name}]`)));
    expect(compiled.jails.map((jail) => jail.name)).toEqual(["j"]);
    expect(told(compiled)).toEqual([`error bad-value jail.local:6 ${name}`]);
  });

  it("names the filter that was meant", () => {
    const compiled = compile(tree("", { "jail.local": "[j]\nenabled = 1\nfilter = ff\nlogpath = /l\n" }));
    const next = "Did you mean f? Otherwise: Add filter.d/ff.conf; Fail2Ban's filters are in /etc/fail2ban/filter.d.";
    expect(compiled.problems.map((problem) => problem.next)).toContain(next);
  });

  it.each<{ name: string; files: Tree; expected: string }>([
    {
      name: "a section twice",
      files: { "jail.d/x.conf": "[a]\n[b]\n[a]\n" },
      expected: "error duplicate-section jail.d/x.conf:3",
    },
    {
      name: "an option twice",
      files: { "jail.conf": "[a]\nx = 1\nx = 2\n" },
      expected: "error duplicate-option jail.conf:3",
    },
    {
      name: "a line that is nothing, in a filter",
      files: { "filter.d/f.local": "[Definition]\nfailregex\n" },
      expected: "error bad-syntax filter.d/f.local:2",
    },
    {
      name: "a byte order mark",
      files: { "jail.d/x.local": "\uFEFF[a]\n" },
      expected: "error bad-syntax jail.d/x.local:1",
    },
    {
      name: "a reference that leads nowhere",
      files: { "jail.d/x.local": "[DEFAULT]\nbantime = %(x)s\n" },
      expected: "error bad-interpolation jail.d/x.local:2",
    },
    {
      name: "an included file that cannot be parsed",
      files: { "filter.d/f.local": "[INCLUDES]\nbefore = g\n", "filter.d/g": "x" },
      expected: "error bad-syntax filter.d/g:1",
    },
    {
      name: "fail2ban.conf",
      files: { "fail2ban.conf": "loglevel = INFO\n" },
      expected: "error bad-syntax fail2ban.conf:1",
    },
  ])("that makes the whole doubtful leaves all out: $name", ({ files, expected }) => {
    const compiled = compile(tree(SOUND, files));
    expect(compiled.jails).toEqual([]);
    expect(told(compiled)).toEqual([expected]);
  });

  it("is told once, however many jails meet it", () => {
    const compiled = compile(tree(SOUND, { "jail.conf": "[DEFAULT]\nfindtime = 5%\n" }));
    expect(told(compiled)).toEqual(["error bad-interpolation jail.conf:2"]);
  });

  it("in a filter that no enabled jail uses costs nothing", () => {
    const files = tree("[off]\nfilter = broken\n", { "filter.d/broken.conf": "broken" });
    expect(told(compile(files))).toEqual([]);
  });

  it("is the absence of any jail configuration", () =>
    expect(told(compile({}))).toEqual(["error missing-file jail.conf:1"]));

  it("is printed with its place and what to do", () => {
    const [problem] = compile(tree("maxretry = 7 # x")).problems;
    expect(formatProblem(problem!)).toBe(
      'jail.local:6: error: [j] maxretry = "7 # x" is no whole number\n    Write digits only; a comment begins with " ;" or stands on its own line.',
    );
  });
});

describe("every jail", () => {
  it("can be compiled, enabled or not", () => {
    const files = tree("[k]\nfilter = f\nlogpath = /k\naction = iptables-allports\n");
    expect(compile(files).jails.map(({ name }) => name)).toEqual(["j"]);
    expect(compile(files, { everyJail: true }).jails.map(({ name }) => name)).toEqual(["j", "k"]);
  });

  it("may ask where the configuration is", () => {
    const files = tree("ignorecommand = %(fail2ban_confpath)s/x %(fail2ban_version)s");
    expect(compile(files, { configurationPath: "/opt/c" }).jails[0]?.ignorecommand).toBe("/opt/c/x 1.0.2");
  });
});
