import { describe, expect, it } from "vitest";
import { type DateFields, instantFrom, type ZoneRule } from "../../../shared/core/date/timestamp.ts";
import { offsetIn } from "./fail2ban.ts";

const utc: ZoneRule = { fixed: undefined, localOffset: () => 0 };
const NOON = "2026-11-22T12:00:00Z";

interface Row {
  readonly name: string;
  readonly fields: Record<string, string | undefined>;
  readonly now?: string;
  readonly zone?: Partial<ZoneRule>;
  /** undefined = unreadable. */
  readonly at: string | undefined;
}

const ROWS: readonly Row[] = [
  {
    name: "a whole date",
    fields: { Y: "2026", m: "11", d: "14", H: "22", M: "45", S: "11" },
    at: "2026-11-14T22:45:11Z",
  },
  { name: "fractions are dropped", fields: { Y: "2026", m: "1", d: " 2", f: "999999" }, at: "2026-01-02T00:00:00Z" },
  { name: "two digits are this century", fields: { y: "99", m: "1", d: "2" }, at: "2099-01-02T00:00:00Z" },
  { name: "month names in any case", fields: { Y: "2026", b: "nOv", d: "14" }, at: "2026-11-14T00:00:00Z" },
  { name: "long month names", fields: { Y: "2026", B: "September", d: "3" }, at: "2026-09-03T00:00:00Z" },
  { name: "names that only fold to one", fields: { Y: "2026", b: "\u017fep", d: "3" }, at: undefined },

  { name: "no year: this one", fields: { m: "11", d: "14" }, at: "2026-11-14T00:00:00Z" },
  { name: "no year: this one, up to a day ahead", fields: { m: "11", d: "23", H: "12" }, at: "2026-11-23T12:00:00Z" },
  {
    name: "no year: the last one, further ahead",
    fields: { m: "11", d: "23", H: "12", S: "1" },
    at: "2025-11-23T12:00:01Z",
  },
  {
    name: "no year: December in January",
    fields: { m: "12", d: "31", H: "23" },
    now: "2026-01-01T00:00:05Z",
    at: "2025-12-31T23:00:00Z",
  },
  {
    name: "no year: January in December",
    fields: { m: "1", d: "1" },
    now: "2026-12-31T23:59:58Z",
    at: "2027-01-01T00:00:00Z".replace("2027", "2026"),
  },
  {
    name: "29 February of this leap year",
    fields: { m: "2", d: "29" },
    now: "2028-03-01T00:00:00Z",
    at: "2028-02-29T00:00:00Z",
  },
  { name: "29 February of a year without one", fields: { m: "2", d: "29" }, at: undefined },
  {
    name: "29 February ahead, last year without one",
    fields: { m: "2", d: "29" },
    now: "2028-01-01T00:00:00Z",
    at: undefined,
  },
  { name: "29 February of a written year without one", fields: { Y: "2025", m: "2", d: "29" }, at: undefined },
  { name: "30 February", fields: { Y: "2024", m: "2", d: "30" }, at: undefined },
  { name: "29 February 2000", fields: { Y: "2000", m: "2", d: "29" }, at: "2000-02-29T00:00:00Z" },
  { name: "29 February 2100", fields: { Y: "2100", m: "2", d: "29" }, at: undefined },
  { name: "the year 0", fields: { Y: "0000", m: "1", d: "1" }, at: undefined },
  { name: "hour 24", fields: { Y: "2026", m: "1", d: "1", H: "24" }, at: undefined },
  { name: "second 60", fields: { Y: "2026", m: "1", d: "1", S: "60" }, at: undefined },
  { name: "a month without a day", fields: { Y: "2026", m: "1" }, at: undefined },
  { name: "a day without a month", fields: { d: "1" }, at: undefined },

  { name: "a time alone: today", fields: { H: "11", M: "59" }, at: "2026-11-22T11:59:00Z" },
  { name: "a time alone: now is not ahead", fields: { H: "12" }, at: "2026-11-22T12:00:00Z" },
  { name: "a time alone: yesterday", fields: { H: "12", S: "1" }, at: "2026-11-21T12:00:01Z" },
  {
    name: "a time alone: yesterday was last year",
    fields: { H: "23" },
    now: "2026-01-01T00:00:05Z",
    at: "2025-12-31T23:00:00Z",
  },
  { name: "nothing at all: the begin of today", fields: {}, at: "2026-11-22T00:00:00Z" },

  { name: "12 AM is midnight", fields: { Y: "2026", m: "1", d: "1", I: "12", p: "AM" }, at: "2026-01-01T00:00:00Z" },
  { name: "12 PM is noon", fields: { Y: "2026", m: "1", d: "1", I: "12", p: "pm" }, at: "2026-01-01T12:00:00Z" },
  { name: "1 PM", fields: { Y: "2026", m: "1", d: "1", I: "1", p: "PM" }, at: "2026-01-01T13:00:00Z" },
  {
    name: "12 hours without a half are the morning",
    fields: { Y: "2026", m: "1", d: "1", I: "12" },
    at: "2026-01-01T00:00:00Z",
  },
  { name: "a half that the line lacks", fields: { Y: "2026", m: "1", d: "1", I: "1", p: undefined }, at: undefined },

  { name: "day of the year", fields: { Y: "2026", j: "060" }, at: "2026-03-01T00:00:00Z" },
  { name: "day 366 of a common year", fields: { Y: "2026", j: "366" }, at: "2027-01-01T00:00:00Z" },
  { name: "week from Sunday, with a weekday", fields: { Y: "2026", U: "1", a: "Sun" }, at: "2026-01-04T00:00:00Z" },
  { name: "week 0 from Sunday", fields: { Y: "2026", U: "0", A: "saturday" }, at: "2026-01-03T00:00:00Z" },
  { name: "week from Monday, with a weekday", fields: { Y: "2026", W: "1", w: "0" }, at: "2026-01-11T00:00:00Z" },
  { name: "a week without a weekday is no day", fields: { Y: "2026", U: "10" }, at: "2026-11-22T00:00:00Z" },

  { name: "the line's zone", fields: { Y: "2026", m: "1", d: "1", z: "+0100" }, at: "2025-12-31T23:00:00Z" },
  {
    name: "the line's zone beats logtimezone",
    fields: { Y: "2026", m: "1", d: "1", Z: "PDT" },
    zone: { fixed: 60 },
    at: "2026-01-01T07:00:00Z",
  },
  { name: "logtimezone", fields: { Y: "2026", m: "1", d: "1" }, zone: { fixed: 330 }, at: "2025-12-31T18:30:00Z" },
  { name: "an unknown zone", fields: { Y: "2026", m: "1", d: "1", Z: "HOST" }, at: undefined },
  { name: "a zone in small letters", fields: { Y: "2026", m: "1", d: "1", z: "utc" }, at: undefined },
  { name: "a zone that is not there", fields: { Y: "2026", m: "1", d: "1", z: undefined }, at: "2026-01-01T00:00:00Z" },

  {
    name: "the machine's zone in winter",
    fields: { Y: "2026", m: "1", d: "1" },
    zone: { localOffset: offsetIn("Europe/Berlin") },
    at: "2025-12-31T23:00:00Z",
  },
  {
    name: "the machine's zone in summer",
    fields: { Y: "2026", m: "7", d: "1" },
    zone: { localOffset: offsetIn("Europe/Berlin") },
    at: "2026-06-30T22:00:00Z",
  },
  {
    name: "an hour that is skipped",
    fields: { Y: "2026", m: "3", d: "29", H: "2", M: "30" },
    zone: { localOffset: offsetIn("Europe/Berlin") },
    at: "2026-03-29T01:30:00Z",
  },
  {
    name: "an hour that comes twice",
    fields: { Y: "2026", m: "10", d: "25", H: "2", M: "30" },
    zone: { localOffset: offsetIn("Europe/Berlin") },
    at: "2026-10-25T00:30:00Z",
  },
  {
    name: "today as the machine's clock has it",
    fields: { H: "1" },
    now: "2026-11-22T23:30:00Z",
    zone: { localOffset: offsetIn("Asia/Kolkata") },
    at: "2026-11-22T19:30:00Z",
  },
  {
    name: "this year as the machine's clock has it",
    fields: { m: "1", d: "1" },
    now: "2025-12-31T23:30:00Z",
    zone: { localOffset: offsetIn("Asia/Kolkata") },
    at: "2025-12-31T18:30:00Z",
  },
];

describe("an instant from the fields of a date", () => {
  it.each(ROWS)("$name", ({ fields, now = NOON, zone, at }) => {
    const instant = instantFrom(Object.entries(fields) as DateFields, Date.parse(now), { ...utc, ...zone });
    expect(instant).toBe(at === undefined ? undefined : Date.parse(at));
  });
});
