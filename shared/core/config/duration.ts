/**
 * Durations as people write them: "10m", "1d12h", "1h + 30min", "60*5", "2w-1d".
 *
 * Units become factors, neighbours are added, and what comes out is arithmetic. Units, in any case: s sec second(s),
 * m mm min minute(s), h hh hou hour(s), d dd da day(s), w ww wee week(s), mo mon month(s), y yy yea year(s); a month is
 * a twelfth and a year 365.25 days, so "1M" is a minute and "1mo" 2 629 800 seconds.
 */
import type { ArithmeticError, NoResult } from "./arithmetic.ts";
import { parseArithmetic } from "./arithmetic.ts";

/** A duration; negative means for ever, where an option allows it. */
export interface Duration {
  readonly kind: "duration";
  readonly milliseconds: number;
}

/** A month is written as a float, as Fail2Ban computes with it: it makes a difference to // and %. */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/(?<=[\d\s])(?:days?|da|dd?)\b/gi, "*86400"],
  [/(?<=[\d\s])(?:weeks?|wee?|ww?)\b/gi, "*604800"],
  [/(?<=[\d\s])(?:months?|mon?)\b/gi, "*2629800.0"],
  [/(?<=[\d\s])(?:years?|yea?|yy?)\b/gi, "*31557600.0"],
  [/(?<=[\d\s])(?:seconds?|sec?|ss?)\b/gi, "*1"],
  [/(?<=[\d\s])(?:minutes?|min?|mm?)\b/gi, "*60"],
  [/(?<=[\d\s])(?:hours?|hou?|hh?)\b/gi, "*3600"],
];

/** Reads a duration; the error's position is one in the expression that the units were put into. */
export function parseDuration(text: string): Duration | ArithmeticError | NoResult {
  const apart = text.replace(/(?<=[a-z])\d/gi, " $&");
  const factors = UNITS.reduce((expression, [unit, factor]) => expression.replace(unit, factor), apart);
  const expression = parseArithmetic(factors.replace(/(\d)\s+(\d)/g, "$1+$2"));
  if (expression.kind === "arithmetic-error") return expression;
  const result = expression.evaluate();
  if (result.kind === "no-result") return result;
  return { kind: "duration", milliseconds: Math.round(result.value * 1000) };
}
