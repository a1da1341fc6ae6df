import { describe, expect, it } from "vitest";
import { formatFailure } from "../../../shared/core/report/regex-output.ts";
import {
  formatRegexHeader,
  formatRegexReport,
  type RegexReport,
  type ReportOptions,
  shortened,
} from "../../../shared/core/report/regex-report.ts";

const utc = () => 0;
const at = Date.UTC(2026, 10, 22, 17, 35, 59);
const few = { verbose: false, allDates: false, listLimit: 20 } as const;
const options: ReportOptions = { ...few, print: { matched: "never", ignored: "few", missed: "few" } };
const report: RegexReport = {
  uses: [],
  prefregex: { pattern: "^x <F-CONTENT>.+</F-CONTENT>$", hits: 2, groups: [new Map([["content", "it's"]])] },
  failregex: [
    { pattern: "^a <HOST>", hits: 1, found: [{ id: "192.0.2.7", at, multiple: true }] },
    { pattern: "^b <HOST>", hits: 0, found: [] },
  ],
  ignoreregex: [],
  dates: [
    { name: "Epoch", hits: 3 },
    { name: "TAI64N", hits: 0 },
  ],
  lines: { matched: ["m"], ignored: [], missed: ["one  ", "two"] },
  refused: [],
  elapsed: 12,
};
const body = (change: Partial<RegexReport>, how: Partial<ReportOptions> = {}) =>
  formatRegexReport({ ...report, ...change }, { ...options, ...how }, utc);

describe("the report of regex", () => {
  it("has the sections of fail2ban-regex", () => {
    expect(body({})).toBe(
      [
        "\nResults\n=======\n",
        "Prefregex: 2 total\n|  ^x <F-CONTENT>.+</F-CONTENT>$\n`-\n",
        "Failregex: 1 total\n|-  #) [# of hits] regular expression\n|   1) [1] ^a <HOST>\n`-\n",
        "Ignoreregex: 0 total\n",
        "Date template hits:\n|- [# of hits] date format\n|  [3] Epoch\n`-\n",
        "Lines: 3 lines, 0 ignored, 1 matched, 2 missed\n[processed in 0.01 sec]\n",
        "|- Missed line(s):\n|  one\n|  two\n`-\n",
      ].join("\n"),
    );
  });

  it.each([
    { name: "-v shows the groups of the prefix", how: { verbose: true }, part: `|      {'content': "it's"}` },
    {
      name: "-v shows whom a regex found, and when",
      how: { verbose: true },
      part: "|      192.0.2.7  Sun Nov 22 17:35:59 2026 (multiple regex matched)",
    },
    { name: "-v shows regexes without hits", how: { verbose: true }, part: "|   2) [0] ^b <HOST>" },
    { name: "shows date templates without hits on request", how: { allDates: true }, part: "|  [0] TAI64N" },
    {
      name: "as many lines as the limit are too many",
      how: { listLimit: 2 },
      part: "Missed line(s): too many to print.  Use --print-all-missed to print all 2 lines",
    },
    {
      name: "unless all are asked for",
      how: { listLimit: 2, print: { ...options.print, missed: "all" as const } },
      part: "|  two\n`-",
    },
    {
      name: "matched lines on request",
      how: { print: { ...options.print, matched: "all" as const } },
      part: "|- Matched line(s):\n|  m\n`-",
    },
  ])("$name", ({ how, part }) => expect(body({}, how)).toContain(part));

  it("leaves out what is switched off", () => {
    const quiet = body({}, { print: { matched: "never", ignored: "never", missed: "never" } });
    expect(quiet).not.toContain("Missed line");
    expect(body({ dates: undefined })).not.toContain("Date template");
  });

  it("names matches that Fail2Ban would ban although they are no address", () => {
    expect(body({ refused: ["bad login from 999.1.1.1"] })).toContain("|  bad login from 999.1.1.1");
  });

  it("opens with the banner and one empty line after the header", () => {
    expect(formatRegexHeader(["Use   x"])).toBe("\nRunning tests\n=============\n\nUse   x\n\n");
    expect(shortened("x".repeat(54))).toBe(`${"x".repeat(50)}...`);
    expect(shortened("x".repeat(53))).toBe("x".repeat(53));
  });
});

describe("regex -o", () => {
  const failure = {
    zoned: false,
    id: "user1",
    ip: "192.0.2.7",
    at: at + 123,
    groups: new Map<string, string | null>([
      ["ip4", "192.0.2.7"],
      ["ip6", null],
      ["user", 'o"<ip>'],
    ]),
    lines: ["the line"],
  };
  it.each([
    { format: "id", text: "user1" },
    { format: "ip", text: "192.0.2.7" },
    { format: "msg", text: "the line" },
    { format: "user", text: 'o"<ip>' },
    { format: "nosuch", text: "None" },
    { format: "ip6", text: "None" },
    { format: "row", text: `['user1',\t1795368959.123,\t{'ip4': '192.0.2.7', 'ip6': None, 'user': 'o"<ip>'}],` },
    { format: "<ip> <F-USER> <time> <x>", text: '192.0.2.7 o"<ip> 1795368959.123 <x>' },
    { format: "<fid>/<family>: <msg>", text: "user1/inet4: the line" },
  ])("$format", ({ format, text }) => expect(formatFailure(failure, format)).toBe(text));
});
