/**
 * Our filters over Fail2Ban's annotated lines: for each filter and each set of its options, how often we agree about
 * whether a line is a failure, whose, when, of how many lines, and with which groups.
 *
 * Each line also goes the way that log lines go in operation (sieve, screen, matcher), which must come to the same.
 */
import { readConfigFiles } from "../shared/adapters/local/config-files.ts";
import { parseNetwork } from "../shared/core/address.ts";
import { compileConfiguration } from "../shared/core/config/compile-configuration.ts";
import type { ConfigFiles } from "../shared/core/config/files.ts";
import type { JailConfig } from "../shared/core/config/model.ts";
import { formatProblem } from "../shared/core/config/problem.ts";
import type { LogEvent } from "../shared/core/filter/event.ts";
import { EMPTY_LINE_STATE, type LineState } from "../shared/core/filter/line-state.ts";
import { type CompiledMatcher, createMatcher } from "../shared/core/filter/matcher.ts";
import { identityText } from "../shared/core/filter/suspect.ts";
import type { Combination, CorpusLine } from "./corpus.ts";
import { centralEurope, instantOf } from "./corpus-time.ts";
import { createLineJudge, type JudgedFailure, type JudgedLine } from "./judge-line.ts";

export const ASPECTS = ["match", "host", "time", "attempts", "groups", "operation"] as const;
/** "operation": the matcher that runs in operation comes to the same failure. */
export type Aspect = (typeof ASPECTS)[number];

export interface Disagreement {
  readonly filter: string;
  readonly options: Readonly<Record<string, string>>;
  readonly file: string;
  readonly number: number;
  readonly text: string;
  /** "row": what `regex -o row` prints (rows.ts); `number` then counts rows. */
  readonly aspect: Aspect | "row";
  readonly expected: string;
  readonly got: string;
}

export interface Score {
  readonly agree: number;
  readonly total: number;
}

export interface Evaluation {
  readonly filter: string;
  readonly options: Readonly<Record<string, string>>;
  /** Lines that agree in every aspect. */
  readonly lines: Score;
  readonly aspects: Readonly<Record<Aspect, Score>>;
  readonly disagreements: readonly Disagreement[];
  /** Why the filter cannot be loaded; then no line agrees. */
  readonly problem?: string;
}

/** The moment at which Fail2Ban's tests take place: 14 August 2005, noon in Central Europe. */
const NOW = 1_124_013_600_000;

/** `config`: the directory of the stock configuration. */
export function evaluate(combination: Combination, config: string): Evaluation {
  const { filter, options } = combination;
  const jail = loadJail(combination, config);
  const made = typeof jail === "string" ? undefined : createMatcher([jail], { localOffset: centralEurope });
  const [compiled] = made?.matcher.filters ?? [];
  if (made === undefined || compiled === undefined) {
    const problem = typeof jail === "string" ? jail : made!.problems.map(formatProblem).join("\n");
    const disagreements = combination.lines.map((line) =>
      disagreement(combination, line, "match", "a filter that loads", problem),
    );
    return { filter, options, lines: score(0, combination.lines.length), aspects: noScores(), disagreements, problem };
  }
  const judge = createLineJudge(compiled);
  const operate = createOperation(made.matcher);
  const aspects = noScores();
  const disagreements: Disagreement[] = [];
  let agree = 0;
  for (const [index, line] of combination.lines.entries()) {
    const event: LogEvent = { id: `${index}`, stream: filter, at: NOW, text: line.text };
    const judged = judge(event);
    const compared = [...compare(line, judged), ...compareOperation(judged.failure, operate(event))];
    for (const { aspect, expected, got } of compared) {
      const same = expected === got;
      const { agree: before, total } = aspects[aspect];
      aspects[aspect] = score(before + (same ? 1 : 0), total + 1);
      if (!same) disagreements.push(disagreement(combination, line, aspect, expected, got));
    }
    if (compared.every(({ expected, got }) => expected === got)) agree += 1;
  }
  return { filter, options, lines: score(agree, combination.lines.length), aspects, disagreements };
}

interface Compared {
  readonly aspect: Aspect;
  readonly expected: string;
  readonly got: string;
}

function compare({ expected }: CorpusLine, { at, failure }: JudgedLine): Compared[] {
  const match = { aspect: "match", expected: expected.match ? "match" : "no match", got: matchOf(failure) } as const;
  if (!expected.match || failure === undefined) return [match];
  const compared: Compared[] = [match];
  const { host, time, attempts, groups } = expected;
  if (host !== undefined) {
    compared.push({ aspect: "host", expected: parseNetwork(host) ?? host, got: identityText(failure.identity) });
  }
  if (time !== undefined && time !== null) {
    const wanted = instantOf(time);
    compared.push({ aspect: "time", expected: iso(wanted), got: at === undefined ? "no date" : iso(at) });
  }
  if (attempts !== undefined) {
    compared.push({ aspect: "attempts", expected: `${attempts}`, got: `${failure.lines.length}` });
  }
  for (const [name, value] of Object.entries(groups)) {
    compared.push({ aspect: "groups", expected: groupText(name, value), got: groupText(name, groupOf(failure, name)) });
  }
  return compared;
}

/**
 * Fail2Ban's tests pass over what `<F-NOFAIL>` marks, also in a filter without connections; Fail2Ban itself, and we with it,
 * count it there.
 */
function matchOf(failure: JudgedFailure | undefined): string {
  if (failure === undefined || failure.groups.nofail) return "no match";
  return failure.identity.kind === "refused" ? `refused ${failure.identity.text}` : "match";
}

function groupOf({ groups, users }: JudgedFailure, name: string): unknown {
  return name === "users" ? users : (groups[name] ?? null);
}

function groupText(name: string, value: unknown): string {
  return `${name} = ${JSON.stringify(Array.isArray(value) ? value.toSorted() : value)}`;
}

/** Whole ms, as the detector gives them. */
function iso(at: number): string {
  return new Date(at).toISOString();
}

function compareOperation(failure: JudgedFailure | undefined, operated: string): Compared[] {
  const counts = failure !== undefined && failure.identity.kind !== "refused";
  return [{ aspect: "operation", expected: counts ? identityText(failure.identity) : "no failure", got: operated }];
}

function createOperation(matcher: CompiledMatcher): (event: LogEvent) => string {
  let state: LineState = EMPTY_LINE_STATE;
  return (event) => {
    const report = matcher.match([event]);
    const failures = [...report.failures];
    for (const thread of report.threads) {
      const resumed = thread.resume(state);
      state = resumed.state;
      failures.push(...resumed.failures);
    }
    return failures.map(({ suspect }) => identityText(suspect)).join(" ") || "no failure";
  };
}

/** The filter with the options as a jail would name them, or why it cannot be. */
function loadJail({ filter, options, directory, journal }: Combination, config: string): JailConfig | string {
  const list = Object.entries(options).map(([name, value]) => `${name}="${value}"`);
  const backend = journal ? "systemd" : "auto";
  const text = `[compat]\nenabled = true\nbackend = ${backend}\nfilter = ${filter}[${list.join(", ")}]\nlogpath = -\n`;
  const files = readConfigFiles(directory);
  const alone: ConfigFiles = {
    list: (folder) => (folder === "jail.d" ? [] : files.list(folder)),
    read(path) {
      if (path === "jail.conf") return text;
      if (path === "jail.local") return undefined;
      // Filters of the tests include those of a source tree by its layout.
      const [, stock] = /\.\.\/config\/(filter\.d\/.+)$/.exec(path) ?? [];
      return files.read(path) ?? (stock === undefined ? undefined : readConfigFiles(config).read(stock));
    },
  };
  const { jails, problems } = compileConfiguration(alone);
  return jails[0] ?? problems.map(formatProblem).join("\n");
}

function disagreement(
  { filter, options }: Combination,
  { file, number, text }: CorpusLine,
  aspect: Aspect,
  expected: string,
  got: string,
): Disagreement {
  return { filter, options, file, number, text, aspect, expected, got };
}

function score(agree: number, total: number): Score {
  return { agree, total };
}

function noScores(): Record<Aspect, Score> {
  return Object.fromEntries(ASPECTS.map((aspect) => [aspect, score(0, 0)])) as Record<Aspect, Score>;
}
