/** Jails with the same date patterns and zone share one detector, so that a line's date is found once for all of them. */
import type { JailConfig } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import { createDetector, type DateDetector, type FoundDate } from "../date/detector.ts";
import { readsJournal } from "./journal-jails.ts";

export interface DatingOptions {
  /** Minutes east of UTC at an instant (epoch ms) for dates without a zone, where no logtimezone is set. */
  readonly localOffset: (at: number) => number;
}

export type Dating = (jail: JailConfig) => DateDetector | Problem;

/** A source of detectors that makes each distinct one once. */
export function createDating(options: DatingOptions): Dating {
  const made = new Map<string, ReturnType<typeof createDetector>>();
  return (jail) => {
    if (readsJournal(jail)) return JOURNAL;
    const patterns = jail.filter.datepattern.map((pattern) => pattern.text);
    const key = JSON.stringify([patterns, jail.logtimezone]);
    const known = made.get(key) ?? createDetector(patterns, { ...options, timezone: jail.logtimezone });
    made.set(key, known);
    if (known.kind === "detector") return known.detector;
    // Each jail is told by its own name: one that nobody names would silently not run.
    return { ...known.problem, jail: jail.name, place: jail.filter.datepattern[0]?.place ?? jail.place };
  };
}

/** The journal knows when each entry was written, so its text has no date to be cut out. */
const JOURNAL: DateDetector = {
  templates: ["journal"],
  find: (): FoundDate => ({ start: 0, end: 0, template: "journal", at: (now) => now }),
  canCutBetween: () => false,
};
