import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMatcher } from "../../../shared/core/filter/matcher.ts";
import { MAX_PATTERN, subscriptionPattern } from "../../../shared/core/filter/subscription-pattern.ts";
import { matchesBy, READINGS, type Reading } from "../../support/filter-pattern.ts";
import { type JailSketch, jailOf, NOSERV } from "../../support/jail.ts";

const AT = Date.UTC(2026, 10, 22, 12);
/** A date that is nowhere but at the begin of a line cuts no literal. */
const DATED = { datepattern: ["^\\d{4}-\\d\\d-\\d\\d"] };
const compile = (...sketches: JailSketch[]) => {
  const jails = sketches.map((sketch, index) => jailOf({ name: `jail${index}`, usedns: "no", ...DATED, ...sketch }));
  const made = createMatcher(jails, { localOffset: () => 0 });
  expect(made.problems).toEqual([]);
  return made.matcher;
};
const patternOf = (...sketches: JailSketch[]) => subscriptionPattern(compile(...sketches).filters);

describe("the subscription pattern", () => {
  it.each([
    { name: "a status between spaces", failregex: ["^<ADDR> [^ ]+ 401 "], pattern: '?" 401 "' },
    {
      name: "words that may be parts of longer ones",
      failregex: ["Failed password for <HOST>"],
      pattern: '?" password for "',
    },
    { name: "quotes and backslashes", failregex: ['^<ADDR> "auth\\\\b": '], pattern: String.raw`?" \"auth\\b\": "` },
    { name: "several regexes", failregex: ["^<ADDR> 401 ", "^<ADDR> 403 "], pattern: '?" 401 " ?" 403 "' },
    { name: "alternatives", failregex: ["^<ADDR> (?:one|two) "], pattern: '?" one " ?" two "' },
    { name: "a phrase within another", failregex: ["^<ADDR> a 401 b ", "^<ADDR> 401 "], pattern: '?" 401 "' },
    {
      name: "characters with a meaning of their own",
      failregex: ["^<ADDR> 100% for sure so "],
      pattern: '?" for sure so "',
    },
    { name: "a letter beyond ASCII", failregex: ["^<ADDR> où est 404 ici "], pattern: '?" est 404 ici "' },
    {
      name: "what a prefregex needs",
      prefregex: "^<ADDR> haproxy: <F-CONTENT>.*</F-CONTENT>$",
      failregex: ["^x"],
      pattern: '?" haproxy: "',
    },
  ])("$name", ({ name: _, pattern, ...sketch }) => {
    expect(patternOf(sketch)).toEqual({ pattern, unbounded: [] });
  });

  it("has what a date may leave whole, where one may have been cut out of the literal", () => {
    expect(patternOf({ failregex: [NOSERV], datepattern: [] })).toEqual({
      pattern: '?"/<NOSRV> " ?"] http_fe http_fe/"',
      unbounded: [],
    });
  });

  it.each([
    { name: "no literal at all", failregex: ["^<ADDR>"] },
    { name: "case does not count", failregex: ["(?i)^<ADDR> failed again now"] },
    { name: "one word, which may be a part of another", failregex: ["<ADDR>Failed"] },
    { name: "too short to say anything", failregex: ["^<ADDR> a "] },
    { name: "one of several regexes without", failregex: ["^<ADDR> 401 ", "^<ADDR>$"] },
    { name: "a failure is made up of several lines", failregex: ["^ 401 .*\\n.* from <ADDR> "], maxlines: 2 },
    { name: "lines are made of a journal's entries", failregex: ["^\\S+ sshd 401 <ADDR> "], backend: "systemd" },
    { name: "a date may stand within the only literal", failregex: ["^<ADDR> 401 "], datepattern: [] },
  ])("is empty where every line may matter: $name", ({ name: _, ...sketch }) => {
    expect(patternOf(sketch, { failregex: ["^<ADDR> 401 "] })).toEqual({ pattern: "", unbounded: ["jail0"] });
  });

  it("is empty where it would be longer than CloudWatch allows, and up to there it is not", () => {
    const word = (index: number) => `w${String(index).padStart(4, "0")}`;
    const regexes = (count: number) => Array.from({ length: count }, (_, index) => `^<ADDR> ${word(index)} `);
    const most = Math.floor((MAX_PATTERN + 1) / '?" w0000 " '.length);
    expect(patternOf({ failregex: regexes(most) }).pattern.length).toBeLessThanOrEqual(MAX_PATTERN);
    expect(patternOf({ failregex: regexes(most) }).pattern).toContain(word(most - 1));
    expect(patternOf({ failregex: regexes(most + 1) })).toEqual({ pattern: "", unbounded: [] });
  });

  it("lets a line through wherever a jail matches it, whichever way CloudWatch finds phrases", () => {
    let matched = 0;
    let filtered = 0;
    fc.assert(
      fc.property(
        fc.array(fc.array(piece, { maxLength: 5 }), { minLength: 1, maxLength: 3 }),
        dress,
        (regexes, around) => {
          const matcher = createMatcher([jailOf({ failregex: regexes.map(regexOf(around)), usedns: "no" })], {
            localOffset: () => 0,
          }).matcher;
          if (matcher.filters.length === 0) return;
          const { pattern } = subscriptionPattern(matcher.filters);
          expect(pattern.length).toBeLessThanOrEqual(MAX_PATTERN);
          for (const pieces of regexes) {
            const text = lineOf(around)(pieces);
            if (matcher.match([{ id: "1", stream: "s", at: AT, text }]).failures.length === 0) continue;
            matched += 1;
            if (pattern !== "") filtered += 1;
            for (const [reading, finds] of Object.entries(READINGS)) {
              expect(passes(pattern, text, finds), `${reading}: ${pattern} for ${text}`).toBe(true);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
    // Else the property would have said nothing.
    expect(matched).toBeGreaterThan(200);
    expect(filtered).toBeGreaterThan(100);
  });

  it("holds back a line without the phrases", () => {
    const { pattern } = patternOf({ failregex: [NOSERV] });
    for (const finds of Object.values(READINGS)) {
      expect(passes(pattern, "haproxy[1]: 192.0.2.1:5 [x] http_fe app/a1 0/0/0/1/1 200 116", finds)).toBe(false);
    }
  });
});

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** What CloudWatch lets through of a pattern that is made of nothing but optional phrases. */
function passes(pattern: string, line: string, finds: Reading): boolean {
  expect(pattern).toMatch(/^(?:\?"(?:[^"\\]|\\.)*"(?: (?=\?)|$))*$/);
  return matchesBy(finds, pattern, line);
}

interface Piece {
  readonly regex: string;
  readonly samples: readonly string[];
  readonly chosen: number;
}

const text = fc
  .array(
    fc.constantFrom(
      ...["Failed", "auth", " auth failed ", " <NOSRV> 401 ", "/http_fe/"],
      "401",
      "x",
      "_",
      "é",
      " ",
      ": ",
      "/",
      "-",
      '"',
      "\\",
      "%",
      "*",
      "?",
      "<NOSRV>",
      "\t",
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((words) => words.join(""));
const literal = text.map((sample) => ({ regex: escaped(sample), samples: [sample] }));
const choice = fc
  .uniqueArray(text, { minLength: 2, maxLength: 3 })
  .map((samples) => ({ regex: `(?:${samples.map(escaped).join("|")})`, samples }));
const optionalText = text.map((sample) => ({ regex: `(?:${escaped(sample)})?`, samples: [sample, ""] }));
const other = fc.constantFrom(
  { regex: "\\d+", samples: ["7", "401"] },
  { regex: "[ab]", samples: ["a", "b"] },
  { regex: "\\S*", samples: ["", "word", '"q"'] },
  { regex: ".*", samples: ["", " any thing ", "x"] },
  { regex: "\\[\\]", samples: ["[22/Nov/2026:11:59:58.603]"] },
  { regex: "(?i:denied now)", samples: ["denied now", "DENIED Now"] },
);
const piece: fc.Arbitrary<Piece> = fc
  .tuple(fc.oneof({ arbitrary: literal, weight: 4 }, choice, optionalText, other), fc.nat(5))
  .map(([made, chosen]) => ({ ...made, chosen }));

interface Dress {
  readonly anchored: boolean;
  readonly dated: boolean;
  readonly before: string;
  readonly after: string;
}
const dress: fc.Arbitrary<Dress> = fc.record({
  anchored: fc.boolean(),
  dated: fc.nat(9).map((roll) => roll > 0),
  before: fc.constantFrom("", "Nov 22 11:59:58 lb1 ", "pre", "2026-11-22T11:59:58 "),
  after: fc.constantFrom("", "post", " 401", "auth"),
});
const regexOf = (around: Dress) => (pieces: readonly Piece[]) =>
  `${around.anchored ? "^" : ""}<HOST> ${pieces.map(({ regex }) => regex).join("")}`;
const lineOf = (around: Dress) => (pieces: readonly Piece[]) => {
  const body = pieces.map(({ samples, chosen }) => samples[chosen % samples.length]).join("");
  return `${around.anchored ? "" : around.before}203.0.113.9 ${body}${around.after}`;
};
