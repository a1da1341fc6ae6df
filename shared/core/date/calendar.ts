/**
 * Wall-clock arithmetic without any time zone: a wall time is the epoch milliseconds that its digits would be in UTC.
 */

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const DAY = 24 * 60 * MINUTE;

const FIRST = Date.UTC(2000, 0, 1) - 730_119 * DAY;
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The wall time of a date of the years 1 to 9999; undefined where the calendar has no such day or the day no such time. */
export function wallTime(
  year: number,
  month: number,
  day: number,
  hour = 0,
  minute = 0,
  second = 0,
): number | undefined {
  if (!(year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) {
    return undefined;
  }
  if (!(hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59)) return undefined;
  return startOfMonth(year, month) + (day - 1) * DAY + (hour * 60 + minute) * MINUTE + second * SECOND;
}

/** Whether a wall time lies in the years 1 to 9999. */
export function isWallTime(wall: number): boolean {
  return wall >= FIRST && wall <= LAST;
}

/** Days of a month, 28 to 31. */
export function daysIn(year: number, month: number): number {
  return new Date(startOfMonth(year, month + 1) - DAY).getUTCDate();
}

/** Day of the week of a wall time: 0 = Monday … 6 = Sunday. */
export function weekdayOf(wall: number): number {
  return (new Date(wall).getUTCDay() + 6) % 7;
}

/** Date.UTC takes the years 0 to 99 for 1900 to 1999; this does not. */
function startOfMonth(year: number, month: number): number {
  return new Date(Date.UTC(2000, month - 1, 1)).setUTCFullYear(
    year + Math.floor((month - 1) / 12),
    (month - 1) % 12,
    1,
  );
}

/**
 * The instant at which a clock on the wall shows `wall`, where `offsetAt` gives the zone's minutes east of Greenwich at an
 * instant. An hour that the clock shows twice is taken for the first time; an hour that it skips is read with the offset
 * from before the skip, as if nobody had moved the clock yet. (Fail2Ban leaves both to the C library, whose answer depends
 * on what it was asked before.)
 */
export function instantOf(wall: number, offsetAt: (at: number) => number): number {
  const before = offsetAt(wall - DAY) * MINUTE;
  const after = offsetAt(wall + DAY) * MINUTE;
  if (before === after) return wall - before;
  const early = wall - before;
  if (offsetAt(early) * MINUTE === before) return early;
  const late = wall - after;
  return offsetAt(late) * MINUTE === after ? late : early;
}
