/** The compiler as a whole: what one mistake costs, what is unknown, the seed's configuration, and text made up at random. */
import fc from "fast-check";
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
    expect(compiled.problems.map(({ next }) => next)).toContain("Did you mean f? Or add filter.d/ff.conf.");
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

describe("a name that nothing reads", () => {
  it.each([
    {
      name: "a slip in a jail",
      lines: "maxretires = 4",
      expected: "warning unknown-option jail.local:6 j",
      next: "Did you mean maxretry?",
    },
    {
      name: "an option of nobody",
      lines: "colour = red",
      expected: "warning unknown-option jail.local:6 j",
      next: "Take it out",
    },
    {
      name: "a slip in [DEFAULT]",
      lines: "[DEFAULT]\nfindtme = 4",
      expected: "warning unknown-option jail.local:7",
      next: "findtime",
    },
    {
      name: "a dot that is missing",
      lines: "bantimeincrement = 1",
      expected: "warning unknown-option jail.local:6 j",
      next: "bantime.increment",
    },
    {
      name: "[default]",
      lines: "[default]\nfindtime = 4",
      expected: "warning unknown-section jail.local:6",
      next: "[DEFAULT]",
    },
    {
      name: "a slip in a filter",
      more: "failregx = a",
      expected: "warning unknown-option filter.d/f.local:2",
      next: "failregex",
    },
    {
      name: "a slip in a filter's section",
      more: "[Defintion]\nx = a",
      expected: "warning unknown-section filter.d/f.local:2",
      next: "[Definition]",
    },
    {
      name: "a slip in enabled",
      lines: "[k]\nenabled = treu",
      expected: "warning bad-value jail.local:7 k",
      next: "true or false",
    },
  ])("$name", ({ lines = "", more, expected, next }) => {
    const compiled = compile(tree(lines, more === undefined ? {} : { "filter.d/f.local": `[Definition]\n${more}\n` }));
    expect(told(compiled)).toEqual([expected]);
    expect(compiled.problems[0]?.next).toContain(next);
    expect(compiled.jails).toHaveLength(1);
  });

  it.each([
    { name: "what others refer to", lines: "mine = 1\nfindtime = %(mine)s" },
    { name: "what is customary", lines: "port = http\nmta = mail\ndestemail = x" },
    { name: "what [DEFAULT] holds for others", lines: "[DEFAULT]\nsyslog_mail = /var/log/mail.log" },
    { name: "what a filter holds for its tags", lines: "", more: "failregexp = a\nfailregex = <failregexp>" },
    { name: "jails that are not enabled", lines: "[k]\nmaxretires = 3" },
  ])("is not $name", ({ lines, more }) => {
    expect(
      told(compile(tree(lines, more === undefined ? {} : { "filter.d/f.local": `[Definition]\n${more}\n` }))),
    ).toEqual([]);
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

describe("any text at all", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc
      .array(
        fc.constantFrom(
          "[j]",
          "[Definition]",
          "\n",
          "\n ",
          "=",
          "%(",
          ")s",
          "<",
          ">",
          "x",
          "failregex",
          "filter = f",
          "action=",
          "iptables",
          "[",
          "]",
          ",",
          '"',
          "enabled = 1\n",
          "%(known/x)s",
          ";",
          "#",
          "bantime",
          "1d",
        ),
        { maxLength: 40 },
      )
      .map((parts) => parts.join("")),
  );

  it("compiles to jails and problems, and never throws", () => {
    const files = fc.record({
      "jail.conf": text,
      "jail.d/a.local": text,
      "filter.d/f.conf": text,
      "filter.d/f.local": text,
    });
    fc.assert(
      fc.property(files, (tree) => {
        const { jails, problems } = compile({ ...tree, "jail.d/z.local": "[j]\nenabled = 1\nfilter = f\n" });
        for (const problem of problems) {
          expect(problem.place?.line).toBeGreaterThan(0);
          expect(formatProblem(problem)).toContain(problem.message);
        }
        expect(jails.length > 0 || problems.some(({ severity }) => severity === "error")).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("merging", () => {
  const names = fc.constantFrom(
    "jail.conf",
    "jail.d/a.conf",
    "jail.d/b.conf",
    "jail.local",
    "jail.d/a.local",
    "jail.d/b.local",
  );
  const order = ["jail.conf", "jail.d/a.conf", "jail.d/b.conf", "jail.local", "jail.d/a.local", "jail.d/b.local"];
  const setting = fc.record({
    file: names,
    section: fc.constantFrom("j", "DEFAULT"),
    value: fc.integer({ min: 1, max: 99 }),
  });

  it("takes the last file that sets it in the section, else the last that sets it in [DEFAULT], else the server's", () => {
    fc.assert(
      fc.property(fc.uniqueArray(setting, { selector: ({ file, section }) => file + section }), (settings) => {
        const files: Record<string, string> = { "filter.d/f.conf": FILTER };
        for (const { file, section, value } of settings)
          files[file] = `${files[file] ?? ""}[${section}]\nmaxretry = ${value}\n`;
        files["jail.d/z.conf"] = "[j]\nenabled = 1\nfilter = f\nlogpath = /l\n";
        const last = (section: string) =>
          settings
            .filter((one) => one.section === section)
            .sort((a, b) => order.indexOf(a.file) - order.indexOf(b.file))
            .at(-1)?.value;
        expect(jailOf(files).maxretry).toBe(last("j") ?? last("DEFAULT") ?? 3);
      }),
    );
  });

  it("is the same for one file and for its options spread over several", () => {
    const options = fc.uniqueArray(
      fc.tuple(
        fc.constantFrom("maxretry", "maxmatches", "findtime", "bantime", "x"),
        fc.constantFrom("1", "2", "%(x)s", "%(maxretry)s"),
      ),
      { selector: ([name]) => name },
    );
    fc.assert(
      fc.property(options, fc.array(names, { minLength: 5, maxLength: 5 }), (lines, places) => {
        const base = "[DEFAULT]\nx = 7\nmaxretry = 8\n[j]\nenabled = 1\nfilter = f\nlogpath = /l\n";
        const one = base + lines.map(([name, value]) => `${name} = ${value}\n`).join("");
        const spread: Record<string, string> = { "filter.d/f.conf": FILTER, "jail.d/0.conf": base };
        for (const [index, [name, value]] of lines.entries()) {
          const file = places[index]!;
          spread[file] = `${spread[file] ?? "[j]\n"}${name} = ${value}\n`;
        }
        const dump = (files: Record<string, string>) => dumpConfiguration(compile(files));
        expect(dump(spread)).toEqual(dump({ "filter.d/f.conf": FILTER, "jail.conf": one }));
      }),
    );
  });
});
