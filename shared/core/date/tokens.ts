/**
 * The strptime words of a datepattern: `%d`, `%ExY`, `%k` … as regular expressions with a group of the word's letter.
 *
 * The order of alternatives matters: where nothing comes after a date, the first that fits decides how much is cut out
 * of the line. Digits are ASCII here, where Python's are those of every script: no log writes its dates in others.
 * Names of months and days are English, whatever the locale.
 */

const MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
const WEEKDAYS = "mon|tue|wed|thu|fri|sat|sun";
/** Longer names first, as Python sorts them. */
const MONTH_NAMES = "september|february|november|december|january|october|august|march|april|june|july|may";
const WEEKDAY_NAMES = "wednesday|thursday|saturday|tuesday|monday|friday|sunday";

const OFFSET = "[+-][01][0-9](?::?[0-9]{2})?";
const ABBREVIATION = "[A-Z](?:[A-Z]{2,4})?";

/** The parts of %c, %x and %X: strptime's own spelling, which Fail2Ban leaves as it is. */
const PLAIN = {
  year: group("Y", "[0-9]{4}"),
  month: group("m", "1[0-2]|0[1-9]|[1-9]"),
  day: group("d", "3[01]|[12][0-9]|0[1-9]|[1-9]| [1-9]"),
  time: `${group("H", "2[0-3]|[01][0-9]|[0-9]")}:${group("M", "[0-5][0-9]|[0-9]")}:${group("S", "6[01]|[0-5][0-9]|[0-9]")}`,
};

interface Token {
  readonly regex: string;
  /** How the word is shown in the name of a template; the word itself where nothing better is known. */
  readonly name?: string;
}

const TOKENS: ReadonlyMap<string, Token> = new Map<string, Token>([
  ["%", { regex: "%", name: "%" }],
  ["Y", { regex: group("Y", "[0-9]{4}"), name: "Year" }],
  ["y", { regex: group("y", "[0-9]{2}"), name: "Year2" }],
  ["Exy", { regex: group("y", "[0-9]{2}"), name: "ExYear2" }],
  ["m", { regex: group("m", "0?[1-9]|1[0-2]"), name: "Month" }],
  ["Exm", { regex: group("m", "0[1-9]|1[0-2]"), name: "ExMonth" }],
  ["b", { regex: group("b", MONTHS), name: "MON" }],
  ["B", { regex: group("B", MONTH_NAMES), name: "MONTH" }],
  ["d", { regex: group("d", "[12][0-9]|[0 ]?[1-9]|3[01]"), name: "Day" }],
  ["Exd", { regex: group("d", "[12][0-9]|0[1-9]|3[01]"), name: "ExDay" }],
  ["a", { regex: group("a", WEEKDAYS), name: "DAY" }],
  ["A", { regex: group("A", WEEKDAY_NAMES), name: "DAYNAME" }],
  ["H", { regex: group("H", "[01]?[0-9]|2[0-3]"), name: "24hour" }],
  ["ExH", { regex: group("H", "[01][0-9]|2[0-3]"), name: "Ex24hour" }],
  ["k", { regex: ` ?${group("H", "[0-2]?[0-9]")}` }],
  ["Exk", { regex: ` ?${group("H", "[01]?[0-9]|2[0-3]")}` }],
  ["I", { regex: group("I", "1[0-2]|0[1-9]|[1-9]"), name: "12hour" }],
  ["l", { regex: ` ?${group("I", "1?[0-9]")}` }],
  ["Exl", { regex: ` ?${group("I", "1[0-2]|[0-9]")}` }],
  ["M", { regex: group("M", "[0-5]?[0-9]"), name: "Minute" }],
  ["ExM", { regex: group("M", "[0-5][0-9]"), name: "ExMinute" }],
  ["S", { regex: group("S", "[0-5]?[0-9]|6[01]"), name: "Second" }],
  ["ExS", { regex: group("S", "[0-5][0-9]|6[01]"), name: "ExSecond" }],
  ["f", { regex: group("f", "[0-9]{1,6}"), name: "Microseconds" }],
  ["p", { regex: group("p", "am|pm"), name: "AMPM" }],
  ["z", { regex: group("z", `Z|UTC|GMT|${OFFSET}`), name: "Zone offset" }],
  ["Z", { regex: group("Z", "Z|[A-Z]{3,5}"), name: "Zone name" }],
  ["Exz", { regex: group("z", `(?:${ABBREVIATION})?${OFFSET}|${ABBREVIATION}`), name: "ExZone offset" }],
  ["ExZ", { regex: group("Z", ABBREVIATION), name: "ExZone name" }],
  [
    "j",
    {
      regex: group("j", "36[0-6]|3[0-5][0-9]|[12][0-9][0-9]|0[1-9][0-9]|00[1-9]|[1-9][0-9]|0[1-9]|[1-9]"),
      name: "Yearday",
    },
  ],
  ["w", { regex: group("w", "[0-6]"), name: "Weekday" }],
  ["u", { regex: group("u", "[1-7]") }],
  ["U", { regex: group("U", "5[0-3]|[0-4][0-9]|[0-9]"), name: "Yearweek" }],
  ["W", { regex: group("W", "5[0-3]|[0-4][0-9]|[0-9]"), name: "Yearweek" }],
  ["V", { regex: group("V", "5[0-3]|0[1-9]|[1-4][0-9]|[0-9]") }],
  ["G", { regex: group("G", "[0-9]{4}") }],
  [
    "c",
    {
      regex: [group("a", WEEKDAYS), group("b", MONTHS), PLAIN.day, PLAIN.time, PLAIN.year].join("\\s+"),
    },
  ],
  ["x", { regex: `${PLAIN.month}/${PLAIN.day}/${group("y", "[0-9]{2}")}` }],
  ["X", { regex: PLAIN.time }],
]);

function group(letter: string, alternatives: string): string {
  return `(?P<${letter}>${alternatives})`;
}

/**
 * %ExY: a year of the decades from 2000 to three years ahead of `year`, the year in which the detector is made. Without
 * it, any year of the century: no clock is asked, and no constant goes stale.
 */
function exactYear(year: number | undefined): Token {
  const last = year === undefined ? 9 : Math.min(9, Math.max(0, Math.floor((year + 3 - 2000) / 10)));
  return { regex: group("Y", `20[0-${last}][0-9]`), name: "ExYear" };
}

const WORD = /%(%|Ex[YymdHklMSzZ]|[A-Za-z]|.?)/gs;
const BY_NAME = /(?<!%)%[aAbBpc]/;

/** A datepattern whose words are replaced: by regular expressions, and by names for people. */
export interface Expansion {
  readonly regex: string;
  readonly name: string;
}

/** Replaces the words; a text that says what is wrong where one is unknown. Patterns with names of days or months ignore case. */
export function expandTokens(pattern: string, year: number | undefined): Expansion | string {
  const unknown = [...pattern.matchAll(WORD)].find(([, word]) => word !== "ExY" && !TOKENS.has(word!));
  if (unknown !== undefined) {
    return `"${unknown[0]}" is no date word; a percent sign that is meant is written %% (%%%% in a configuration file)`;
  }
  const exY = exactYear(year);
  const tokenOf = (word: string): Token => (word === "ExY" ? exY : TOKENS.get(word)!);
  return {
    regex: (BY_NAME.test(pattern) ? "(?iu)" : "") + pattern.replace(WORD, (_, word: string) => tokenOf(word).regex),
    name: pattern.replace(WORD, (_, word: string) => tokenOf(word).name ?? `%${word}`),
  };
}
