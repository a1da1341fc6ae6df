/**
 * The report of `regex`: what filters did with lines, in the shape of fail2ban-regex.
 *
 * The figures come in as data, so that `--json` prints the same report and tests need no log.
 */
import { type PythonValue, pythonRepr } from "./python-text.ts";
import { formatAsctime, type ZoneOffset } from "./time-text.ts";

export interface RegexHit {
  readonly id: string;
  /** Epoch ms; undefined where the line has no date. */
  readonly at: number | undefined;
  /** More than one regex had already hit the same line. */
  readonly multiple: boolean;
}

export interface RegexTally {
  readonly pattern: string;
  readonly hits: number;
  /** Whom it found, in the order of the lines; empty for an ignoreregex. */
  readonly found: readonly RegexHit[];
}

export interface PrefixTally {
  readonly pattern: string;
  readonly hits: number;
  /** The groups of the hits, for -v. */
  readonly groups: readonly ReadonlyMap<string, PythonValue>[];
}

export interface DateTally {
  readonly name: string;
  readonly hits: number;
}

export type LineKind = "matched" | "ignored" | "missed";

export interface RegexReport {
  /** The lines of the header: what is used, "Use   failregex line : …". */
  readonly uses: readonly string[];
  readonly prefregex: PrefixTally | undefined;
  readonly failregex: readonly RegexTally[];
  readonly ignoreregex: readonly RegexTally[];
  /** undefined = the filter looks for no date. */
  readonly dates: readonly DateTally[] | undefined;
  readonly lines: Readonly<Record<LineKind, readonly string[]>>;
  /** Matches whose id is no valid address: Fail2Ban would ban them, we refuse. */
  readonly refused: readonly string[];
  readonly elapsed: number;
}

export interface ReportOptions {
  readonly verbose: boolean;
  /** Date templates without hits too. */
  readonly allDates: boolean;
  /** Fewer lines than this are listed without being asked for; the original's is 20, or --maxlines. */
  readonly listLimit: number;
  readonly print: Readonly<Record<LineKind, "never" | "few" | "all">>;
}

/** Everything that fail2ban-regex prints after its header; ends with a newline. */
export function formatRegexReport(report: RegexReport, options: ReportOptions, zone: ZoneOffset): string {
  const { lines } = report;
  const count = (kind: LineKind) => lines[kind].length;
  const tested = count("ignored") + count("matched") + count("missed");
  return [
    "\nResults\n=======",
    ...prefixSection(report.prefregex, options),
    ...regexSection("Failregex", report.failregex, options, zone),
    ...regexSection("Ignoreregex", report.ignoreregex, options, zone),
    ...dateSection(report.dates, options),
    `\nLines: ${tested} lines, ${count("ignored")} ignored, ${count("matched")} matched, ${count("missed")} missed`,
    `[processed in ${(report.elapsed / 1000).toFixed(2)} sec]\n`,
    ...(["matched", "ignored", "missed"] as const).flatMap((kind) => lineSection(kind, lines[kind], options)),
    ...refusedSection(report.refused),
    "",
  ].join("\n");
}

/** The banner and the header, up to the empty line before the results. */
export function formatRegexHeader(uses: readonly string[]): string {
  return ["", "Running tests", "=============", "", ...uses, "", ""].join("\n");
}

/** A text cut to the width that the header gives to lines and regexes. */
export function shortened(text: string): string {
  const width = 53;
  return text.length > width ? `${text.slice(0, width - 3)}...` : text;
}

function prefixSection(prefix: PrefixTally | undefined, { verbose, listLimit }: ReportOptions): string[] {
  if (prefix === undefined) return [];
  const groups = prefix.groups.slice(0, listLimit).map((group) => `    ${pythonRepr(group)}`);
  if (prefix.groups.length > listLimit) groups.push("    ...");
  const list = block([prefix.pattern, ...(verbose ? groups : [])]);
  return [`\nPrefregex: ${prefix.hits} total`, ...list];
}

function regexSection(
  title: string,
  tallies: readonly RegexTally[],
  { verbose }: ReportOptions,
  zone: ZoneOffset,
): string[] {
  const rows = tallies.flatMap(({ pattern, hits, found }, index) => {
    if (hits === 0 && !verbose) return [];
    const row = `${String(index + 1).padStart(2)}) [${hits}] ${pattern}`;
    return verbose ? [row, ...found.map((hit) => hitRow(hit, zone))] : [row];
  });
  const total = tallies.reduce((sum, { hits }) => sum + hits, 0);
  return [`\n${title}: ${total} total`, ...block(rows, " #) [# of hits] regular expression")];
}

function hitRow(hit: RegexHit, zone: ZoneOffset): string {
  const time = hit.at === undefined ? "(no date)" : formatAsctime(hit.at, zone);
  return `    ${hit.id}  ${time}${hit.multiple ? " (multiple regex matched)" : ""}`;
}

function dateSection(dates: readonly DateTally[] | undefined, { allDates }: ReportOptions): string[] {
  if (dates === undefined) return [];
  const shown = allDates ? dates : dates.filter(({ hits }) => hits > 0);
  const rows = shown.map(({ name, hits }) => `[${hits}] ${name}`);
  return ["\nDate template hits:", ...block(rows, "[# of hits] date format")];
}

function lineSection(kind: LineKind, lines: readonly string[], options: ReportOptions): string[] {
  const print = options.print[kind];
  if (lines.length === 0 || print === "never") return [];
  const title = `${kind[0]?.toUpperCase()}${kind.slice(1)} line(s):`;
  if (print === "all" || lines.length < options.listLimit) {
    return block(
      lines.map((line) => line.trimEnd()),
      title,
    );
  }
  return [`${title} too many to print.  Use --print-all-${kind} to print all ${lines.length} lines`];
}

function refusedSection(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : block(lines, "Matched, but the id is no valid address and would not be banned:");
}

function block(rows: readonly string[], header?: string): string[] {
  if (rows.length === 0) return [];
  const head = header === undefined ? [] : [`|- ${header}`];
  return [...head, ...rows.map((row) => `|  ${row}`), "`-"];
}
