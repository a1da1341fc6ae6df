/** Central European time, in which Fail2Ban's annotated logs are written: an hour east of UTC, two in summer. */

const HOUR = 3_600_000;

/** Minutes east of UTC at an instant, epoch ms. */
export function centralEurope(at: number): number {
  const year = new Date(at).getUTCFullYear();
  const begin = lastSunday(year, 2) + HOUR;
  const end = lastSunday(year, 9);
  return at >= begin && at < end ? 120 : 60;
}

/** Midnight UTC of the month's last Sunday. */
function lastSunday(year: number, month: number): number {
  const last = new Date(Date.UTC(year, month + 1, 0));
  return last.getTime() - last.getUTCDay() * 24 * HOUR;
}

const LOCAL = /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+(?:\.\d+)?)$/;

/** The instant of a local time, "2005-06-14T13:45:00", also of single digits or with a fraction; epoch ms. */
export function instantOf(local: string): number {
  const [, year, month, day, hour, minute, second] = (LOCAL.exec(local) ?? []).map(Number);
  if (second === undefined) throw new Error(`the corpus has a time that cannot be read: ${local}`);
  const asUtc = Date.UTC(year!, month! - 1, day, hour, minute) + Math.round(second * 1000);
  const guess = asUtc - centralEurope(asUtc) * 60_000;
  return asUtc - centralEurope(guess) * 60_000;
}
