/** Marks in memory, for tests of what uses them; held to the same contract as the rows. */
import type { Marks } from "../../shared/ports/marks.ts";

export function createMemoryMarks(): Marks {
  const names = new Set<string>();
  return {
    noted: async (asked) => new Set(asked.filter((name) => names.has(name))),
    note: async (name) => void names.add(name),
  };
}
