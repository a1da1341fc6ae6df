/**
 * A jail's values with their types: what Fail2Ban's server makes of the text that its client sends.
 *
 * Every function reports what it cannot read and goes on, so that one look shows all mistakes of a jail.
 */
import { parseNetwork } from "../address.ts";
import type { ArithmeticError, NoResult } from "./arithmetic.ts";
import { parseArithmetic } from "./arithmetic.ts";
import { parseDuration } from "./duration.ts";
import { SERVER_DEFAULTS } from "./jail-options.ts";
import type { LocatedText } from "./located-text.ts";
import { linesOf } from "./located-text.ts";
import type { Bantime, IncrementConfig, LogPath, UseDns } from "./model.ts";
import { nearest } from "./nearest.ts";
import type { Place, ProblemCode, Severity } from "./problem.ts";
import type { JailOptionValues } from "./resolve-jail.ts";

/** Collects what is wrong with one jail. */
export type Report = (severity: Severity, code: ProblemCode, message: string, place: Place, next?: string) => void;

/** What a `bantime.formula` may refer to: the base bantime in seconds, earlier bans, `bantime.factor`. */
export const FORMULA_NAMES: readonly string[] = ["ban.Time", "ban.Count", "banFactor"];

/** The text of an option that counts as absent when it is empty. */
export function filled(options: JailOptionValues, name: string): LocatedText | undefined {
  const written = options.get(name)?.written;
  return written === undefined || written.text.trim() === "" ? undefined : written;
}

/** A whole number of at least `least`; a smaller one is taken for that. */
export function wholeOf(options: JailOptionValues, name: string, least: number, report: Report): number | undefined {
  const option = options.get(name);
  if (option === undefined) return undefined;
  const [place] = option.written.places;
  if (typeof option.value !== "number") {
    const next = 'Write digits only; a comment begins with " ;" or stands on its own line.';
    report("error", "bad-value", `${name} = ${JSON.stringify(option.written.text)} is no whole number`, place!, next);
    return undefined;
  }
  if (option.value >= least) return option.value;
  report("warning", "bad-value", `${name} = ${option.value} is taken for ${least}`, place!);
  return least;
}

/** A duration in milliseconds; an error where it is none, or not above zero. */
export function durationOf(options: JailOptionValues, name: string, report: Report): number | undefined {
  const written = options.get(name)?.written;
  if (written === undefined) return undefined;
  const duration = parseDuration(written.text);
  if (duration.kind === "duration" && duration.milliseconds > 0) return duration.milliseconds;
  reportDuration(name, written, duration.kind === "duration" ? undefined : duration, report);
  return undefined;
}

/** `bantime`: any negative duration is for ever. */
export function bantimeOf(options: JailOptionValues, report: Report): Bantime {
  const written = options.get("bantime")?.written;
  if (written === undefined) return SERVER_DEFAULTS.bantime;
  const duration = parseDuration(written.text);
  if (duration.kind !== "duration") {
    reportDuration("bantime", written, duration, report);
    return SERVER_DEFAULTS.bantime;
  }
  if (duration.milliseconds === 0) {
    report(
      "warning",
      "bad-value",
      "bantime = 0 bans for no time at all",
      written.places[0]!,
      "Write 10m, or -1 for ever.",
    );
  }
  return duration.milliseconds < 0 ? "permanent" : duration.milliseconds;
}

function reportDuration(
  name: string,
  written: LocatedText,
  error: ArithmeticError | NoResult | undefined,
  report: Report,
): void {
  const why = error === undefined ? "must be above zero" : error.message;
  const message = `${name} = ${JSON.stringify(written.text)} is no duration: ${why}`;
  report("error", "bad-value", message, written.places[0]!, "Write seconds, or units as in 10m, 1h, 2d, 1w, 1d12h.");
}

/** `bantime.increment` and what belongs to it; undefined where it is off. */
export function incrementOf(options: JailOptionValues, report: Report): IncrementConfig | undefined {
  if (options.get("bantime.increment")?.value !== true) return undefined;
  const duration = (name: string) => (filled(options, name) ? durationOf(options, name, report) : undefined);
  return {
    factor: factorOf(options, report),
    formula: formulaOf(options, report),
    multipliers: multipliersOf(options, report),
    maxtime: duration("bantime.maxtime"),
    rndtime: duration("bantime.rndtime"),
    overalljails: options.get("bantime.overalljails")?.value === true,
  };
}

function factorOf(options: JailOptionValues, report: Report): number {
  const written = filled(options, "bantime.factor");
  if (written === undefined) return 1;
  const factor = parseArithmetic(written.text);
  const result = factor.kind === "arithmetic" ? factor.evaluate() : factor;
  if (result.kind === "value") return result.value;
  reportArithmetic("bantime.factor", written, result, report);
  return 1;
}

function formulaOf(options: JailOptionValues, report: Report): string | undefined {
  const written = filled(options, "bantime.formula");
  if (written === undefined) return undefined;
  const formula = parseArithmetic(written.text, FORMULA_NAMES);
  // A second ban of ten minutes: what has no result here has none in operation either.
  const sample = { "ban.Time": 600, "ban.Count": 1, banFactor: 1 };
  const result = formula.kind === "arithmetic" ? formula.evaluate(sample) : formula;
  if (result.kind !== "value") reportArithmetic("bantime.formula", written, result, report);
  return written.text;
}

function reportArithmetic(name: string, written: LocatedText, error: ArithmeticError | NoResult, report: Report): void {
  const where = error.kind === "arithmetic-error" ? ` (character ${error.position + 1})` : "";
  const message = `${name} = ${JSON.stringify(written.text)} cannot be computed: ${error.message}${where}`;
  const next = `Use numbers, + - * / // % ** << >>, comparisons, a if b else c, min, max, math.exp …, and ${FORMULA_NAMES.join(", ")}.`;
  report("error", "bad-value", message, written.places[0]!, next);
}

function multipliersOf(options: JailOptionValues, report: Report): readonly number[] | undefined {
  const written = filled(options, "bantime.multipliers");
  if (written === undefined) return undefined;
  const words = written.text.trim().split(/\s+/);
  if (words.every((word) => /^[+-]?\d{1,15}$/.test(word))) return words.map(Number);
  const message = `bantime.multipliers = ${JSON.stringify(written.text)} is no list of whole numbers`;
  report("error", "bad-value", message, written.places[0]!, "Write them with single spaces: 1 2 4 8 16.");
  return undefined;
}

/** The words of `ignoreip`; a word that is neither address nor network is a host name, and some can be neither. */
export function ignoreipOf(options: JailOptionValues, report: Report): readonly string[] {
  const written = options.get("ignoreip")?.written;
  if (written === undefined) return [];
  return linesOf(written).flatMap(({ text, place }) =>
    splitWords(text).map((word) => {
      const bare = /^\[([\da-fA-F:.]+)\]$/.exec(word)?.[1] ?? word;
      if (parseNetwork(bare) !== undefined) return bare;
      if (!/^file:./.test(word) && !isHostName(word)) {
        const next = word.startsWith("#")
          ? 'A "#" inside a line begins no comment: the words after it are host names. Put it on a line of its own.'
          : "Write addresses, networks (10.0.0.0/8) or host names, separated by spaces.";
        report(
          "warning",
          "bad-address",
          `ignoreip: ${JSON.stringify(word)} is no address and no host name`,
          place,
          next,
        );
      }
      return word;
    }),
  );
}

/** Words between spaces, commas and line ends. */
export function splitWords(text: string): string[] {
  return text.split(/[ ,\n]+/).flatMap((word) => word.trim() || []);
}

/** A name with a letter in its last label: "999.1.1.1" and "10.0.0.0/33" are slips, not names. */
function isHostName(word: string): boolean {
  return /^[\w.-]{1,253}$/.test(word) && /[a-z]/i.test(word.split(".").filter(Boolean).at(-1) ?? "");
}

/** Paths and globs of `logpath`, a line each. */
export function logsOf(options: JailOptionValues, report: Report): readonly LogPath[] {
  const written = options.get("logpath")?.written;
  if (written === undefined) return [];
  return linesOf(written).flatMap(({ text, place }) => {
    if (text.trim() === "") return [];
    const [, path, word] = /^(.*) ([^ ]*)$/s.exec(text) ?? [undefined, text, "head"];
    if (word === "head" || word?.toLowerCase() === "tail")
      return [{ path: path!, from: word === "head" ? "head" : "tail" }];
    const message = `logpath ${JSON.stringify(text)} ends with neither head nor tail`;
    report("error", "bad-value", message, place, "Put each path on its own line; a path cannot hold a space.");
    return [];
  });
}

/** `usedns`; Fail2Ban takes every other word for no. */
export function usednsOf(written: LocatedText | undefined, report: Report): UseDns {
  if (written === undefined) return SERVER_DEFAULTS.usedns;
  const word = written.text.toLowerCase();
  const words: readonly UseDns[] = ["yes", "warn", "no", "raw"];
  const known = words.find((candidate) => candidate === word);
  if (known !== undefined) return known;
  const meant = nearest(word, words) ?? "warn";
  const message = `usedns = ${JSON.stringify(written.text)} is taken for no`;
  report("warning", "bad-value", message, written.places[0]!, `Write yes, warn, no or raw; perhaps ${meant}.`);
  return "no";
}
