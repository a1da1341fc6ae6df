import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { createDetector, cutDate } from "../../../shared/core/date/detector.ts";
import { EXAMPLES, NOW } from "./examples.ts";
import { createRandom, dateLine } from "./line-generator.ts";
import { look, makeDetector } from "./make.ts";

const HAPROXY_PATTERN = "^[^\\[]*\\[(%d/%b/%Y:%H:%M:%S\\.%f)\\]";
const defaults = makeDetector();

describe("the default templates", () => {
  it("are 31, with an example for each", () => {
    expect(defaults.templates).toHaveLength(31);
    expect(EXAMPLES.map(({ index }) => index)).toEqual(defaults.templates.map((_, index) => index));
  });

  it.each(EXAMPLES)("$index: $line", ({ index, line, cut, at }) => {
    const found = defaults.find(line)!;
    expect(defaults.templates.indexOf(found.template)).toBe(index);
    expect(line.slice(found.start, found.end)).toBe(cut);
    expect(new Date(found.at(NOW)!).toISOString()).toBe(new Date(at).toISOString());
    expect(cutDate(line, found)).toBe(line.replace(cut, ""));
  });

  it.each([
    ["no digits", "haproxy: started"],
    ["an address and a port", "192.0.2.3:58430 443"],
    ["a date inside of a word", "x2026-11-14 22:45:11y"],
    ["a year of another century", "1999-11-14 22:45:11"],
    ["an empty line", ""],
  ])("find nothing in %s", (_, line) => expect(defaults.find(line)).toBeUndefined());
});

describe("of several dates in a line", () => {
  it.each([
    {
      name: "the one at the begin wins, and HAProxy's own stays in its brackets",
      line: "Nov 14 22:45:11 lb1 haproxy[760]: 192.0.2.3:58430 [14/Nov/2026:22:45:11.608] http_fe",
      cut: " lb1 haproxy[760]: 192.0.2.3:58430 [14/Nov/2026:22:45:11.608] http_fe",
    },
    {
      name: "else the first one wins",
      line: "haproxy[760]: [14/Nov/2026:22:45:11.608] GET /?2026-11-14T22:45:12Z",
      cut: "haproxy[760]: [] GET /?2026-11-14T22:45:12Z",
    },
    {
      name: "a TAI64N stamp that a client sends does not hide HAProxy's date",
      line: "haproxy[760]: [14/Nov/2026:22:45:11.608] GET /?@400000006af914b724434000 HTTP/1.1",
      cut: "haproxy[760]: [] GET /?@400000006af914b724434000 HTTP/1.1",
    },
    {
      name: "a time alone counts at the begin only",
      line: "22:45:11 2026-11-14 22:45:12",
      cut: " 2026-11-14 22:45:12",
    },
    {
      name: "a pattern of two prefers the nearer",
      line: "x 2026 y 22:45",
      patterns: ["%H:%M", "%Y"],
      cut: "x  y 22:45",
    },
  ])("$name", ({ line, cut, patterns }) => {
    const detector = makeDetector(patterns);
    expect(cutDate(line, detector.find(line))).toBe(cut);
  });
});

describe("what is cut out", () => {
  it.each([
    {
      name: "is the pattern's own group",
      pattern: "\\[({DATE})\\] ",
      line: "a [2026-11-14 22:45:11] b",
      cut: "a [] b",
    },
    { name: "is the whole match without one", pattern: "\\[%Y\\]", line: "a [2026] b", cut: "a  b" },
    {
      name: "is nothing for {NONE}",
      pattern: "{NONE}",
      line: "a 2026-11-14 22:45:11 b",
      cut: "a 2026-11-14 22:45:11 b",
    },
    { name: "is counted in UTF-16 units", pattern: "", line: "😀日é 2026-11-14 22:45:11 b", cut: "😀日é  b" },
    { name: "may lie in an optional part", pattern: "^a (?:on (%m))?", line: "a on 11", cut: "a on " },
    { name: "is the first group, a date word too", pattern: "^a %Y on (%m)", line: "a 2026 on 11", cut: "a  on 11" },
  ])("$name", ({ pattern, line, cut }) => {
    expect(cutDate(line, makeDetector([pattern]).find(line))).toBe(cut);
  });

  it("means now where it is empty", () => {
    expect(makeDetector(["{NONE}"]).find("no date")?.at(NOW)).toBe(NOW);
  });
});

describe("mistakes in a datepattern", () => {
  it.each([
    ["%Q", "bad-datepattern", '"%Q" is no date word'],
    ["100%", "bad-datepattern", '"%" is no date word'],
    ["(%d", "bad-datepattern", "a group is not closed"],
    ["%d %d", "bad-datepattern", 'two groups are called "d"'],
    ["(?=x)%d", "unsupported-regex", "look-ahead"],
    ["(?P<a>[a-z]+)%d(?P=a)", "unsupported-regex", "back-reference"],
    ["(?:%Y){600}(?:x{900}){900}", "unsupported-regex", "RE2"],
  ])("%s: %s", (pattern, code, message) => {
    const result = createDetector([pattern]);
    expect(result).toMatchObject({ kind: "problem", problem: { code, severity: "error" } });
    expect(result.kind === "problem" && result.problem.message).toContain(message);
    expect(result.kind === "problem" && result.problem.message).toContain(pattern);
  });

  it("names the pattern that stands there twice", () => {
    expect(createDetector(["%Y", "{UNB}%Y"])).toMatchObject({ kind: "problem", problem: { code: "bad-datepattern" } });
  });

  it("refuses a logtimezone that is none", () => {
    const result = createDetector([], { timezone: "Europe/Berlin" });
    expect(result).toMatchObject({ kind: "problem", problem: { code: "bad-value" } });
  });
});

describe("where a cut is possible", () => {
  const haproxy = makeDetector([HAPROXY_PATTERN]);
  const inBrackets = makeDetector(["\\[({DATE})\\] "]);
  it.each([
    { detector: haproxy, before: "[", after: "]", expected: true },
    { detector: haproxy, before: " ", after: "4", expected: false },
    { detector: haproxy, before: "1", after: " ", expected: false },
    { detector: haproxy, before: "", after: "]", expected: false },
    { detector: haproxy, before: "[", after: "", expected: false },
    { detector: inBrackets, before: "[", after: "]", expected: true },
    { detector: inBrackets, before: "/", after: "<", expected: false },
    { detector: defaults, before: " ", after: "4", expected: false },
    { detector: defaults, before: "4", after: "0", expected: false },
    { detector: defaults, before: "<", after: "N", expected: false },
    { detector: defaults, before: " ", after: " ", expected: true },
    { detector: defaults, before: "", after: "", expected: true },
    { detector: makeDetector(["{^LN-BEG}"]), before: "]", after: ":", expected: true },
    { detector: makeDetector(["{^LN-BEG}"]), before: "a", after: ":", expected: false },
    { detector: makeDetector(["^%Y"]), before: "[", after: " ", expected: false },
    { detector: makeDetector(["^%Y"]), before: "", after: " ", expected: true },
    { detector: makeDetector(["**%Y**"]), before: "a", after: "b", expected: true },
    { detector: makeDetector(["a?(%Y)b*$"]), before: "a", after: "b", expected: true },
    { detector: makeDetector(["a?(%Y)b*$"]), before: "a", after: "c", expected: false },
    { detector: makeDetector(["(?:(%Y),)+"]), before: ",", after: ",", expected: true },
    { detector: makeDetector(["(?:(%Y),)+"]), before: ",", after: ".", expected: false },
    { detector: makeDetector(["(?:(%Y)a)+"]), before: "a", after: "a", expected: true },
    { detector: makeDetector(["(?:(%Y)a)+"]), before: "b", after: "a", expected: false },
    { detector: makeDetector(["\\[%Y\\]"]), before: "a", after: "b", expected: true },
    { detector: makeDetector(["[ab](%Y)$"]), before: "a", after: "\n", expected: true },
    { detector: makeDetector(["[ab](%Y)$"]), before: "a", after: "b", expected: false },
    { detector: makeDetector(["\\[%Y"]), before: "a", after: "b", expected: false },
  ])("$before|$after: $expected", ({ detector, before, after, expected }) => {
    expect(detector.canCutBetween(before, after)).toBe(expected);
  });

  const patterns = [
    [],
    ["{^LN-BEG}"],
    [HAPROXY_PATTERN],
    ["\\[({DATE})\\]?"],
    ["{DATE}"],
    ["{UNB}%H:%M", "%Y"],
    ["(?:^|[^\\d])(%H:%M)"],
  ];
  it.each(patterns.map((list) => ({ list })))("is never denied where one happens: $list", ({ list }) => {
    const detector = makeDetector(list);
    let cuts = 0;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const line = dateLine(createRandom(seed));
        const found = detector.find(line);
        if (found === undefined || found.start === found.end) return;
        cuts += 1;
        const before = [...line.slice(0, found.start)].at(-1) ?? "";
        const after = [...line.slice(found.end)][0] ?? "";
        expect(detector.canCutBetween(before, after)).toBe(true);
      }),
      { numRuns: 400 },
    );
    if (list.length === 0) expect(cuts).toBeGreaterThan(50);
  });
});

describe("lines are treated one by one", () => {
  it("so their order changes nothing", () => {
    const other = makeDetector();
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 2, maxLength: 30 }), (seeds) => {
        const lines = seeds.map((seed) => dateLine(createRandom(seed)));
        const there = lines.map((line) => look(defaults, line, NOW));
        const back = [...lines].reverse().map((line) => look(other, line, NOW));
        expect(back.reverse()).toEqual(there);
      }),
    );
  });
});

describe("the machine's own zone", () => {
  const before = process.env.TZ;
  afterEach(() => {
    process.env.TZ = before;
  });

  it.each(["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia"])("%s is not looked at", (zone) => {
    process.env.TZ = zone;
    for (const { line, at } of EXAMPLES) {
      expect(defaults.find(line)?.at(NOW)).toBe(Date.parse(at));
    }
  });
});

describe("hostile lines", () => {
  const KINDS: Record<string, () => string> = {
    digits: () => "1234567890",
    colons: () => "1:22:",
    "half dates": () => "2026-11-14 22:45 ",
    "months and zones": () => "CET Nov mon 14/Nov/",
    spaces: () => "      ",
    stamps: () => "@4000000 audit(17946963",
    brackets: () => "[[14/",
    scripts: () => "日é\u0661",
  };
  const SHORT = 1_024;
  const GROWTH = 64;
  /** Linear time grows as the text does, quadratic time GROWTH times as much: the bound lies between, far from both. */
  const BOUND = GROWTH / 4;

  const time = (run: () => void): number => {
    const start = process.hrtime.bigint();
    run();
    return Number(process.hrtime.bigint() - start);
  };

  it.each(Object.entries(KINDS))("cost no more than their length: %s", (_, unit) => {
    for (const detector of [defaults, makeDetector([HAPROXY_PATTERN]), makeDetector(["\\s*({DATE})\\s*x"])]) {
      for (const head of ["", "2026-11-14 22:45:11 "]) {
        const line = (length: number): string => (head + unit().repeat(length)).slice(0, length);
        const [short, long] = [line(SHORT), line(SHORT * GROWTH)];
        const shorts = (): void => {
          for (let round = 0; round < GROWTH; round += 1) detector.find(short);
        };
        const rounds = Array.from({ length: 9 }, () => [time(shorts), time(() => detector.find(long))] as const);
        const [best, bestLong] = [Math.min(...rounds.map(([of]) => of)), Math.min(...rounds.map(([, of]) => of))];
        expect(bestLong / best).toBeLessThan(BOUND);
      }
    }
  });
});
