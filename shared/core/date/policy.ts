/**
 * Which instant a failure is counted at: the line's own date, or the moment that the event was received.
 *
 * Fail2Ban's "now" is the event's own time of receipt here, never a clock. Fail2Ban gives an undated line the last date it
 * saw in that file if that is less than 60 seconds old; that depends on the order of lines, which no log pipeline keeps,
 * so an undated line happens when it is received.
 */
import { SECOND } from "./calendar.ts";

/** Whole seconds. */
const TOLERANCE = 60;

export type EventTime =
  | { readonly kind: "at"; readonly at: number }
  | { readonly kind: "dropped"; readonly reason: "older-than-findtime" | "undated" };

/**
 * The instant to count, epoch ms; it never lies after `event.at`.
 *
 * In operation a date more than 60 whole seconds away from the receipt is a wrong clock or zone, and the receipt counts.
 * While catching up with content older than the start, the date decides: too old for the window (`findtime`, ms), or
 * none at all, and the line is dropped.
 */
export function eventTime(
  found: number | undefined,
  event: { readonly at: number; readonly catchUp?: boolean },
  findtime: number,
): EventTime {
  if (event.catchUp === true) {
    if (found === undefined) return { kind: "dropped", reason: "undated" };
    if (found < event.at - findtime) return { kind: "dropped", reason: "older-than-findtime" };
    return { kind: "at", at: Math.min(found, event.at) };
  }
  if (found === undefined) return { kind: "at", at: event.at };
  const wholeSeconds = Math.trunc(Math.abs(found - event.at) / SECOND);
  return { kind: "at", at: wholeSeconds > TOLERANCE ? event.at : Math.min(found, event.at) };
}
