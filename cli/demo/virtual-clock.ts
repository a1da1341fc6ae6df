/**
 * The clock of a replay: each line was received when the line itself says it was written, and time never goes back.
 *
 * A syslog head has no year. HAProxy's own date, in the same line, has one, so the head is read as of that date.
 */
import { createDetector, type DateDetector } from "../../shared/core/date/detector.ts";
import type { ZoneOffset } from "../../shared/core/report/time-text.ts";

const DAY = 86_400_000;

export interface VirtualClock {
  /** Moves on to the time of this line, and gives it, epoch ms; a line without a date takes no time. */
  advance(line: string): number;
  /** The time that it is, epoch ms. */
  now(): number;
}

/** `start` (epoch ms) completes dates that have no year anywhere, and is the time before the first date. */
export function createVirtualClock(start: number, zone: ZoneOffset): VirtualClock {
  const accepted = detector(["%d/%b/%Y:%H:%M:%S"], zone);
  const any = detector([], zone);
  let now: number | undefined;
  return {
    advance(line) {
      const reference = accepted.find(line)?.at(now ?? start);
      // A head of New Year's Day after a date of New Year's Eve lies ahead, not a year back.
      const asOf = reference === undefined ? (now ?? start) : reference + DAY;
      const written = any.find(line)?.at(asOf) ?? reference;
      if (written !== undefined) now = Math.max(now ?? written, written);
      return now ?? start;
    },
    now: () => now ?? start,
  };
}

function detector(patterns: readonly string[], localOffset: ZoneOffset): DateDetector {
  const made = createDetector(patterns, { localOffset });
  if (made.kind === "problem") throw new Error(made.problem.message);
  return made.detector;
}
