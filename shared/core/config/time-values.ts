/** A jail's times: `findtime`, `bantime`, and how bans grow longer; as jail-values.ts has it, with every mistake told. */
import type { ArithmeticError, NoResult } from "./arithmetic.ts";
import { parseArithmetic } from "./arithmetic.ts";
import { parseDuration } from "./duration.ts";
import { parseWhole, SERVER_DEFAULTS } from "./jail-options.ts";
import { filled, type Report } from "./jail-values.ts";
import type { LocatedText } from "./located-text.ts";
import type { Bantime, IncrementConfig } from "./model.ts";
import type { JailOptionValues } from "./resolve-jail.ts";

/** What a `bantime.formula` may refer to: the base bantime in seconds, earlier bans, `bantime.factor`. */
export const FORMULA_NAMES: readonly string[] = ["ban.Time", "ban.Count", "banFactor"];

/** A duration in milliseconds; an error where it is none, or not above zero. */
export function durationOf(options: JailOptionValues, name: string, report: Report): number | undefined {
  const written = options.get(name)?.written;
  if (written === undefined) return undefined;
  const duration = parseDuration(written.text);
  if (duration.kind === "duration" && duration.milliseconds > 0) return duration.milliseconds;
  reportDuration(name, written, duration.kind === "duration" ? undefined : duration, report);
  return undefined;
}

/** `bantime`: -1 is for ever; any other negative duration would end before it begins. Fractions of a second do not count. */
export function bantimeOf(options: JailOptionValues, report: Report): Bantime {
  const written = options.get("bantime")?.written;
  if (written === undefined) return SERVER_DEFAULTS.bantime;
  const duration = parseDuration(written.text);
  if (duration.kind !== "duration") {
    reportDuration("bantime", written, duration, report);
    return SERVER_DEFAULTS.bantime;
  }
  if (duration.milliseconds === -1000) return "permanent";
  if (duration.milliseconds < 0) {
    const message = `bantime = ${JSON.stringify(written.text)} is below zero: such a ban is over before it begins`;
    report("error", "bad-value", message, written.places[0]!, "Write -1 for ever.");
  }
  const milliseconds = Math.trunc(duration.milliseconds / 1000) * 1000;
  if (milliseconds === 0) {
    report(
      "warning",
      "bad-value",
      `bantime = ${written.text} bans for no time at all`,
      written.places[0]!,
      "Write 10m, or -1 for ever.",
    );
  }
  return milliseconds;
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

/** `bantime.increment` and what belongs to it; undefined where it is off: mistakes then do no harm, and are still told. */
export function incrementOf(options: JailOptionValues, report: Report): IncrementConfig | undefined {
  const on = options.get("bantime.increment")?.value === true;
  const tell: Report = on ? report : (_, ...rest) => report("warning", ...rest);
  const duration = (name: string) => (filled(options, name) ? durationOf(options, name, tell) : undefined);
  const increment: IncrementConfig = {
    factor: factorOf(options, tell),
    formula: formulaOf(options, tell),
    multipliers: multipliersOf(options, tell),
    maxtime: duration("bantime.maxtime"),
    rndtime: duration("bantime.rndtime"),
    overalljails: options.get("bantime.overalljails")?.value === true,
  };
  return on ? increment : undefined;
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
  const multipliers = written.text.split(" ").map(parseWhole);
  if (multipliers.every((multiplier) => multiplier !== undefined)) return multipliers;
  const message = `bantime.multipliers = ${JSON.stringify(written.text)} is no list of whole numbers`;
  report("error", "bad-value", message, written.places[0]!, "Write them with single spaces: 1 2 4 8 16.");
  return undefined;
}
