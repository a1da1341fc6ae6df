/** A run as a page keeps it: date, machine and a table in Markdown, as docs/evidence.md has it. */
import type { RunReport } from "./report.ts";
import { figuresText, wordsOf } from "./report.ts";

/** Ends with a newline. */
export function formatMarkdown(report: RunReport): string {
  const { at, scenarios, passed } = report;
  const { machine, lines, end } = wordsOf(report);
  const rows = scenarios.map(({ name, passed: isGood, seconds, figures, reason }) => [
    name,
    isGood ? "yes" : "**no**",
    String(seconds),
    reason ?? figuresText(figures),
  ]);
  const table = [["scenario", "passed", "took, s", "measured; seconds unless it says otherwise"], Array(4).fill("---")];
  return [
    `${at.slice(0, 16).replace("T", " ")} UTC, on ${machine}. ${passed ? end : `**${end}**`} ${lines}`,
    "",
    ...[...table, ...rows].map((cells) => `| ${cells.map(cell).join(" | ")} |`),
    "",
  ].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
