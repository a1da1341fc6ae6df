/** A jail's rules for detection, made ready from its configuration. */
import { parseArithmetic } from "../config/arithmetic.ts";
import type { IncrementConfig, JailConfig } from "../config/model.ts";
import { FORMULA_NAMES } from "../config/time-values.ts";
import type { BantimePolicy, Increment } from "./bantime.ts";
import { type IgnoreWords, parseIgnoreWords } from "./ignore.ts";
import type { WindowPolicy } from "./window.ts";

export interface JailRules {
  readonly config: JailConfig;
  readonly window: WindowPolicy;
  readonly bantime: BantimePolicy;
  readonly ignore: IgnoreWords;
}

/** What the failure windows of a jail need. */
export function policyOf({ maxretry, findtime, maxmatches }: JailConfig): WindowPolicy {
  return { maxretry, findtime, maxmatches };
}

/** The rules of every jail, by name. */
export function rulesOf(jails: readonly JailConfig[]): ReadonlyMap<string, JailRules> {
  return new Map(jails.map((config) => [config.name, jailRules(config)]));
}

function jailRules(config: JailConfig): JailRules {
  const { bantime, increment } = config;
  return {
    config,
    window: policyOf(config),
    bantime: { bantime, increment: increment === undefined ? undefined : readyIncrement(increment) },
    ignore: parseIgnoreWords(config.ignoreip),
  };
}

/** The increment options with their formula compiled; `factor` is the formula's banFactor. */
export function readyIncrement(increment: IncrementConfig): Increment {
  const { formula, factor } = increment;
  if (formula === undefined) return { ...increment, formula: undefined };
  const arithmetic = parseArithmetic(formula, FORMULA_NAMES);
  return {
    ...increment,
    formula: ({ time, count }) => {
      if (arithmetic.kind === "arithmetic-error") return undefined;
      const result = arithmetic.evaluate({ "ban.Time": time, "ban.Count": count, banFactor: factor });
      return result.kind === "value" ? result.value : undefined;
    },
  };
}
