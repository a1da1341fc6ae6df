/** Times as people read them, in the zone of the host that prints them; the zone is a parameter, never the process's. */

/** Minutes east of UTC at an instant (epoch ms). */
export type ZoneOffset = (at: number) => number;

/** What Fail2Ban prints for the end of a permanent ban. */
export const END_OF_TIME = "9999-12-31 23:59:59";

/** "2026-11-22 17:35:59", fractions cut off. */
export function formatTime(at: number, zone: ZoneOffset): string {
  return shifted(at, zone).slice(0, 19).replace("T", " ");
}

/** "2026-11-22 17:35:59,635", as Python's logging writes it. */
export function formatLogTime(at: number, zone: ZoneOffset): string {
  return shifted(at, zone).slice(0, 23).replace("T", " ").replace(".", ",");
}

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "Sun Nov 22 17:35:59 2026", as C's asctime writes it with a two-digit day. */
export function formatAsctime(at: number, zone: ZoneOffset): string {
  const date = new Date(shifted(at, zone));
  const day = String(date.getUTCDate()).padStart(2, "0");
  const clock = date.toISOString().slice(11, 19);
  return `${WEEKDAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${day} ${clock} ${date.getUTCFullYear()}`;
}

const UNITS = [
  ["w", 604_800],
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

/** A duration (ms) to the second, as Fail2Ban's log words it: "20h", "1d 12h", "1w 2d". */
export function formatDuration(duration: number): string {
  let seconds = Math.round(duration / 1000);
  if (seconds <= 0) return "0s";
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(seconds / size);
    if (count > 0) parts.push(`${count}${unit}`);
    seconds -= count * size;
  }
  return parts.join(" ");
}

/** The furthest from 1970 that a date can be, ms. A row that says more is somebody's slip, and must stop nobody. */
const FURTHEST = 8.64e15;

function shifted(at: number, zone: ZoneOffset): string {
  const local = at + zone(at) * 60_000;
  return new Date(Math.max(-FURTHEST, Math.min(FURTHEST, local))).toISOString();
}
