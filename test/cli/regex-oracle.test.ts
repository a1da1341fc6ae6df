/** `fleet2ban regex` against the installed fail2ban-regex: the same report, the same rows, on the same lines. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runCommandLine } from "../../cli/main.ts";
import { findInstallation } from "../../compat/corpus.ts";
import { available } from "../support/require.ts";
import { createTerminalDouble } from "./terminal-double.ts";

const dir = mkdtempSync(join(tmpdir(), "fleet2ban-regex-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const LOG = join(dir, "sample.log");
writeFileSync(
  LOG,
  [
    "2025-11-22 17:35:59 bad login from 192.0.2.7",
    "2025-11-22 17:35:59,123 bad login of joe from 2001:db8::1 port 5",
    "Nov 20 17:35:59 host x: hello",
    "# a comment",
    "",
    '2025-11-22 17:36:59 bad login of it\'s "q" from 192.0.2.8 port 22',
    "no date: bad login from 192.0.2.9",
    "2025-11-22T17:35:59Z harmless: bad login from 192.0.2.10",
    "[22/Nov/2025:17:35:59 +0100] bad login from ::ffff:192.0.2.11",
    "1763832959 worse login from 192.0.2.12",
    "  ",
    "",
  ].join("\r\n"),
);
const BAD = "bad login(?: of <F-USER>.+</F-USER>)? from <HOST>(?: port \\d+)?$";

async function ours(...argv: string[]): Promise<{ code: number; text: string }> {
  const double = createTerminalDouble();
  const code = await runCommandLine(["regex", ...argv], double.terminal);
  return { code, text: double.out() };
}

function theirs(...argv: string[]): { code: number; text: string } {
  const { stdout, status } = spawnSync("fail2ban-regex", argv, { encoding: "utf8", maxBuffer: 1e8 });
  return { code: status ?? -1, text: stdout };
}

/** Times of the day and the spelling of the date templates' internals are each tool's own. */
function comparable(text: string): string {
  return (
    text
      .replace(/\[processed in .* sec\]/, "[processed in # sec]")
      .replace(/^(\| {2}\[\d+\]) .*(?:Month|MON|Epoch|TAI64N|Minute).*$/gm, "$1 TEMPLATE")
      .replace(/basedir: .*/, "basedir: DIR")
      // Where a line has no date, the original prints the time at which it is asked.
      .replace(/^(\| {6}192\.0\.2\.9 ).*$/m, "$1 NO DATE")
  );
}

describe.skipIf(!available(["fail2ban-regex", "python3"]))("regex, next to fail2ban-regex", () => {
  describe("the report", () => {
    it.each<{ name: string; argv: string[] }>([
      { name: "a regex on a file", argv: [LOG, BAD] },
      { name: "with an ignoreregex", argv: [LOG, BAD, "harmless"] },
      { name: "verbose", argv: ["-v", LOG, BAD, "harmless"] },
      { name: "all lists", argv: ["--print-all-matched", "--print-all-ignored", LOG, BAD, "harmless"] },
      { name: "no lists", argv: ["--print-no-missed", "--print-no-ignored", LOG, BAD, "harmless"] },
      { name: "a line", argv: ["2025-11-22 17:35:59 bad login from 192.0.2.7", BAD] },
      {
        name: "a long line and a long regex",
        argv: [`x ${"y".repeat(80)} from 192.0.2.7`, `${"y".repeat(60)} from <ADDR>`],
      },
      { name: "a line that misses", argv: ["2025-11-22 17:35:59 good login from 192.0.2.7", BAD] },
      { name: "a date pattern", argv: ["-d", "^%Y-%m-%d %H:%M:%S", LOG, BAD] },
      { name: "no date", argv: ["-d", "{NONE}", LOG, BAD] },
      { name: "a regex that stops at the first", argv: ["--no-check-all", LOG, BAD] },
    ])("$name", async ({ argv }) => {
      const real = theirs(...argv);
      const { code, text } = await ours(...argv);
      expect({ code, text: comparable(text) }).toEqual({
        code: real.code,
        text: comparable(real.text),
      });
    });

    it("cuts long lists off at the same length", async () => {
      for (const lines of [19, 20, 25]) {
        const log = join(dir, `many-${lines}.log`);
        writeFileSync(log, "2025-11-22 17:35:59 nothing\n".repeat(lines));
        for (const more of [[], ["--print-all-missed"]]) {
          expect(comparable((await ours(...more, log, BAD)).text)).toBe(comparable(theirs(...more, log, BAD).text));
        }
      }
    });

    it("says no to a regex that names nobody, and exits with 255", async () => {
      expect(theirs(LOG, "^bad").code).toBe(255);
      expect((await ours(LOG, "^bad")).code).toBe(255);
    });
  });

  // The rows of every filter's own log are compared by compat (test/compat/rows.test.ts); here it is the sums.
  const SUMS = ["pure-ftpd", "ejabberd-auth", "guacamole", "mongodb-auth", "slapd", "sendmail-auth", "sendmail-reject"];
  it.each(SUMS)("%s: the lines' sums", async (name) => {
    const { tests, config } = findInstallation(undefined);
    const argv = ["-c", config, "-r", join(tests, "files/logs", name), name];
    const counts = (text: string) => text.match(/^(?:Failregex|Lines): .*$/gm);
    const real = theirs(...argv).text;
    expect(counts((await ours(...argv)).text)).toEqual(counts(real));
    expect(counts(real)).toHaveLength(2);
  });

  it("sshd: the same hits, and as matched the lines that are failures in operation", async () => {
    const { tests, config } = findInstallation(undefined);
    const argv = ["-c", config, "-r", "-v", join(tests, "files/logs/sshd"), "sshd"];
    const rows = (text: string) => text.match(/^\|[ \d]+\) \[\d+\].*|^\| {6}[\da-f.:]+ {2}|^Failregex: .*/gm);
    const real = theirs(...argv).text;
    const { text } = await ours(...argv);
    expect(rows(text)).toEqual(rows(real));
    expect(rows(real)!.length).toBeGreaterThan(100);
    // Two lines hit two regexes, of which the second only tells something: fail2ban-regex calls them ignored, its own
    // -o row prints them as failures, and its server bans for them.
    expect(real).toContain("Lines: 148 lines, 42 ignored, 68 matched, 38 missed");
    expect(text).toContain("Lines: 148 lines, 40 ignored, 70 matched, 38 missed");
    expect(theirs("-o", "row", ...argv.filter((word) => word !== "-v")).text).toContain("graysky");
  });

  describe("over several lines", () => {
    const SEVERAL = join(dir, "several.log");
    const lines = [
      "2025-11-22 17:35:59 connect from 192.0.2.7",
      "2025-11-22 17:36:00 noise",
      "2025-11-22 17:36:01 login failed",
      "2025-11-22 17:36:02 noise",
      "2025-11-22 17:36:03 connect from 192.0.2.8",
      "2025-11-22 17:36:04 connect from 192.0.2.9",
      "2025-11-22 17:36:05 login failed",
      "2025-11-22 17:36:06 login failed",
      "2025-11-22 17:36:07 harmless connect from 192.0.2.10",
      "2025-11-22 17:36:08 login failed",
    ];
    writeFileSync(SEVERAL, `${lines.join("\n")}\n`);
    const FAILED = "connect from <HOST>$<SKIPLINES>^ login failed$";
    it.each([
      { argv: ["-L", "3"] },
      { argv: ["-L", "9"] },
      { argv: ["-L", "9", "-v"] },
      { argv: ["-L", "9", "--print-all-matched", "--print-all-ignored"] },
      { argv: ["-L", "9", "-o", "row"] },
      { argv: ["-L", "9", "-o", "msg"] },
      { argv: ["-L", "9", "-o", "<ip> <msg>"] },
    ])("$argv", async ({ argv }) => {
      const all = [...argv, SEVERAL, FAILED, "harmless"];
      expect(comparable((await ours(...all)).text)).toBe(comparable(theirs(...all).text));
    });
  });

  it("gives a line without a date the time of the latest that has one, if that is less than a minute ago", async () => {
    const log = join(dir, "undated.log");
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    const lines = [
      "bad login from 192.0.2.1",
      "2025-11-22T17:35:59Z bad login from 192.0.2.2",
      "bad login from 192.0.2.3",
    ];
    lines.push(`${now} bad login from 192.0.2.4`, "bad login from 192.0.2.5", "2025-11-22T17:35:59Z nothing");
    writeFileSync(log, `${[...lines, "bad login from 192.0.2.6"].join("\n")}\n`);
    const { text } = await ours("-o", "row", log, BAD);
    expect(text).toBe(theirs("-o", "row", log, BAD).text);
    expect(text).toContain(`['192.0.2.5',\t${Date.parse(now) / 1_000},`);
  });

  it.each(["row", "id", "ip", "msg", "user", "ip6", "<ip> <F-USER> <time> <msg>"])("-o %s", async (format) => {
    // A line without a date would be printed with the date of the one before it: that is left out of the sample.
    const dated = join(dir, "dated.log");
    writeFileSync(dated, readFileSync(LOG, "utf8").replace(/^no date.*$/m, ""));
    expect((await ours("-o", format, dated, BAD, "harmless")).text).toBe(
      theirs("-o", format, dated, BAD, "harmless").text,
    );
  });
});
