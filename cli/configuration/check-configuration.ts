/** What `check` does: compile everything that `run` would compile, look for traps, and say what was found. */
import { existsSync } from "node:fs";
import { expandGlob } from "../../shared/adapters/local/follow/glob.ts";
import { examine } from "../../shared/core/config/examine.ts";
import type { JailConfig } from "../../shared/core/config/model.ts";
import type { Problem } from "../../shared/core/config/problem.ts";
import { formatVerdict, verdictsOf } from "../../shared/core/config/verdict.ts";
import { findTraps } from "../../shared/core/lint/find-traps.ts";
import type { CommandContext } from "../command-context.ts";
import type { ConfigOptions } from "../commands/common-options.ts";
import { EXIT_REFUSED } from "../failure.ts";
import { countProblems, loadConfiguration, showProblem } from "./load-configuration.ts";

const MARKS = {
  works: { mark: "✓", colour: "green" },
  differs: { mark: "~", colour: "yellow" },
  cannot: { mark: "✗", colour: "red" },
} as const;

/** Prints the problems, a verdict for each enabled jail and one for all; exits with 255 where an error is among them. */
export async function checkConfiguration(options: ConfigOptions, { terminal, exit }: CommandContext): Promise<void> {
  const { compiled } = loadConfiguration(options.config);
  const { filters, problems: found } = examine(compiled, terminal.zone, 1);
  const settled = [...found, ...filters.flatMap(findTraps)];
  const problems = [...settled, ...(await missingLogs(compiled.jails))];
  const ok = !problems.some((problem) => problem.severity === "error");
  if (!ok) exit(EXIT_REFUSED);
  const jails = filters.map((filter) => filter.jail.name);
  const verdicts = verdictsOf(compiled.outcomes, new Set(jails), settled);
  if (options.json) {
    terminal.json({ ok, jails, problems, verdicts });
    return;
  }
  const { colours } = terminal;
  for (const problem of problems) terminal.line(showProblem(problem, colours));
  if (problems.length > 0) terminal.line("");
  const width = Math.max(0, ...verdicts.map((verdict) => verdict.jail.length));
  for (const verdict of verdicts) {
    const { mark, colour } = MARKS[verdict.kind];
    terminal.line(`${colours[colour](mark)} ${verdict.jail.padEnd(width)}  ${formatVerdict(verdict)}`);
  }
  if (verdicts.length > 0) terminal.line("");
  const counted = countProblems(problems);
  terminal.line(`${jails.length} of ${verdicts.length} enabled jails can run: ${jails.join(", ") || "none"}`);
  const verdict = ok
    ? `${colours.green("OK")}: configuration test is successful`
    : `${colours.red("ERROR")}: test configuration failed`;
  terminal.line(counted === "" ? verdict : `${verdict} (${counted})`);
}

/** Each logpath that leads to no file: reading begins as soon as it appears, but often it is a slip. */
async function missingLogs(jails: readonly JailConfig[]): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const path of new Set(jails.flatMap((jail) => jail.logs.map((log) => log.path)))) {
    if ((await expandGlob(path)).some((file) => existsSync(file))) continue;
    const readers = jails.filter((jail) => jail.logs.some((log) => log.path === path));
    problems.push({
      code: "no-logs",
      severity: "warning",
      place: readers[0]!.place,
      message: `no file matches logpath ${path} (${readers.map((jail) => jail.name).join(", ")})`,
      next: "Check the path; a file that appears later is read from its head.",
    });
  }
  return problems;
}
