/** `--since` and `--until`: a time ago ("1h"), or an instant ("2026-11-22T17:00Z"). */
import { InvalidArgumentError } from "commander";
import { parseDuration } from "../../shared/core/config/duration.ts";

/** Epoch ms as a function of now, so that both ends of a span are read at the same moment. */
export type Instant = (now: number) => number;

/** An ISO date, with a time and a zone or without; without a zone a time is the local one, as JavaScript reads it. */
const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

/** Throws commander's InvalidArgumentError. */
export function parseInstant(text: string): Instant {
  if (ISO.test(text)) {
    const at = Date.parse(text.replace(" ", "T"));
    if (!Number.isNaN(at)) return () => at;
  }
  // A date with a slip in it is no subtraction.
  const ago = /^\d{4}-\d/.test(text) ? undefined : parseDuration(text);
  if (ago?.kind === "duration" && ago.milliseconds >= 0) return (now) => now - ago.milliseconds;
  throw new InvalidArgumentError("write a time ago such as 30m, 1h or 2d, or an instant such as 2026-11-22T17:00Z.");
}
