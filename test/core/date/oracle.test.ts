/** Dates held against the installed Fail2Ban: the same template, the same cut, the same instant. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { SEED } from "../../support/seed.ts";
import { EXAMPLES, NOW } from "./examples.ts";
import { type Answer, askFail2Ban, type Case, hasFail2Ban, offsetIn, sampleLogs } from "./fail2ban.ts";
import { createRandom, dateLine, type Random } from "./line-generator.ts";
import { look, makeDetector } from "./make.ts";

const MACHINE_ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Pacific/Apia", "America/New_York"];
const LOG_ZONES = [undefined, undefined, "UTC", "CET", "+0530", "EST-0100", "Y"];

const TWO_HOURS = 7_200_000;
const DAY = 86_400_000;
/** Of JavaScript's dates; TAI64N stamps go beyond. */
const LAST_DATE = 8.64e15;

interface Difference {
  readonly patterns: readonly string[];
  readonly line: string;
  readonly ours: unknown;
  readonly theirs: unknown;
}

/** Our answers to cases of one detector; every difference to Fail2Ban's. */
function differences(cases: readonly Case[]): { found: number; unread: number; wrong: readonly Difference[] } {
  const theirs = askFail2Ban(cases);
  const detectors = new Map<string, ReturnType<typeof makeDetector>>();
  let [found, unread] = [0, 0];
  const wrong: Difference[] = [];
  cases.forEach(({ patterns, line, now, timezone, machineZone = "UTC" }, number) => {
    const key = JSON.stringify([patterns, timezone, machineZone]);
    const detector = detectors.get(key) ?? makeDetector(patterns, { timezone, localOffset: offsetIn(machineZone) });
    detectors.set(key, detector);
    const answer = theirs[number]!;
    if (typeof answer === "string") throw new Error(`Fail2Ban refuses ${key}: ${answer}`);
    if (answer.index >= 0) found += 1;
    if (answer.index >= 0 && answer.at === undefined) unread += 1;
    const ours = look(detector, line, now);
    const expected = expectation(answer, now);
    if (expected.at !== undefined && isChangeOfClocks(machineZone, expected.at)) expected.at = ours.at;
    if (JSON.stringify(ours) !== JSON.stringify(expected)) wrong.push({ patterns, line, ours, theirs: answer });
  });
  return { found, unread, wrong };
}

/** An empty cut means "now" to Fail2Ban's filter, whatever the detector makes of it. */
function expectation({ index, start, end, at }: Answer, now: number) {
  return { index, start, end, at: index >= 0 && start === end ? now : at };
}

/** In an hour that a clock shows twice or skips, the C library's answer depends on what it was asked before. */
function isChangeOfClocks(zone: string, at: number): boolean {
  const offset = offsetIn(zone);
  if (Math.abs(at) > LAST_DATE - DAY) return false;
  return offset(at - TWO_HOURS) !== offset(at + TWO_HOURS) || offset(at - DAY) !== offset(at + DAY);
}

/** Digits of other scripts are dates to Fail2Ban and none to us: no log has them. */
function asciiDigits(line: string): string {
  return line.replace(/(?![0-9])\p{Nd}/gu, "7");
}

function nowOf(random: Random): number {
  return random.pick([NOW, Date.UTC(2026, 0, 1, 0, 0, 5), Date.UTC(2024, 1, 29, 12), Date.UTC(2025, 2, 30, 1, 30)]);
}

describe.skipIf(!hasFail2Ban)("a date, as Fail2Ban finds it", () => {
  it("in the example of every default template", () => {
    const cases = EXAMPLES.map(({ line }) => ({ patterns: [], line, now: NOW }));
    const { wrong, found } = differences(cases);
    expect(wrong).toEqual([]);
    expect(found).toBe(EXAMPLES.length);
  });

  it("in generated lines", () => {
    const random = createRandom(SEED);
    const cases = Array.from({ length: 4000 }, () => ({
      patterns: [],
      line: asciiDigits(dateLine(random)),
      now: nowOf(random),
      timezone: random.pick(LOG_ZONES),
      machineZone: random.pick(MACHINE_ZONES),
    })) as Case[];
    const { found, unread, wrong } = differences(cases);
    console.log(
      `seed ${SEED}: ${cases.length - wrong.length} of ${cases.length} lines agree, ${found} dates, ${unread} unread`,
    );
    expect(wrong).toEqual([]);
    expect(found).toBeGreaterThan(1000);
  });

  it("in the sample logs, by every datepattern of the installed filters", () => {
    const lines = sampleLines();
    const lists = installedPatterns();
    const cases = lists.flatMap((patterns) =>
      // Fail2Ban's own tests of these logs stand on 14 August 2005, in Central Europe.
      lines.map((line) => ({ patterns, line, now: 1_124_013_600_000, machineZone: "Europe/Berlin" })),
    );
    const { found, wrong } = differences(cases);
    console.log(
      `${cases.length - wrong.length} of ${cases.length} agree: ${lines.length} lines, ${lists.length} datepatterns, ${found} dates`,
    );
    expect(wrong).toEqual([]);
    expect(lines.length).toBeGreaterThan(900);
    expect(lists.length).toBeGreaterThan(20);
    expect(found).toBeGreaterThan(5000);
  });
});

const OWN_PATTERNS: readonly (readonly string[])[] = [
  ["\\[({DATE})\\]"],
  ["{DATE}"],
  ["^{DATE}"],
  ["{^LN-BEG}{DATE}"],
  ["{DEFAULT}"],
  ["%H:%M:%S", "{DEFAULT}"],
  ["{^LN-BEG}", "%Y"],
  ["^[^\\[]*\\[(%d/%b/%Y:%H:%M:%S\\.%f)\\]"],
  ["%d/%b/%Y:%H:%M:%S"],
  ["{UNB}%H:%M:%S"],
  ["**%H:%M:%S**"],
  ["**%H:%M:%S"],
  ["%H:%M:%S**"],
  ["^%H:%M:%S"],
  ["%H:%M:%S$"],
  ["(?i)t%H:%M:%S"],
  ["\\s%H:%M:%S\\s"],
  ["(?:^|[^\\d])(%H:%M)"],
  ["(?:^|[^\\d])(%H:%M)", "%Y"],
  ["(?:^)(%H:%M)", "%Y"],
  ["%Y", "%H:%M$"],
  ["(%Y)-(%m)"],
  ["(?P<day>%d)/%m"],
  ["%d[-/](%b)[-/]%Y"],
  ["^%d(?P<_s>[-/])%m(?P=_s)%Y"],
  ["%d(?P<_a>-|/)(?:%m|%b)(?P=_a)%Y(?: (%H)(?P<_b>[:.])%M(?P=_b)%S)?"],
  ["^\\S*\\s*(%H:%M:%S)?"],
  ["{NONE}"],
  ["%Y-%m-%d", "{NONE}"],
  ["%d %b", "%H:%M:%S"],
  ["EPOCH"],
  ["LEPOCH"],
  ["{^LN-BEG}Epoch"],
  ["{^LN-BEG}LEPOCH"],
  ["^EPOCH"],
  ["{EPOCH}"],
  ["audit\\({EPOCH}"],
  ["\\[{LEPOCH}\\]?"],
  ["TAI64N"],
  ["^TAI64N"],
  ["%Y %j"],
  ["%j"],
  ["%U %a"],
  ["%W %w"],
  ["%Y[/-]%m %U?"],
  ["%I:%M:%S %p"],
  ["%I:%M(?: %p)?"],
  ["%y%m%d"],
  ["%B %d"],
  ["%A"],
  ["%c"],
  ["%x"],
  ["%X"],
  ["%Exz"],
  ["%ExZ %H:%M:%S"],
  ["%H:%M:%S %z"],
  ["%Z %b %d"],
  ["%S%%"],
  ["%m-%d"],
  ["%G %V %u"],
  ["\\d+ %Exm"],
];

describe.skipIf(!hasFail2Ban)("a datepattern, as Fail2Ban understands it", () => {
  it("in generated lines", () => {
    const random = createRandom(SEED);
    const cases = OWN_PATTERNS.flatMap((patterns) =>
      Array.from({ length: 150 }, () => ({ patterns, line: asciiDigits(dateLine(random)), now: nowOf(random) })),
    );
    const { found, wrong } = differences(cases);
    const agree = cases.length - wrong.length;
    console.log(`seed ${SEED}: ${agree} of ${cases.length} agree, ${OWN_PATTERNS.length} patterns, ${found} dates`);
    expect(wrong).toEqual([]);
  });

  it.each([
    // An audit stamp's distance is counted from its digits, so that it is not at the begin here.
    { patterns: ["EPOCH", "^[a-z]+(\\()"], line: "audit(1794696311:42) x", cut: "(" },
    { patterns: ["EPOCH", "%H:%M"], line: "audit(1794696311:42) 22:45", cut: "1794696311" },
    { patterns: ["%H:%M", "EPOCH"], line: "x 22:45 audit(1794696311:42)", cut: "22:45" },
    { patterns: ["%Y", "%H:%M$"], line: "2026 22:45", cut: "2026" },
    { patterns: ["%Y", "%H:%M$"], line: "in 2026 22:45", cut: "22:45" },
  ])("$patterns in $line", ({ patterns, line, cut }) => {
    const { wrong } = differences([{ patterns, line, now: NOW }]);
    expect(wrong).toEqual([]);
    const { start, end } = makeDetector(patterns).find(line)!;
    expect(line.slice(start, end)).toBe(cut);
  });

  it.each(["%Q", "100%", "(%d", "%d %d", "%E"])("refuses %s too", (pattern) => {
    expect(() => makeDetector([pattern])).toThrow(/datepattern/);
    expect(typeof askFail2Ban([{ patterns: [pattern], line: "x", now: NOW }])[0]).toBe("string");
  });

  it("refuses the same pattern twice", () => {
    const patterns = ["%d", "{UNB}%d"];
    expect(() => makeDetector(patterns)).toThrow(/the same/);
    expect(askFail2Ban([{ patterns, line: "x", now: NOW }])[0]).toMatch(/already a template/);
  });

  it("but for its love of the last template", () => {
    const line = "haproxy[760]: [14/Nov/2026:22:45:11.608] GET /?@400000006af914b724434000";
    expect(askFail2Ban([{ patterns: [], line, now: NOW, asItIs: true }])).toMatchObject([{ index: 30 }]);
    expect(askFail2Ban([{ patterns: [], line, now: NOW }])).toMatchObject([{ index: 18 }]);
    expect(look(makeDetector(), line, NOW).index).toBe(18);
  });
});

function sampleLines(): readonly string[] {
  const files = (folder: string): readonly string[] =>
    readdirSync(folder).flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? files(path) : [path];
    });
  const lines = files(sampleLogs()).flatMap((path) => readFileSync(path, "utf8").split("\n"));
  return [...new Set(lines.filter((line) => line !== "" && !/^\s*#/.test(line)))];
}

function installedPatterns(): readonly (readonly string[])[] {
  const script = fileURLToPath(new URL("fail2ban-filters.py", import.meta.url));
  const output = execFileSync("/usr/bin/python3", [script], { encoding: "utf8" });
  const lists = Object.values(JSON.parse(output) as Record<string, readonly (readonly string[])[]>).flat();
  return [...new Set(lists.map((list) => JSON.stringify(list)))].map((text) => JSON.parse(text) as readonly string[]);
}
