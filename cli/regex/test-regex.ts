/** What `regex` does: every line through one filter, every regex asked, and the report in the shape of fail2ban-regex. */

import { lookup } from "node:dns/promises";
import { statSync } from "node:fs";
import type { JailConfig } from "../../shared/core/config/model.ts";
import type { Problem } from "../../shared/core/config/problem.ts";
import { createDating } from "../../shared/core/filter/dating.ts";
import { createExplainer, type RegexHit } from "../../shared/core/filter/explain.ts";
import { readsJournal } from "../../shared/core/filter/journal-jails.ts";
import { type CompiledFilter, compileFilters } from "../../shared/core/filter/matcher.ts";
import { formatFailure } from "../../shared/core/report/regex-output.ts";
import { formatRegexHeader, formatRegexReport, shortened } from "../../shared/core/report/regex-report.ts";
import { createRegexCounter, type FilterTexts } from "../../shared/core/report/regex-tally.ts";
import { formatTime, type ZoneOffset } from "../../shared/core/report/time-text.ts";
import type { CommandContext } from "../command-context.ts";
import type { ConfigOptions } from "../commands/common-options.ts";
import { CliFailure, EXIT_USAGE } from "../failure.ts";
import { createProgress } from "../progress.ts";
import { type ChosenFilter, COMMAND_LINE, chooseFilter, withIgnoreregex } from "./choose-filter.ts";
import { explainLines } from "./explain-lines.ts";
import { meansJournal } from "./journal-source.ts";
import { type LineSource, readLogLines, sourceOf } from "./read-lines.ts";
import { tryInjection } from "./try-injection.ts";
import { watchedLines } from "./watched-lines.ts";

export interface RegexOptions extends ConfigOptions {
  readonly datepattern?: string;
  readonly timezone?: string;
  readonly encoding: string;
  readonly raw?: true;
  readonly usedns?: string;
  readonly maxlines?: number;
  readonly journalmatch?: string;
  readonly logLevel?: string;
  readonly verbose: number;
  readonly verboseDate?: true;
  readonly debuggex?: true;
  readonly checkAll: boolean;
  readonly out?: string;
  readonly invert?: true;
  readonly printNoMissed?: true;
  readonly printNoIgnored?: true;
  readonly printAllMatched?: true;
  readonly printAllMissed?: true;
  readonly printAllIgnored?: true;
  readonly explain?: true;
  readonly injection?: true;
}

export interface RegexArguments {
  readonly log: string;
  readonly regex: string;
  readonly ignoreregex: string | undefined;
  /** The lines, instead of those that `log` means. */
  readonly source?: LineSource;
  /** The filter, instead of the one that `regex` means. */
  readonly chosen?: ChosenFilter;
  /** Zone of dates that name none, instead of this machine's. */
  readonly zone?: ZoneOffset;
  /** Completes dates without a year or a day, epoch ms; the present if absent. */
  readonly now?: number;
}

/** Runs the filter over the lines and prints the report, or with -o only the failures. */
export async function testRegex(given: RegexArguments, options: RegexOptions, context: CommandContext): Promise<void> {
  refuseUnsupported(given, options);
  const { terminal } = context;
  const now = given.now ?? Date.now();
  const source = given.source ?? sourceOf(given.log);
  if (source.kind === "text" && LOOKS_LIKE_A_PATH.test(given.log)) {
    terminal.note(`warning: there is no file ${given.log}, so these words are taken for the line itself`);
  }
  const { filter, uses } = prepare(given, source, options, context);
  if (options.injection) {
    return tryInjection(given.log, filter, { now, json: options.json === true }, context);
  }
  const { journalmatch } = filter.jail.filter;
  const lines = readLogLines(source, { encoding: options.encoding, journalmatch, stdin: process.stdin });
  if (options.explain) {
    return explainLines(lines, filter, { now, json: options.json === true, terminal });
  }
  const header = [...uses, ...sourceUses(source, filter, options)];
  const quiet = options.out !== undefined || options.json === true;
  if (!quiet) terminal.write(formatRegexHeader(header));

  const checkAll = options.checkAll && options.out === undefined;
  const fixedZone = filter.jail.logtimezone !== undefined;
  const counter = createRegexCounter(textsOf(filter), { checkAll, fixedZone, now });
  const resolve = createLookup(isRaw(options));
  const explain = createExplainer(filter);
  const begin = performance.now();
  // Lines that are printed as they come are progress enough.
  const watched =
    source.kind === "file" && !(options.out !== undefined && terminal.interactive)
      ? watchedLines(lines, statSync(source.path).size, createProgress(terminal.aside))
      : lines;
  for await (const { text, at } of watched) {
    const bare = text.replace(/[\r\n]+$/, "");
    if (bare === "" || bare.startsWith("#")) continue;
    const explanation = explain(bare, now, at);
    const line = at === undefined ? bare : `${formatTime(at, terminal.zone)} ${bare}`;
    const hits = explanation.outcome === "matched" ? await Promise.all(explanation.hits.map(resolve)) : [];
    const failures = counter.add(line, explanation, hits);
    if (options.out === undefined) continue;
    if (options.invert) {
      if (failures.length === 0) terminal.line(line);
    } else for (const failure of failures) terminal.line(formatFailure(failure, options.out));
  }
  if (options.out !== undefined) return;
  const report = counter.report(header, performance.now() - begin);
  if (options.json) terminal.json(report);
  else terminal.write(formatRegexReport(report, reportOptions(options), terminal.zone));
}

/** One word with a directory in front, or a log's ending: nobody means it as a line. */
const LOOKS_LIKE_A_PATH = /^(?:\.{0,2}\/\S+|\S+\.(?:log|gz)(?:\.\d+)?)$/;

function refuseUnsupported({ log }: RegexArguments, options: RegexOptions): void {
  const wrong = (message: string, next: string) => new CliFailure(message, { exitCode: EXIT_USAGE, next });
  if (options.journalmatch !== undefined && !meansJournal(log)) {
    throw wrong("--journalmatch is for the journal, and LOG is something else", "Give systemd-journal as LOG.");
  }
  if (options.debuggex) throw wrong("debuggex.com URLs are not made", "Use --json for the details of each line.");
  for (const kind of ["Missed", "Ignored"] as const) {
    if (options[`printNo${kind}`] && options[`printAll${kind}`]) {
      const word = kind.toLowerCase();
      throw wrong(`--print-no-${word} and --print-all-${word} exclude each other`, "Leave one of them out.");
    }
  }
}

function prepare(given: RegexArguments, source: LineSource, options: RegexOptions, { terminal }: CommandContext) {
  const { regex, ignoreregex } = given;
  const backend = source.kind === "journal" ? "systemd" : "auto";
  const chosen = given.chosen ?? chooseFilter(regex, options.config, backend);
  const jail = ignoreregex === undefined ? chosen.jail : withIgnoreregex(chosen.jail, ignoreregex);
  const { filters, problems } = compileFilters(
    [withOptions(jail, options)],
    createDating({ localOffset: given.zone ?? terminal.zone }),
  );
  const [filter] = filters;
  if (filter === undefined) throw unusable(problems);
  const { datepattern, maxlines } = filter.jail.filter;
  const patternUses =
    datepattern.length === 0 || readsJournal(jail) ? [] : [`Use      datepattern : ${patternUse(filter)}`];
  const uses = [
    ...(options.maxlines === undefined ? [] : [`Use         maxlines : ${options.maxlines}`]),
    ...(options.datepattern === undefined ? [] : patternUses),
    ...chosen.uses,
    ...(options.maxlines === undefined && maxlines > 1 ? [`Use         maxlines : ${maxlines}`] : []),
    ...(options.datepattern === undefined ? patternUses : []),
    ...(ignoreregex === undefined ? [] : [`Use ignoreregex line : ${shortened(ignoreregex)}`]),
  ];
  return { filter, uses };
}

/** The first problem; where it stands is worth saying if that is a file. */
function unusable([problem]: readonly Problem[]): CliFailure {
  if (problem === undefined) return new CliFailure("the filter finds nothing");
  const { place, message, next } = problem;
  const where = place === undefined || place.file === COMMAND_LINE.file ? "" : `${place.file}:${place.line}: `;
  return new CliFailure(where + message, next === undefined ? {} : { next });
}

/** "{^LN-BEG} : Default Detectors", "^%Y : ^Year": the pattern, and what the detector makes of it. */
function patternUse({ jail, detector }: CompiledFilter): string {
  const pattern = jail.filter.datepattern.map(({ text }) => text).join("\n");
  const [only, ...others] = detector.templates;
  return `${pattern} : ${only !== undefined && others.length === 0 ? only : "Default Detectors"}`;
}

function withOptions(jail: JailConfig, options: RegexOptions): JailConfig {
  const { datepattern, maxlines, timezone, usedns, journalmatch } = options;
  const raw = isRaw(options);
  const place = COMMAND_LINE;
  const filter = {
    ...jail.filter,
    ...(datepattern === undefined
      ? {}
      : { datepattern: datepattern.split("\n").map((text) => ({ text: text.trim(), place })) }),
    ...(maxlines === undefined ? {} : { maxlines }),
    ...(journalmatch === undefined ? {} : { journalmatch: [journalmatch] }),
  };
  return {
    ...jail,
    filter,
    logtimezone: timezone ?? jail.logtimezone,
    usedns: raw ? "warn" : (parseUseDns(usedns) ?? jail.usedns),
  };
}

/** A name found in a line then stays what it is, so the engine must not refuse it: it is no address. */
function isRaw({ raw, usedns }: RegexOptions): boolean {
  return raw === true || usedns === "raw";
}

function parseUseDns(mode: string | undefined): JailConfig["usedns"] | undefined {
  switch (mode) {
    case undefined:
      return undefined;
    case "yes":
    case "warn":
      return mode;
    default:
      // As in a jail: any other word is "no".
      return "no";
  }
}

function sourceUses(source: LineSource, { jail: { filter } }: CompiledFilter, { encoding }: RegexOptions): string[] {
  switch (source.kind) {
    case "file":
      return [`Use         log file : ${source.path}`, `Use         encoding : ${encoding}`];
    case "stream":
      return [`Use        log group : ${source.name}`];
    case "journal": {
      const match =
        filter.journalmatch.length === 0 ? [] : [`Use    journal match : ${filter.journalmatch.join(" + ")}`];
      return ["Use         systemd journal", `Use         encoding : ${encoding}`, ...match];
    }
    case "stdin":
      return ["Use         log file : standard input", `Use         encoding : ${encoding}`];
    case "text": {
      const [only, ...others] = source.lines;
      if (others.length === 0 && filter.maxlines <= 1) return [`Use      single line : ${shortened(only ?? "")}`];
      const shown = source.lines
        .slice(0, 5)
        .map((line, index) => `| ${`${index + 1}:`.padStart(3)} ${shortened(line)}`);
      const more = source.lines.length > 5 ? ["| ..."] : [];
      return [`Use      multi line : ${source.lines.length} line(s)`, ...shown, ...more, "`-"];
    }
  }
}

function textsOf({ jail, detector }: CompiledFilter): FilterTexts {
  const { filter } = jail;
  return {
    prefregex: filter.prefregex?.text,
    failregex: filter.failregex.map(({ text }) => text),
    ignoreregex: filter.ignoreregex.map(({ text }) => text),
    templates: readsJournal(jail) ? undefined : detector.templates,
  };
}

/** Fail2Ban counts one failure for every address that a name has; --raw counts the name itself. */
function createLookup(raw: boolean) {
  const known = new Map<string, Promise<readonly string[]>>();
  const addressesOf = (name: string): Promise<readonly string[]> => {
    const asked =
      known.get(name) ??
      lookup(name, { all: true }).then(
        (found) => found.map(({ address }) => address),
        // No such name, or no answer: nobody failed, as fail2ban-regex sees it.
        () => [],
      );
    known.set(name, asked);
    return asked;
  };
  return async (hit: RegexHit): Promise<{ hit: RegexHit; ids: readonly string[] }> => {
    switch (hit.identity.kind) {
      case "address":
        return { hit, ids: [hit.identity.id] };
      case "name":
        return { hit, ids: raw ? [hit.identity.name] : await addressesOf(hit.identity.name) };
      case "refused":
        return { hit, ids: [] };
    }
  };
}

function reportOptions(options: RegexOptions) {
  return {
    verbose: options.verbose > 0,
    allDates: options.verbose > 0 || options.verboseDate === true,
    listLimit: options.maxlines ?? 20,
    print: {
      matched: options.printAllMatched ? "all" : "never",
      ignored: options.printNoIgnored ? "never" : options.printAllIgnored ? "all" : "few",
      missed: options.printNoMissed ? "never" : options.printAllMissed ? "all" : "few",
    },
  } as const;
}
