/** Runs the scenarios stage by stage; one that fails does not keep the next ones from running. */
import type { Rig } from "./rig.ts";
import type { Figures, Scenario, Stage } from "./scenarios/scenario.ts";

export interface Result {
  readonly name: string;
  readonly passed: boolean;
  /** It took. */
  readonly seconds: number;
  readonly figures: Figures;
  /** Why it did not pass. */
  readonly reason?: string;
}

/** `only` = the scenarios whose name has this text in it. */
export async function runStages(stages: readonly Stage[], rig: Rig, only = ""): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const { title, prepare, scenarios } of stages) {
    const chosen = scenarios.filter(({ name }) => name.includes(only));
    if (chosen.length === 0) continue;
    rig.story.title(title);
    await prepare?.(rig);
    results.push(...(await Promise.all(chosen.map((scenario) => runOne(scenario, rig)))));
  }
  return results;
}

async function runOne({ name, run }: Scenario, rig: Rig): Promise<Result> {
  const begun = performance.now();
  const result = await run(rig).then(
    (figures) => ({ passed: true, figures }),
    // Direction: told in the table, and the run ends with an error.
    (error: unknown) => ({
      passed: false,
      figures: {},
      reason: error instanceof Error ? error.message : String(error),
    }),
  );
  const seconds = (performance.now() - begun) / 1000;
  if (result.passed) rig.story.tell("passed", name, "good");
  else rig.story.tell("FAILED", `${name}: ${"reason" in result ? result.reason : ""}`, "loud");
  return { name, seconds, ...result };
}
