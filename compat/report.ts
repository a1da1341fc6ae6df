/** What the comparison came to, as a table for people, as JSON, and as the page docs/compatibility.md. */
import type { ConfigurationReport } from "./configuration.ts";
import { ASPECTS, type Disagreement, type Evaluation, type Score } from "./evaluate.ts";
import { EXCEPTIONS, type Exception, exceptionFor } from "./exceptions.ts";
import type { RowsReport } from "./rows.ts";

export interface CompatReport {
  /** Fail2Ban's. */
  readonly version: string;
  readonly evaluations: readonly Evaluation[];
  readonly configuration: ConfigurationReport;
  readonly rows: RowsReport;
}

/** Disagreements that no exception covers. */
export function unexplained(report: CompatReport): readonly Disagreement[] {
  return disagreementsOf(report).filter((each) => exceptionFor(each) === undefined);
}

function disagreementsOf({ evaluations, rows }: CompatReport): readonly Disagreement[] {
  return [...evaluations, rows].flatMap(({ disagreements }) => disagreements);
}

/** Whether everything agrees but for the listed exceptions. */
export function isCompatible(report: CompatReport): boolean {
  return unexplained(report).length === 0 && report.configuration.differences.length === 0;
}

interface Excepted {
  readonly exception: Exception;
  readonly disagreements: readonly Disagreement[];
}

function excepted(report: CompatReport): readonly Excepted[] {
  const all = disagreementsOf(report);
  return EXCEPTIONS.map((exception) => ({
    exception,
    disagreements: all.filter((each) => exceptionFor(each) === exception),
  })).filter(({ disagreements }) => disagreements.length > 0);
}

function linesOf({ evaluations }: CompatReport): Score {
  return evaluations.reduce((sum, { lines }) => plus(sum, lines), { agree: 0, total: 0 });
}

function plus(left: Score, right: Score): Score {
  return { agree: left.agree + right.agree, total: left.total + right.total };
}

/** One object: what programs want to know. */
export function toJson(report: CompatReport): unknown {
  return {
    fail2ban: report.version,
    evaluations: linesOf(report),
    combinations: report.evaluations.length,
    configuration: report.configuration.jails,
    rows: report.rows.rows,
    exceptions: excepted(report).map(({ exception: { title, reason }, disagreements }) => ({
      title,
      reason,
      lines: disagreements,
    })),
    disagreements: unexplained(report),
    configurationDifferences: report.configuration.differences,
  };
}

/** The table, each disagreement, and the sums. */
export function toText(report: CompatReport): string {
  const rows = report.evaluations.map((each) => [nameOf(each), shown(each.lines), ...aspectsOf(each)]);
  const head = ["filter", "lines", ...ASPECTS];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const table = [head, ...rows].map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "),
  );
  const wrong = unexplained(report).map(
    ({ file, number, text, aspect, expected, got, ...of }) =>
      `${nameOf(of)}: ${placeOf({ file, number, aspect })}: ${aspect}: expected ${expected}, got ${got}\n    ${text}`,
  );
  const jails = report.configuration.differences.map(
    ({ jail, expected, got }) => `jail ${jail}: expected ${expected ?? "nothing"}, got ${got ?? "nothing"}`,
  );
  return [...table, "", ...wrong, ...jails, ...summary(report)].join("\n");
}

function summary(report: CompatReport): string[] {
  const { agree, total } = linesOf(report);
  const { jails } = report.configuration;
  const { rows, files } = report.rows;
  const all = excepted(report).flatMap(({ disagreements }) => disagreements);
  const ofRows = all.filter(({ aspect }) => aspect === "row").length;
  const open = unexplained(report).length;
  return [
    `Fail2Ban ${report.version}: ${shown({ agree, total })} lines agree, ${all.length - ofRows} by exception; ` +
      `${report.evaluations.length} combinations of filter and options, ${open} unexplained differences`,
    `${shown(jails)} jails resolve to the same commands`,
    `${shown(rows)} rows of regex -o row are printed alike, ${ofRows} by exception; ${shown(files)} files in every row`,
  ];
}

function aspectsOf({ aspects }: Evaluation): string[] {
  return ASPECTS.map((aspect) => (aspects[aspect].total === 0 ? "-" : shown(aspects[aspect])));
}

function nameOf({ filter, options }: Pick<Evaluation, "filter" | "options">): string {
  const list = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  return list.length === 0 ? filter : `${filter}[${list.join(",")}]`;
}

/** Rows count by themselves, because one need not be of the line before. */
function placeOf({ file, number, aspect }: Pick<Disagreement, "file" | "number" | "aspect">): string {
  return aspect === "row" ? `${file}, row ${number}` : `${file}:${number}`;
}

function shown({ agree, total }: Score): string {
  return `${agree}/${total}`;
}

/** The page. Of Fail2Ban's log lines it shows no text, only where they stand. */
export function toPage(report: CompatReport): string {
  const rows = report.evaluations.map(
    (each) => `| ${[nameOf(each), shown(each.lines), ...aspectsOf(each)].join(" | ")} |`,
  );
  const exceptions = excepted(report).flatMap(({ exception: { title, reason }, disagreements }) => [
    `### ${title}`,
    "",
    reason,
    "",
    ...disagreements.map((each) => `- ${nameOf(each)}, ${placeOf(each)}: ${each.got}`),
    "",
  ]);
  return [
    "# Compatibility with Fail2Ban",
    "",
    "Made by `npm run compat -- --write`; not by hand.",
    "",
    `Held against Fail2Ban ${report.version}: its annotated log lines, with every set of options that they name, and its`,
    "configuration with every jail enabled; and what `regex -o row` prints for every log that has a filter of its name.",
    "`npm run compat -- --fail2ban DIR` does the same with another source tree.",
    "",
    ...summary(report).map((line) => `- ${line}`),
    "",
    "## Exceptions",
    "",
    ...(exceptions.length === 0 ? ["None.", ""] : exceptions),
    "## Filters",
    "",
    "How many lines agree, of those that say anything about it: whether they are failures, whose, when, of how many",
    "lines, with which groups; and whether the matcher as it runs in operation comes to the same.",
    "",
    `| filter | lines | ${ASPECTS.join(" | ")} |`,
    `| --- | --: | ${ASPECTS.map(() => "--:").join(" | ")} |`,
    ...rows,
    "",
  ].join("\n");
}
