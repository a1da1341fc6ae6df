/** regex: what it reads, and which filter it means. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { runCommandLine } from "../../cli/main.ts";
import { type LineSource, readLogLines, sourceOf } from "../../cli/regex/read-lines.ts";
import type { RegexReport } from "../../shared/core/report/regex-report.ts";
import { createTerminalDouble } from "./terminal-double.ts";

const dir = mkdtempSync(join(tmpdir(), "fleet2ban-regex-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const file = (name: string, text: string | Buffer) => {
  const path = join(dir, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return path;
};

const CONFIG = join(dir, "config");
file(
  "config/jail.conf",
  "[door]\nfilter = knock[word=rat]\nlogpath = /x.log\nfailregex = %(known/failregex)s\n  tap from <ADDR>\n",
);
file("config/filter.d/knock.conf", "[Definition]\nfailregex = ^ <word> from <ADDR>$\n[Init]\nword = knock\n");
const foreign = file(
  "elsewhere/strange.conf",
  "[INCLUDES]\nbefore = words.conf\n[Definition]\nfailregex = ^ <word> from <ADDR>$\n",
);
file("elsewhere/words.conf", "[Init]\nword = thud\n");

async function run(...argv: string[]) {
  const double = createTerminalDouble();
  const code = await runCommandLine(["regex", ...argv], double.terminal);
  return { code, out: double.out(), err: double.err() };
}
const line = (text: string) => `2026-11-22 10:00:00 ${text}`;

describe("a log that is not there", () => {
  it.each(["/nonexistent/haproxy.log", "./haproxy.log", "haproxy.log.1", "haproxy.log.gz"])(
    "%s is a line, as in Fail2Ban, and that is said",
    async (log) => {
      const { code, out, err } = await run(log, "from <ADDR>");
      expect(code).toBe(0);
      expect(out).toContain(`Use      single line : ${log}\n`);
      expect(err).toBe(`warning: there is no file ${log}, so these words are taken for the line itself\n`);
    },
  );

  it.each(["bad login from 192.0.2.1", "/login from 192.0.2.1", "192.0.2.1"])("%s is a line", async (log) => {
    expect((await run(log, "<ADDR>")).err).toBe("");
  });
});

describe("a long log", () => {
  const LONG = file("long.log", `${line("knock from 192.0.2.1")}\n`.repeat(4_000));
  const drawn = async (isTTY: boolean, ...argv: string[]) => {
    const double = createTerminalDouble({}, { isTTY });
    await runCommandLine(["regex", ...argv], double.terminal);
    return { out: double.out(), err: double.err() };
  };

  it("has a progress line on a terminal, which is gone at the end and not in the output", async () => {
    const { out, err } = await drawn(true, LONG, "from <ADDR>$");
    expect(err).toMatch(/ 50 % {2}2000 lines.*100 % {2}4000 lines\r\x1b\[2K$/s);
    expect(out).toContain("Lines: 4000 lines, 0 ignored, 4000 matched");
    expect(out).not.toContain("%");
  });

  it.each([
    { name: "in a pipe", isTTY: false, argv: [] },
    { name: "where lines are printed as they come", isTTY: true, argv: ["-o", "ip"] },
  ])("has none $name", async ({ isTTY, argv }) => {
    expect((await drawn(isTTY, ...argv, LONG, "from <ADDR>$")).err).toBe("");
  });
});

describe("a filter that is not there", () => {
  it("is told with the way to look elsewhere", async () => {
    const { code, err } = await run("x", "nosuchfilter");
    expect({ code, err }).toEqual({
      code: 255,
      err: expect.stringContaining("\n    A jail or filter: --config DIR looks for it elsewhere.\n"),
    });
  });
});

describe("the filter that is meant", () => {
  it.each<{ name: string; regex: string; hits: string; misses: string }>([
    {
      name: "a jail, though it is switched off",
      regex: "door",
      hits: "tap from 192.0.2.1",
      misses: "knock from 192.0.2.1",
    },
    {
      name: "a jail with its filter's arguments",
      regex: "door",
      hits: "rat from 192.0.2.1",
      misses: "knock from 192.0.2.1",
    },
    { name: "a filter", regex: "knock", hits: "knock from 192.0.2.1", misses: "tap from 192.0.2.1" },
    {
      name: "a filter with options",
      regex: "knock[word=bang]",
      hits: "bang from 192.0.2.1",
      misses: "knock from 192.0.2.1",
    },
    {
      name: "a file in a filter.d",
      regex: `${CONFIG}/filter.d/knock.conf`,
      hits: "knock from 192.0.2.1",
      misses: "rat from 192.0.2.1",
    },
    {
      name: "the same without its ending",
      regex: `${CONFIG}/filter.d/knock`,
      hits: "knock from 192.0.2.1",
      misses: "rat from 192.0.2.1",
    },
    {
      name: "any file, with what it includes",
      regex: foreign,
      hits: "thud from 192.0.2.1",
      misses: "knock from 192.0.2.1",
    },
    {
      name: "the regex itself",
      regex: "boom from <ADDR>",
      hits: "boom from 192.0.2.1",
      misses: "knock from 192.0.2.1",
    },
  ])("is $name", async ({ regex, hits, misses }) => {
    const asked = async (text: string) => (await run("-c", CONFIG, "-o", "id", line(text), regex)).out;
    expect([await asked(hits), await asked(misses)]).toEqual(["192.0.2.1\n", ""]);
  });

  it.each([
    { argv: ["x", "("], code: 255, err: "failregex" },
    { argv: ["x", "nosuchfilter"], code: 255, err: "there is no jail, filter or file 'nosuchfilter'" },
    { argv: ["x", "nosuchfilter"], code: 255, err: `A jail or filter: it was looked for in ${CONFIG}.` },
    { argv: ["x", "dor"], code: 255, err: "Did you mean door?" },
    { argv: ["x", "knok"], code: 255, err: "Did you mean knock?" },
    { argv: ["x", "/nonexistent/filter.d/knock.conf"], code: 255, err: "there is no jail, filter or file" },
    { argv: ["x", "door[word=]extra"], code: 255, err: "no group says who failed" },
    { argv: ["x", "knock[word"], code: 255, err: "a class has no closing bracket" },
    { argv: ["-d", "%Q", "x", "a <ADDR>"], code: 255, err: "datepattern" },
    { argv: ["--timezone", "Mars", "x", "a <ADDR>"], code: 255, err: "Mars" },
    { argv: ["-m", "_X=1", "x", "a <ADDR>"], code: 2, err: "--journalmatch is for the journal" },
    { argv: ["-m", "x", "systemd-journal", "a <ADDR>"], code: 255, err: 'journalmatch has "x"' },
    { argv: ["systemd-journal[journalflags=16]", "a <ADDR>"], code: 2, err: "journalflags = 16 is no sum of 1, 2, 4" },
    { argv: ["systemd-journal[journalflags=local]", "a <ADDR>"], code: 2, err: "FLAGS adds up 1 this machine" },
    {
      argv: ["systemd-journal[journalflags=2,journalpath=/x]", "a <ADDR>"],
      code: 2,
      err: "journalflags = 2 excludes journalpath",
    },
    { argv: ["systemd-journal[x=1]", "a <ADDR>"], code: 2, err: "systemd-journal knows no x" },
    { argv: ["systemd-journal[x", "a <ADDR>"], code: 2, err: "a bracket that is not closed" },
    { argv: ["-D", "x", "a <ADDR>"], code: 2, err: "debuggex" },
    { argv: ["-e", "klingon", foreign, "a <ADDR>"], code: 2, err: "no encoding 'klingon'" },
    { argv: ["--print-no-missed", "--print-all-missed", "x", "a <ADDR>"], code: 2, err: "exclude each other" },
  ])("is refused: $argv", async ({ argv, code, err }) => {
    const result = await run("-c", CONFIG, ...argv);
    expect(result.code).toBe(code);
    expect(result.err).toContain(err);
    expect(result.err).not.toMatch(/^\s+at /m);
  });
});

describe("what it prints", () => {
  const log = file("mixed.log", `${line("knock from 192.0.2.1")}\n${line("hello")}\n${line("knock from 999.1.1.1")}\n`);

  it("-i turns the choice around", async () => {
    expect((await run("-c", CONFIG, "-i", "-o", "id", log, "knock")).out).toBe(
      `${line("hello")}\n${line("knock from 999.1.1.1")}\n`,
    );
  });

  it("counts lines whose id is no address as Fail2Ban does, and names them", async () => {
    const { out } = await run("-c", CONFIG, log, "knock");
    expect(out).toContain(`would not be banned:\n|  ${line("knock from 999.1.1.1")}\n\`-`);
    expect(out).toContain("Lines: 3 lines, 0 ignored, 2 matched, 1 missed");
  });

  it("--json has the whole report", async () => {
    const report = JSON.parse((await run("-c", CONFIG, "--json", log, "knock")).out) as RegexReport;
    expect(report.failregex).toEqual([
      {
        pattern: "^ knock from <ADDR>$",
        hits: 2,
        found: ["192.0.2.1", "999.1.1.1"].map((id) => ({
          id,
          at: new Date("2026-11-22T10:00:00").getTime(),
          multiple: false,
        })),
      },
    ]);
    expect(report.refused).toEqual([line("knock from 999.1.1.1")]);
    expect(report.lines.missed).toEqual([line("hello")]);
  });

  it("--explain says which lines it looks at together", async () => {
    const lines = ["hello from 192.0.2.1", "noise", "failed"].map(line).join("\n");
    const { out } = await run("--explain", "-L", "3", lines, "hello from <ADDR>$<SKIPLINES>^ failed$");
    const last = out.slice(out.lastIndexOf("\n\n"));
    expect(last).toMatch(
      /looks at +the last 3 lines together, of at most 3\ncut lines +hello from 192\.0\.2\.1\n +noise\n +failed\n/,
    );
    expect(last).toMatch(/failregex 1 +matches[\s\S]*verdict +a failure of 192\.0\.2\.1\n$/);
    expect(out).toMatch(/looks at +this line, and later ones with it: at most 3\ncut line +hello/);
  });

  it("takes names as they are with --raw", async () => {
    expect((await run("--raw", "-o", "id", line("knock from nowhere.invalid"), "knock from <HOST>$")).out).toBe(
      "nowhere.invalid\n",
    );
    expect((await run("-o", "id", line("knock from nowhere.invalid"), "knock from <HOST>$")).out).toBe("");
  });
});

describe("what it reads", () => {
  const lines = async (source: LineSource, encoding = "utf-8", stdin = Readable.from([])) => {
    const all: string[] = [];
    for await (const { text } of readLogLines(source, { encoding, journalmatch: [], stdin })) all.push(text);
    return all;
  };
  const bytes = (...parts: (string | number[])[]) =>
    Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))));

  it.each([
    {
      name: "line ends of both kinds, and a last line without one",
      content: bytes("a\r\nb\nc"),
      read: ["a", "b", "c"],
    },
    { name: "an empty file", content: bytes(), read: [] },
    { name: "broken UTF-8", content: bytes("a", [0xff, 0xc3], "b\n"), read: ["a\ufffd\ufffdb"] },
    { name: "latin-1", encoding: "latin-1", content: bytes("caf", [0xe9], "\n"), read: ["café"] },
    {
      name: "UTF-16 with its mark",
      encoding: "utf-16",
      content: Buffer.from("\ufeffa\nb\n", "utf16le"),
      read: ["a", "b"],
    },
    { name: "a byte order mark", content: bytes([0xef, 0xbb, 0xbf], "a\n"), read: ["a"] },
  ])("$name", async ({ content, read, encoding }) => {
    expect(await lines(sourceOf(file("read.log", content)), encoding)).toEqual(read);
  });

  it("lines and characters that chunks cut in two", async () => {
    const text = Array.from({ length: 500 }, (_, index) => `${index} ${"é".repeat(index % 50)}`);
    const content = Buffer.from(`${text.join("\n")}\n`);
    const chunks = Array.from({ length: Math.ceil(content.length / 7) }, (_, i) => content.subarray(i * 7, i * 7 + 7));
    expect(await lines({ kind: "stdin" }, "utf-8", Readable.from(chunks))).toEqual(text);
  });

  it("a text with line ends as several lines", async () => {
    expect(await lines(sourceOf("a\nb"))).toEqual(["a", "b"]);
  });
});

describe("--explain", () => {
  it("tells where a regex stops, as text and as one object a line", async () => {
    const { code, out } = await run("--explain", line("tap by 192.0.2.1"), "tap from <ADDR>");
    expect(code).toBe(0);
    expect(out).toContain("stops at ▸: tap ▸from ");
    expect(out).toContain("missed: no failregex matches");
    const json = await run("--explain", "--json", line("tap from 192.0.2.1"), "tap from <ADDR>");
    expect(JSON.parse(json.out)).toMatchObject({ outcome: "matched", identity: { id: "192.0.2.1" } });
  });
});

describe("--injection", () => {
  const sample = line("login of {{bob}} from 192.0.2.1");
  it.each([
    { name: "an unanchored lazy regex is shown the line", regex: "of .*? from <HOST>", code: 255, proof: true },
    { name: "an anchored one is not", regex: "^ login of \\S+ from <HOST>$", code: 0, proof: false },
  ])("$name", async ({ regex, code: expected, proof }) => {
    const { code, out } = await run("--injection", "--json", sample, regex);
    expect(code).toBe(expected);
    const found = JSON.parse(out);
    expect(found).toMatchObject({ takes: "192.0.2.1" });
    expect(found.proof !== undefined).toBe(proof);
    if (!proof) return;
    const judged = await run("--explain", "--json", found.proof, regex);
    expect(JSON.parse(judged.out).identity.id).toBe("203.0.113.66");
  });

  it.each([
    { name: "a line without marks", text: line("login of bob from 192.0.2.1"), code: 2, says: "marks nothing" },
    { name: "a line that does not match", text: line("{{hello}}"), code: 255, says: "does not match the line" },
  ])("refuses $name", async ({ text, code: expected, says }) => {
    const { code, err } = await run("--injection", text, "of .*? from <HOST>");
    expect(code).toBe(expected);
    expect(err).toContain(says);
  });
});
