/**
 * How long a ban lasts: `bantime`, and with `bantime.increment` longer for who was banned before, by Fail2Ban's rules.
 *
 * The first ban is the plain bantime. After n earlier ones it is bantime × 2^min(n, 20) × factor, or the multiplier
 * for n (the last one for more), or the user's formula; the doubling and the formula never shorten. `maxtime` caps it,
 * and `rndtime` is added after the cap, so that a botnet cannot compute the end.
 */
import type { Bantime } from "../config/model.ts";

/** The increment options, ready to be used; durations in ms. */
export interface Increment {
  readonly factor: number;
  /** Seconds for a ban of `time` seconds after `count` earlier ones; undefined where the user's formula gives no number. */
  readonly formula: ((ban: { readonly time: number; readonly count: number }) => number | undefined) | undefined;
  readonly multipliers: readonly number[] | undefined;
  readonly maxtime: number | undefined;
  readonly rndtime: number | undefined;
  /** Whether earlier bans in every jail count, or only in this one. */
  readonly overalljails: boolean;
}

export interface BantimePolicy {
  readonly bantime: Bantime;
  readonly increment: Increment | undefined;
}

/** A thousand years in ms: no ban with an end lasts longer, so that every end is a date. */
export const LONGEST_BANTIME = 1000 * 31_557_600_000;

/** The duration in ms, or for ever. `previous` = earlier bans; `random` is in [0, 1) and decides the share of rndtime. */
export function bantimeAfter(previous: number, policy: BantimePolicy, random: number): Bantime {
  const { bantime, increment } = policy;
  if (bantime === "permanent") return bantime;
  if (increment === undefined || previous <= 0 || bantime <= 0) return Math.min(LONGEST_BANTIME, bantime);
  const longer = grow(bantime, previous, increment);
  const capped = Math.min(longer, increment.maxtime ?? LONGEST_BANTIME);
  return Math.min(LONGEST_BANTIME, Math.max(0, Math.round(capped + random * (increment.rndtime ?? 0))));
}

function grow(bantime: number, previous: number, increment: Increment): number {
  const { multipliers, formula, factor } = increment;
  if (multipliers !== undefined && multipliers.length > 0) {
    return bantime * factor * multipliers[Math.min(previous, multipliers.length - 1)]!;
  }
  if (formula === undefined) return Math.max(bantime, bantime * 2 ** Math.min(previous, 20) * factor);
  const seconds = formula({ time: bantime / 1000, count: previous });
  // A formula that fails for this count must not cancel the ban: the plain bantime holds, as in Fail2Ban.
  return seconds === undefined ? bantime : Math.max(bantime, seconds * 1000);
}

/** When a ban that began at `since` ends, epoch ms; undefined = never. */
export function endOf(since: number, bantime: Bantime): number | undefined {
  return bantime === "permanent" ? undefined : since + bantime;
}
