/** Time stamps that are one number: no calendar, no zone. */
import { SECOND } from "./calendar.ts";

/**
 * Epoch seconds, with a fraction, in milliseconds. `long`: 13 characters and more are milliseconds, 16 and more without
 * a point microseconds. Undefined for what is no number.
 */
export function readEpoch(text: string | undefined, long: boolean): number | undefined {
  if (text === undefined || !/^[0-9]+(?:\.[0-9]+)?$/.test(text)) return undefined;
  const value = Number(text);
  if (!long || text.length < 13) return Math.floor(value * SECOND);
  return Math.floor(text.length >= 16 && !text.includes(".") ? value / SECOND : value);
}

/** TAI64N: the first hexadecimal digit marks the era, 15 digits are seconds, the rest nanoseconds. Leap seconds are ignored, as by Fail2Ban. */
export function readTai64n(text: string | undefined): number | undefined {
  if (text === undefined || !/^@[0-9a-f]{24}$/.test(text)) return undefined;
  return Number.parseInt(text.slice(2, 17), 16) * SECOND;
}
