/**
 * Configuration trees that nobody would write: compiled and examined, nothing is thrown, whatever is wrong is said with its
 * file and line, no jail runs without all of its regexes, and what would grow without end is stopped by a count, not a clock.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileConfiguration } from "../../shared/core/config/compile-configuration.ts";
import { examine } from "../../shared/core/config/examine.ts";
import type { ConfigFiles } from "../../shared/core/config/files.ts";
import { formatProblem } from "../../shared/core/config/problem.ts";
import { verdictsOf } from "../../shared/core/config/verdict.ts";
import { CONFIG, HAPROXY_JAILS } from "../core/haproxy/judge.ts";
import { filesFrom } from "../support/config-files.ts";
import { corpus } from "./corpus.ts";
import { type Edit, editsWith, oddWord, share, spoil } from "./spoil.ts";

type Tree = Readonly<Record<string, string>>;

const BUNDLED: Tree = Object.fromEntries(
  readdirSync(CONFIG, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".conf"))
    .map((path) => [path, readFileSync(join(CONFIG, path), "utf8")]),
);
/** Of the dialect as much as fits into a few lines: what small trees are spoilt from. */
const DENSE: Tree = {
  "jail.conf": `[INCLUDES]
before = common.conf
[DEFAULT]
bantime = 10m
port = 80
action = iptables-multiport[name=%(__name__)s, port="%(port)s", protocol="tcp"]
[web]
enabled = true
filter = f[mode=hard, x="a,b"]
logpath = /var/log/a*.log
  /var/log/b.log
ignoreip = 127.0.0.0/8 ::1 192.0.2.0/24
bantime.increment = true
bantime.formula = ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor
bantime.multipliers = 1 2 4
datepattern = {^LN-BEG}%%Y-%%m-%%d
maxretry = 3
[ssh]
enabled = %(on)s
backend = systemd
filter = f
port = 22,%(known/port)s
journalmatch = _SYSTEMD_UNIT=ssh.service + _COMM=sshd
`,
  "common.conf": "[DEFAULT]\non = true\n",
  "jail.local": "[web]\nfindtime = 1h\nport = 443:445,%(default/port)s\n",
  "filter.d/f.conf": `[INCLUDES]
before = g.conf
[Definition]
mode = soft
cmn-hard = (?:strict )?
cmn-soft =
prefregex = ^<F-MLFID>\\S+ sshd\\[\\d+\\]</F-MLFID>: <F-CONTENT>.+</F-CONTENT>$
failregex = ^<cmn-<mode>>Failed \\w+ for (?P<user>\\S+) from <HOST>(?: port \\d+)?$
            ^(?=Bad)Bad <F-USER>\\S+</F-USER> (?!x)<ADDR>$
ignoreregex = <pre>ignore
[Init]
maxlines = 1
`,
  "filter.d/g.conf": "[DEFAULT]\npre = x\n[Definition]\nx = 1\n",
};
const WORDS = [
  "$" + "{x}",
  ..."[DEFAULT] [INCLUDES] [Definition] [Init] [web] enabled filter failregex prefregex ignoreregex before after action port".split(
    " ",
  ),
  ..."%(port)s %(known/port)s %(web/x)s %(__name__)s %( )s <HOST> <x> <mode> <cmn-<mode>> <F-ID> </F-ID> <ADDR> <known/x>".split(
    " ",
  ),
  ..."(?P<a> (?=a) (?<=a) (?(1)a|b) (?P=a) a** {1,99999} [^] \\1 \\Z (?i) *+ <F-MLFID> 10m 9**9**9 1e9 g.conf jail.conf".split(
    " ",
  ),
  ...[
    "\n[j2]\nenabled = true\n",
    "\n    ",
    "\nfilter = ",
    " = ",
    "\n[INCLUDES]\nbefore = ",
    " ; ",
    "\n# ",
    "usedns = x",
    "maxlines = 9",
  ],
];

/** Fewer reads than any honest tree needs many times over, and far fewer than a bomb would make. */
const MOST_READS = 25_000;

/** The files, counted as they are read. */
function watched(tree: Tree): { readonly files: ConfigFiles; readonly read: string[] } {
  const files = filesFrom(tree);
  const read: string[] = [];
  const note = <Result>(path: string, step: (path: string) => Result): Result => {
    if (read.push(path) > MOST_READS) throw new Error("the files are read without end");
    return step(path);
  };
  return { files: { read: (path) => note(path, files.read), list: (path) => note(path, files.list) }, read };
}

/** Compiles a tree and holds the result against what must be so of any; returns the jails that would run. */
function judge(tree: Tree): { readonly running: readonly string[]; readonly problems: number } {
  const { files, read } = watched(tree);
  const compiled = compileConfiguration(files, { everyJail: true });
  const { filters, firewalls, problems } = examine(compiled, () => 0, 1);
  const running = filters.map(({ jail }) => jail.name);

  for (const problem of problems) {
    const { message, place, severity, code } = problem;
    expect(message).not.toBe("");
    expect(["error", "warning", "note"]).toContain(severity);
    expect(place, `${code}: ${message}`).toEqual({ file: expect.stringMatching(/./), line: expect.any(Number) });
    expect(place!.line).toBeGreaterThanOrEqual(1);
    expect(place!.line).toBeLessThanOrEqual((tree[place!.file] ?? "").split(/\r\n?|\n/).length);
    expect(formatProblem(problem)).toContain(message);
  }
  const broken = problems.filter(({ code }) =>
    ["bad-regex", "unsupported-regex", "no-failregex", "no-id-group", "bad-datepattern"].includes(code),
  );
  for (const { jail, severity } of broken) if (severity === "error") expect(running).not.toContain(jail);
  if (compiled.problems.some(({ severity, jail }) => severity === "error" && jail === undefined))
    expect(running).toEqual([]);
  for (const { jail, failregex, ignoreregex, prefregex } of filters) {
    expect(failregex.length).toBe(jail.filter.failregex.length);
    expect(failregex.length).toBeGreaterThan(0);
    expect(ignoreregex.length).toBe(jail.filter.ignoreregex.length);
    expect(prefregex === undefined).toBe(jail.filter.prefregex === undefined);
    for (const time of [jail.maxretry, jail.findtime]) expect(Number.isFinite(time)).toBe(true);
  }
  for (const jail of firewalls.keys()) expect(running).toContain(jail);
  const verdicts = verdictsOf(compiled.outcomes, new Set(running), problems);
  for (const verdict of verdicts)
    if (verdict.kind === "cannot")
      expect(verdict.reasons.length, `${verdict.jail}: ${JSON.stringify(problems)}`).toBeGreaterThan(0);

  // Only what the files themselves name is looked for elsewhere.
  const said = Object.values(tree).join("\n");
  for (const path of new Set(read)) if (/^\/|(^|\/)\.\.(\/|$)/.test(path)) expect(said).toMatch(/\.\.|\//);
  expect(
    read
      .filter((path) => path.startsWith("/"))
      .every((path) => said.includes(path.slice(path.lastIndexOf("/") + 1).replace(/\.[^.]*$/, ""))),
  ).toBe(true);
  return { running, problems: problems.length };
}

/** Each edit goes to a file of its own choice. */
function spoilTree(tree: Tree, edits: readonly (readonly [share: number, edit: Edit])[]): Tree {
  const paths = Object.keys(tree);
  return edits.reduce<Tree>((now, [share, edit]) => {
    const path = paths[Math.min(paths.length - 1, Math.floor(share * paths.length))]!;
    // biome-ignore lint/performance/noAccumulatingSpread: a tree of a few files
    return { ...now, [path]: spoil(now[path]!, [edit]) };
  }, tree);
}

const spoilt = (tree: Tree) =>
  fc
    .array(
      fc.tuple(
        share,
        editsWith(WORDS, 1, 24).map(([edit]) => edit!),
      ),
      { minLength: 1, maxLength: 5 },
    )
    .map((edits) => spoilTree(tree, edits));

/** A whole line of a value becomes another: deeper than edits of characters get. */
const OPTIONS =
  "enabled filter action port bantime findtime maxretry usedns ignoreip logpath datepattern backend bantime.formula failregex prefregex ignoreregex mode maxlines before".split(
    " ",
  );
const rewritten = (tree: Tree) =>
  fc
    .array(
      fc.tuple(
        share,
        share,
        fc.constantFrom(...OPTIONS),
        fc.array(fc.oneof(oddWord, fc.constantFrom(...WORDS)), { maxLength: 5 }),
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((lines) =>
      lines.reduce<Tree>((now, [file, line, name, words]) => {
        const paths = Object.keys(now);
        const path = paths[Math.min(paths.length - 1, Math.floor(file * paths.length))]!;
        const texts = now[path]!.split("\n");
        const at = Math.floor(line * texts.length);
        // biome-ignore lint/performance/noAccumulatingSpread: a tree of a few files
        return { ...now, [path]: texts.with(Math.min(at, texts.length - 1), `${name} = ${words.join("")}`).join("\n") };
      }, tree),
    );

/** Only the value of an option becomes another, so that the tree can still be read and what it says is what is wrong. */
const MEANT = [
  ...WORDS,
  ...Object.values(DENSE).flatMap((text) => [...text.matchAll(/ = (.+)$/gm)].map(([, value]) => value!)),
]
  .map((word) => word.trim())
  .filter((word) => word !== "" && !/[\n%]/.test(word));
const revalued = (tree: Tree) => {
  const places = Object.entries(tree).flatMap(([path, text]) =>
    [...text.matchAll(/^[\w.]+ = .+$/gm)].map(({ index, 0: line }) => ({ path, index, line })),
  );
  const change = fc.record({
    place: fc.constantFrom(...places),
    word: fc.constantFrom(...MEANT),
    at: share,
    keep: fc.boolean(),
  });
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) =>
    changes.reduce<Tree>((now, { place: { path, line }, word, at, keep }) => {
      const [name, value = ""] = line.split(/ = (.*)/s);
      const cut = Math.floor(at * value.length);
      const text = now[path]!.replace(
        line,
        () => `${name} = ${keep ? value.slice(0, cut) + word + value.slice(cut) : word}`,
      );
      // biome-ignore lint/performance/noAccumulatingSpread: a tree of a few files
      return { ...now, [path]: text };
    }, tree),
  );
};

describe("any configuration tree", () => {
  it.each([
    { name: "the bundled jails", tree: BUNDLED, runs: 60, some: 5, jails: HAPROXY_JAILS },
    { name: "a dense one", tree: DENSE, runs: 1200, some: 50, jails: ["web", "ssh"] },
  ])("spoilt from $name compiles to what can run, and problems in words", ({ name, tree, runs, some, jails }) => {
    expect(judge(tree).running).toEqual(expect.arrayContaining([...jails]));
    let ran = 0;
    let broken = 0;
    fc.assert(
      fc.property(fc.oneof(spoilt(tree), rewritten(tree), { weight: 3, arbitrary: revalued(tree) }), (given) => {
        const { running, problems } = judge(given);
        if (running.length > 0) ran++;
        if (problems > 0) broken++;
      }),
      { numRuns: runs },
    );
    console.log(`${runs} trees spoilt from ${name}: in ${ran} a jail runs, in ${broken} something is told`);
    expect(Math.min(ran, broken)).toBeGreaterThan(some);
  });

  it("of noise is no jail, and says so", () => {
    const text = fc
      .array(fc.oneof(oddWord, fc.constantFrom(...WORDS)), { maxLength: 30 })
      .map((words) => words.join(""));
    fc.assert(
      fc.property(text, text, (jail, filter) => {
        judge({ "jail.conf": jail, "filter.d/f.conf": filter });
        judge({ ...DENSE, "filter.d/f.conf": filter });
      }),
      { numRuns: 300 },
    );
  });
});

/** A jail with these options, and its filter. */
const jailWith = (options: string, filter = "[Definition]\nfailregex = ^<HOST>$\n"): Tree => ({
  "jail.conf": `[j]\nenabled = true\nfilter = f\naction = iptables-allports\nlogpath = /l\n${options}\n`,
  "filter.d/f.conf": filter,
});
const failing = (regex: string) => jailWith("", `[Definition]\nfailregex = ^<HOST>${regex}$\n`);
const nest = (open: string, close: string, times: number) => `${open.repeat(times)}a${close.repeat(times)}`;
const counted = (times: number, of: (nth: number) => string) =>
  Array.from({ length: times }, (_, nth) => of(nth)).join("\n");
const includes = (times: number, of: (nth: number) => string): Tree => ({
  ...jailWith("", "[INCLUDES]\nbefore = i0.conf\n[Definition]\nfailregex = ^<HOST>$\n"),
  ...Object.fromEntries(Array.from({ length: times }, (_, nth) => [`filter.d/i${nth}.conf`, of(nth)])),
});

/** Each would run out of stack, memory or time, were it not counted. */
const BOMBS: readonly { readonly name: string; readonly tree: Tree }[] = [
  ...["(", "(?:", "(?=", "(?!", "(?<=", "(?>", "(?i:"].map((open) => ({
    name: `${open} in one another`,
    tree: failing(nest(open, ")", 20_000)),
  })),
  { name: "conditionals in one another", tree: failing(`(?P<x>a)${nest("(?(x)", ")", 20_000)}`) },
  { name: "repeats of repeats", tree: failing("((((a{100}){100}){100}){100})") },
  { name: "repeats of repeats in look-ahead", tree: failing("(?=((((a{1,100}){1,100}){1,100}){1,100}))") },
  { name: "stars of stars", tree: failing(nest("(", ")*", 3_000)) },
  { name: "a class without end", tree: failing("[".repeat(20_000)) },
  {
    name: "alternatives in look-ahead",
    tree: failing(`(?!${counted(5_000, (nth) => `x${nth}`).replaceAll("\n", "|")})`),
  },
  {
    name: "a prefregex in depth",
    tree: jailWith("", `[Definition]\nfailregex = ^<HOST>$\nprefregex = ${nest("(", ")", 5_000)}\n`),
  },
  { name: "a date pattern in depth", tree: jailWith(`datepattern = ${"(".repeat(3_000)}%%Y${")".repeat(3_000)}`) },
  ...["bantime", "findtime", "bantime.formula", "bantime.factor", "bantime.rndtime"].flatMap((option) =>
    [
      `${"(".repeat(20_000)}1${")".repeat(20_000)}`,
      "9**9**9**9",
      "1<<999999999",
      "-".repeat(20_000),
      "not ".repeat(9_000),
      "1 if 1 else ".repeat(9_000),
    ].map((value) => ({
      name: `${option} of ${value.slice(0, 12)}`,
      tree: jailWith(`bantime.increment = true\n${option} = ${value}`),
    })),
  ),
  {
    name: "interpolation, ten times ten deep",
    tree: jailWith(
      `port = %(a0)s\nignoreip = %(a0)s\n${counted(9, (nth) => `a${nth} = ${`%(a${nth + 1})s`.repeat(10)}`)}\na9 = x`,
    ),
  },
  { name: "interpolation in a circle", tree: jailWith("port = %(a)s\nignoreip = %(a)s\na = %(b)s\nb = %(a)s") },
  {
    name: "interpolation of what is long",
    tree: jailWith(
      `ignoreip = %(a0)s\n${counted(5, (nth) => `a${nth} = ${`%(a${nth + 1})s`.repeat(20)}`)}\na5 = ${"x".repeat(1000)}`,
    ),
  },
  {
    name: "tags that double",
    tree: jailWith(
      "",
      `[Definition]\nfailregex = ^<HOST><a0>$\n${counted(60, (nth) => `a${nth} = <a${nth + 1}><a${nth + 1}>`)}\na60 = x\n`,
    ),
  },
  { name: "tags in a circle", tree: jailWith("", "[Definition]\nfailregex = ^<HOST><a>$\na = <b>\nb = <a>\n") },
  {
    name: "includes that double",
    tree: includes(
      60,
      (nth) => `[INCLUDES]\nbefore = i${nth + 1}.conf\n  i${nth + 2}.conf\nafter = i${nth + 1}.conf\n`,
    ),
  },
  { name: "includes in depth", tree: includes(3_000, (nth) => `[INCLUDES]\nbefore = i${nth + 1}.conf\n`) },
  {
    name: "includes in a circle",
    tree: {
      ...includes(1, () => "[INCLUDES]\nbefore = f.conf\nafter = i0.local\n"),
      "filter.d/i0.local": "[INCLUDES]\nbefore = i0.conf\nafter = f.conf\n",
    },
  },
  { name: "brackets of a filter", tree: { ...jailWith(""), "jail.local": `[j]\nfilter = f${"[a=".repeat(9_000)}\n` } },
  {
    name: "brackets of an action",
    tree: { ...jailWith(""), "jail.local": `[j]\naction = a${nest("[", "]", 9_000)}\n` },
  },
  {
    name: "ports without end",
    tree: { ...jailWith(""), "jail.local": `[j]\naction = iptables-multiport[port="${"1:65535,".repeat(9_000)}1"]\n` },
  },
  { name: "a mistake in every line", tree: { ...jailWith(""), "jail.local": `[j]\n${"x\n".repeat(200_000)}` } },
];

/** What formatting or expanding may come to, in characters; the largest input has 400 000. */
const MOST_TEXT = 1 << 24;

describe("a bomb", () => {
  it.each(BOMBS)("of $name ends by a count", ({ tree }) => {
    const { files } = watched(tree);
    const compiled = compileConfiguration(files, { everyJail: true });
    const { problems, filters } = examine(compiled, () => 0, 1);
    if (filters.length === 0) expect(problems.some(({ severity }) => severity === "error")).toBe(true);
    expect(compiled.jails.reduce((sum, jail) => sum + JSON.stringify(jail).length, 0)).toBeLessThan(MOST_TEXT);
    for (const { message, place } of problems.slice(0, 100))
      expect([message === "", place]).toEqual([false, expect.anything()]);
  });
});

describe("a tree of the corpus", () => {
  it.each(corpus("config"))("is judged: $name", ({ text }) => {
    judge(JSON.parse(text) as Tree);
  });
});
