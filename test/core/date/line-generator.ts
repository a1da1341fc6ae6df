/** Lines with dates of every default format, right, nearly right and wrong, at every kind of place. One seed, one sequence. */

export interface Random {
  /** An integer from `low` to `high`, both included. */
  int(low: number, high: number): number;
  pick<T>(items: readonly T[]): T;
  chance(probability: number): boolean;
}

/** A small generator with 32 bits of state; good enough to vary tests, useless for anything else. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return { int, pick: (items) => items[int(0, items.length - 1)]!, chance: (probability) => next() < probability };
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const ZONES = ["Z", "UTC", "GMT", "+0100", "-03:30", "+02", "+1400", "-0000", "CET", "PDT", "utc", "+2500"];
const NAMED_ZONES = ["CET", "PDT", "HST", "NZDT", "Z", "IST", "HOST", "web", "ChST", "AB", "ABCDEF"];

const two = (value: number): string => String(value).padStart(2, "0");

/** One date, of a format with the number of the default formats (0 to 16). */
export function dateText(random: Random, format: number): string {
  const { int, pick, chance } = random;
  const year = pick([2004, 2005, 2024, 2025, 2026, 2029, 1999, 2038, int(2000, 2029)]);
  const short = chance(0.8) ? two(year % 100) : String(year % 100);
  const monthNumber = chance(0.95) ? int(1, 12) : int(0, 13);
  const month = chance(0.8) ? two(monthNumber) : String(monthNumber);
  const name = changeCase(random, pick(MONTHS));
  const dayNumber = chance(0.9) ? int(1, 28) : int(0, 32);
  const day = pick([two(dayNumber), two(dayNumber), String(dayNumber), String(dayNumber).padStart(2)]);
  const hour = chance(0.95) ? int(0, 23) : int(0, 29);
  const clock = `${pick([two(hour), String(hour), String(hour).padStart(2)])}:${two(int(0, 59))}:${two(chance(0.95) ? int(0, 59) : int(58, 62))}`;
  const fraction = (marks: string): string =>
    chance(0.4) ? pick([...marks]) + String(int(0, 9_999_999)).slice(0, int(1, 7)) : "";
  const zone = (before: readonly string[]): string => (chance(0.4) ? pick(before) + pick(ZONES) : "");
  const weekday = chance(0.4) ? `${changeCase(random, pick(DAYS))} ` : "";
  const separator = (marks: string): string => pick([...marks]);
  const syslog = (): string => `${weekday}${name} ${day} ${clock}${fraction(".")}${chance(0.3) ? ` ${year}` : ""}`;
  switch (format) {
    case 0: {
      const mark = separator("-/.");
      const other = chance(0.95) ? mark : separator("-/.");
      return `${year}${mark}${month}${other}${day}${pick(["T", " ", "  ", "t", "_"])}${clock}${fraction(".,")}${zone(["", " ", "  ", "\t", "\u00a0"])}`;
    }
    case 1:
      return syslog();
    case 2:
      return `${weekday}${name} ${day} ${year} ${clock}${fraction(".")}`;
    case 3: {
      const mark = separator("-/");
      return `${day}${mark}${month}${chance(0.95) ? mark : "/"}${pick([String(year), short])} ${clock}`;
    }
    case 4: {
      const mark = separator("-/");
      return `${day}${mark}${name}${chance(0.95) ? mark : "-"}${year}${pick([" ", ":", "", "  "])}${clock}${fraction(".")}${zone([" "])}`;
    }
    case 5:
      return `${month}/${day}/${year}:${clock}`;
    case 6:
      return `${month}-${day}-${year} ${clock}${fraction(".")}`;
    case 7: {
      const stamp = `${int(900_000_000, 2_100_000_000)}${chance(0.4) ? `.${int(0, 9_999_999)}` : ""}`;
      return pick([
        stamp,
        `[${stamp}]`,
        `[${stamp}`,
        `audit(${stamp}:${int(1, 99)})`,
        `audit(${stamp}`,
        `xaudit(${stamp}:1)`,
      ]);
    }
    case 8:
      return clock;
    case 9:
      return `<${month}/${day}/${short}@${clock}>`;
    case 10:
      return `${short}${two(monthNumber)}${two(dayNumber)}${pick([" ", "  "])}${clock}`;
    case 11:
      return `${name} ${day}, ${year} ${int(0, 13)}:${two(int(0, 59))}:${two(int(0, 59))} ${pick(["AM", "PM", "am", "Pm", "XM"])}`;
    case 12:
      return `${name}-${day}-${short} ${clock}`;
    case 13:
      return `${year}${two(monthNumber)}${two(dayNumber)}${pick(["T", " ", "  "])}${two(hour)}${two(int(0, 59))}${two(int(0, 60))}${fraction(".,")}${zone(["", " "])}`;
    case 14:
      return `${pick(NAMED_ZONES)} ${syslog()}`;
    case 15:
      return `${pick(ZONES)} ${syslog()}`;
    default:
      return `@${pick(["40000000", "4000000", "FFFFFFFF"])}${Array.from({ length: 16 }, () => pick([..."0123456789abcdef"])).join("")}${chance(0.1) ? "0" : ""}`;
  }
}

function changeCase(random: Random, text: string): string {
  return random.chance(0.8) ? text : random.pick([text.toLowerCase(), text.toUpperCase(), text.replace("s", "\u017f")]);
}

const BEFORE = [
  "",
  "",
  "",
  "[",
  "<",
  " ",
  "  ",
  "\t",
  "([",
  "...",
  "x",
  "9",
  "_",
  "é",
  "日",
  "😀",
  "😀😀",
  "<134>",
  "1 ",
  "a:",
  "host app[3]: ",
  "x=",
  "\u00a0",
];
const AFTER = [
  "",
  " ",
  "]",
  "] ",
  " host app[3]: ",
  "x",
  "9",
  "_",
  ".",
  ".5",
  ",",
  ":",
  "é",
  "—",
  "日本",
  "😀",
  " 2025",
  " +0100",
  "Z",
  ">",
  " 12:00:00",
];
const JUNK = [..."0123456789-/.:, T[]<>@abz_Z+é日\u0661 "];

/** A line with one date, or two, or almost one. */
export function dateLine(random: Random): string {
  const { int, pick, chance } = random;
  const one = (): string => damaged(random, dateText(random, int(0, 16)));
  const words = (): string => Array.from({ length: int(0, 12) }, () => pick(JUNK)).join("");
  const head = chance(0.6) ? pick(BEFORE) : words() + pick(BEFORE);
  const tail = pick(AFTER) + (chance(0.5) ? words() : "");
  return head + one() + tail + (chance(0.25) ? pick(BEFORE) + one() + pick(AFTER) : "");
}

function damaged(random: Random, text: string): string {
  if (random.chance(0.8)) return text;
  const characters = [...text];
  const at = random.int(0, characters.length - 1);
  const change = random.pick([[], [random.pick(JUNK)], [characters[at]!, random.pick(JUNK)]]);
  characters.splice(at, 1, ...change);
  return characters.join("");
}
