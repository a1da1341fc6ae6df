/**
 * From the fields of a date to an instant, by Fail2Ban's rules: what the line leaves out (year, day, zone) is filled in
 * from "now", which is always a parameter, so the same line and the same "now" give the same instant on every machine.
 *
 * Fractions of a second are read but dropped, as Fail2Ban drops them: kept, they could move a failure over the edge of a
 * window and ban where Fail2Ban does not.
 */
import { DAY, instantOf, isWallTime, MINUTE, wallTime, weekdayOf } from "./calendar.ts";
import { zoneOffset } from "./zones.ts";

/** What the groups of a date template matched, by strptime letter (or number, without a name), in the order of the groups. */
export type DateFields = readonly (readonly [string | number, string | undefined])[];

export interface ZoneRule {
  /** Minutes east of Greenwich for dates that name no zone (`logtimezone`). */
  readonly fixed: number | undefined;
  /** Without `fixed`: minutes east of Greenwich of the machine's own zone at an instant. */
  readonly localOffset: (at: number) => number;
}

const MONTHS = ["january", "february", "march", "april", "may", "june"].concat([
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
]);
const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/** A field holds a text that is no value of its kind: the date cannot be read. */
const UNREADABLE = Symbol("unreadable");

interface Parts {
  year?: number;
  month?: number;
  day?: number;
  hour: number;
  minute: number;
  second: number;
  weekday?: number;
  dayOfYear?: number;
  week?: { readonly number: number; readonly firstDay: "monday" | "sunday" };
  offset?: number;
}

/**
 * The instant that the fields mean, epoch milliseconds at whole seconds, seen from `now`; undefined where they mean none
 * (30 February, 29 February in a year that lacks it, hour 24, second 60, an unknown zone).
 *
 * No year: this year, or last year where that lies more than 24 hours ahead. No date: today, or yesterday where that lies
 * ahead. "Now" is compared as the machine's wall clock shows it, whatever zone the line names: Fail2Ban's own rule.
 */
export function instantFrom(fields: DateFields, now: number, zone: ZoneRule): number | undefined {
  const parts = readParts(fields);
  if (parts === UNREADABLE) return undefined;
  const wallNow = now + zone.localOffset(now) * MINUTE;
  const today = new Date(wallNow);
  const year = parts.year ?? today.getUTCFullYear();
  const date = dateOf(parts, year) ?? {
    year,
    month: today.getUTCMonth() + 1,
    day: today.getUTCDate(),
    assumed: true,
  };
  const written = wallTime(date.year, date.month, date.day, parts.hour, parts.minute, parts.second);
  if (written === undefined) return undefined;
  const offset = parts.offset ?? zone.fixed;
  let wall = written - (offset ?? 0) * MINUTE;
  if (!isWallTime(wall)) return undefined;
  if (date.assumed && wall > wallNow) wall -= DAY;
  if (parts.year === undefined && wall > wallNow + DAY) {
    const clock = new Date(wall);
    const lastYear = wallTime(
      date.year - 1,
      date.month,
      date.day,
      clock.getUTCHours(),
      clock.getUTCMinutes(),
      clock.getUTCSeconds(),
    );
    if (lastYear === undefined) return undefined;
    wall = lastYear;
  }
  return offset === undefined ? instantOf(wall, zone.localOffset) : wall;
}

interface DayParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** True where the line names no day at all. */
  readonly assumed: boolean;
}

/** The day that the fields name; undefined where they name none. A month without a day, or the reverse, names no real one. */
function dateOf(parts: Parts, year: number): DayParts | undefined {
  const { month, day } = parts;
  if (month !== undefined && day !== undefined) return { year, month, day, assumed: false };
  const dayOfYear = parts.dayOfYear ?? dayOfWeekNumber(parts, year);
  const start = wallTime(year, 1, 1);
  if (dayOfYear !== undefined && start !== undefined) {
    const date = new Date(start + (dayOfYear - 1) * DAY);
    return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), assumed: false };
  }
  if (month === undefined && day === undefined) return undefined;
  return { year, month: month ?? Number.NaN, day: day ?? Number.NaN, assumed: false };
}

/** Day of the year from %U or %W with a weekday; week 0 is what comes before the first full week. */
function dayOfWeekNumber({ week, weekday }: Parts, year: number): number | undefined {
  const start = wallTime(year, 1, 1);
  if (week === undefined || weekday === undefined || start === undefined) return undefined;
  const shift = week.firstDay === "sunday" ? 1 : 0;
  const first = (weekdayOf(start) + shift) % 7;
  const wanted = (weekday + shift) % 7;
  if (week.number === 0) return 1 + wanted - first;
  return 1 + ((7 - first) % 7) + 7 * (week.number - 1) + wanted;
}

/** Later groups overrule earlier ones. Letters without a meaning for the instant (%f %G %V %u, own names) are passed over. */
function readParts(fields: DateFields): Parts | typeof UNREADABLE {
  const parts: Parts = { hour: 0, minute: 0, second: 0 };
  for (const [letter, text] of fields) {
    if (text === undefined) continue;
    const value = readField(letter, text, fields);
    if (value === UNREADABLE) return UNREADABLE;
    Object.assign(parts, value);
  }
  return parts;
}

function readField(letter: string | number, text: string, fields: DateFields): Partial<Parts> | typeof UNREADABLE {
  const number = Number(text);
  switch (letter) {
    case "y":
      return { year: number <= 2000 ? number + 2000 : number };
    case "Y":
      return { year: number };
    case "m":
      return { month: number };
    case "B":
    case "b":
      return indexed(MONTHS, text, letter === "b", (index) => ({ month: index + 1 }));
    case "d":
      return { day: number };
    case "H":
      return { hour: number };
    case "I":
      return halfDay(number, fields);
    case "M":
      return { minute: number };
    case "S":
      return { second: number };
    case "A":
    case "a":
      return indexed(WEEKDAYS, text, letter === "a", (weekday) => ({ weekday }));
    case "w":
      return { weekday: (number + 6) % 7 };
    case "j":
      return { dayOfYear: number };
    case "U":
      return { week: { number, firstDay: "sunday" } };
    case "W":
      return { week: { number, firstDay: "monday" } };
    case "z":
    case "Z": {
      const offset = zoneOffset(text);
      return offset === undefined ? UNREADABLE : { offset };
    }
    default:
      return {};
  }
}

function indexed(
  names: readonly string[],
  text: string,
  short: boolean,
  part: (index: number) => Partial<Parts>,
): Partial<Parts> | typeof UNREADABLE {
  const wanted = text.toLowerCase();
  const index = names.findIndex((name) => (short ? name.slice(0, 3) : name) === wanted);
  return index < 0 ? UNREADABLE : part(index);
}

/** Twelve-hour clock; a pattern without %p means the morning, a line that lacks the pattern's %p means nothing. */
function halfDay(hour: number, fields: DateFields): Partial<Parts> | typeof UNREADABLE {
  const half = fields.find(([letter]) => letter === "p");
  if (half === undefined) return { hour: hour === 12 ? 0 : hour };
  switch (half[1]?.toLowerCase()) {
    case "am":
      return { hour: hour === 12 ? 0 : hour };
    case "pm":
      return { hour: hour === 12 ? 12 : hour + 12 };
    default:
      return UNREADABLE;
  }
}
