/** The end of a run: a table for people, one object for programs. */
import { arch, cpus, totalmem } from "node:os";
import pc from "picocolors";
import type { Delays } from "./delays.ts";
import type { Rig } from "./rig.ts";
import type { Result } from "./run-stages.ts";

export interface RunReport {
  /** ISO 8601. */
  readonly at: string;
  readonly machine: { readonly cores: number; readonly memoryGiB: number; readonly architecture: string };
  readonly delays: Delays["name"];
  readonly lines: ReturnType<Rig["lines"]>;
  /** It took, building included. */
  readonly seconds: number;
  readonly passed: boolean;
  readonly scenarios: readonly Result[];
}

export function reportOf(
  scenarios: readonly Result[],
  seconds: number,
  delays: Delays["name"],
  lines: RunReport["lines"],
): RunReport {
  const machine = { cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), architecture: arch() };
  const passed = scenarios.length > 0 && scenarios.every((each) => each.passed);
  const results = scenarios.map((result) => ({
    ...result,
    seconds: rounded(result.seconds),
    figures: Object.fromEntries(Object.entries(result.figures).map(([name, value]) => [name, rounded(value)])),
  }));
  const at = new Date().toISOString();
  return { at, machine, delays, lines, seconds: rounded(seconds), passed, scenarios: results };
}

/** The table for a terminal; figures in seconds unless their name says otherwise. */
export function formatReport(report: RunReport): string {
  const { scenarios, passed } = report;
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  const rows = scenarios.map(({ name, passed: isGood, seconds: took, figures, reason }) => {
    const mark = isGood ? pc.green("passed") : pc.red("FAILED");
    const said = reason ?? figuresText(figures);
    return `${mark}  ${name.padEnd(width)}  ${took.toFixed(1).padStart(6)} s  ${isGood ? pc.dim(said) : said}`;
  });
  const { machine, lines, end } = wordsOf(report);
  const last = `${end} (${machine})`;
  return [...rows, "", lines, passed ? pc.bold(last) : pc.bold(pc.red(last))].join("\n");
}

/** What is said of a run as a whole, in sentences; `machine` is its size. */
export function wordsOf({ scenarios, machine, seconds, lines, delays }: RunReport) {
  const { collected, heldBack, lost } = lines;
  const count = scenarios.filter((each) => each.passed).length;
  return {
    machine: `${machine.cores} cores (${machine.architecture}), ${machine.memoryGiB} GiB`,
    lines: `Of ${collected} log lines the subscriptions' patterns held ${heldBack} back, and ${lost} were lost. Delays of AWS: ${delays}.`,
    end: `${count} of ${scenarios.length} scenarios passed in ${Math.round(seconds)} s.`,
  };
}

/** "dropped on web-1 3.2, commands 9" */
export function figuresText(figures: Result["figures"]): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
