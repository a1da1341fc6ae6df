/** Detectors for tests: a mistake in the patterns is a failed test. */
import { createDetector, type DateDetector, type DetectorOptions } from "../../../shared/core/date/detector.ts";

/** Fail2Ban takes the year of its own start: so does every detector that is held against it. */
export const THIS_YEAR = new Date().getUTCFullYear();

export function makeDetector(patterns: readonly string[] = [], options: DetectorOptions = {}): DateDetector {
  const result = createDetector(patterns, { year: THIS_YEAR, ...options });
  if (result.kind === "problem") throw new Error(result.problem.message);
  return result.detector;
}

/** What a detector says, in the shape of Fail2Ban's answer. */
export function look(detector: DateDetector, line: string, now: number) {
  const found = detector.find(line);
  if (found === undefined) return { index: -1, start: -1, end: -1, at: undefined };
  const { start, end, template } = found;
  return { index: detector.templates.indexOf(template), start, end, at: found.at(now) };
}
