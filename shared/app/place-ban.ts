/**
 * A window is complete: what becomes of it. Everything here may be repeated: the ban row is one conditional write, and
 * whoever comes second finds it standing.
 */
import type { Ban } from "../core/ban.ts";
import { bantimeAfter, endOf } from "../core/detect/bantime.ts";
import { type BreakerState, countBan } from "../core/detect/breaker.ts";
import type { BanKey } from "../core/detect/key.ts";
import { isSettled, previousBans } from "../core/detect/offence.ts";
import type { JailRules } from "../core/detect/policy.ts";
import type { Decision } from "../core/detect/window.ts";
import type { Bans } from "../ports/bans.ts";
import type { Breakers } from "../ports/breakers.ts";
import type { Holds } from "../ports/holds.ts";
import type { Offenders } from "../ports/offenders.ts";
import { type Backoff, retryConflicts } from "./retry-conflicts.ts";
import type { TakeTurn } from "./take-turns.ts";

export interface PlaceBanDeps {
  readonly bans: Bans;
  readonly offenders: Offenders;
  readonly breakers: Breakers;
  readonly holds: Holds;
  /** Hash of the ruleset that decides. */
  readonly ruleset: string;
  /** Bans a minute that stop the jail. */
  readonly bansPerMinute: number;
  /** A number in [0, 1) that is always the same for the same text: bantime.rndtime's share, stable under redelivery. */
  readonly chance: (text: string) => number;
  readonly backoff: Backoff;
  /** Where bans are placed side by side: who counts in one breaker does so one at a time. Absent = they never are. */
  readonly turn?: TakeTurn;
}

/** What a complete window led to. */
export type Verdict =
  | { readonly kind: "banned"; readonly ban: Ban }
  /** The id is banned in the jail already, by this ban. */
  | { readonly kind: "standing"; readonly ban: Ban }
  /** The ban was over before its last failure arrived (old lines): nothing is banned. */
  | { readonly kind: "over"; readonly ban: Ban }
  /** The jail's breaker is tripped: kept for a person to decide. */
  | { readonly kind: "held"; readonly ban: Ban }
  /** It holds failures that an earlier ban or pardon settled: those before `until`. */
  | { readonly kind: "settled"; readonly key: BanKey; readonly until: number };

/** A jail that its breaker stopped, and nobody was told yet. */
export interface Tripped {
  readonly jail: string;
  readonly at: number;
  readonly bans: number;
}

export function trippedBy(jail: string, { at, bans }: Extract<BreakerState, { readonly kind: "tripped" }>): Tripped {
  return { jail, at, bans };
}

type Complete = Extract<Decision, { readonly kind: "ban" }>;

/** Bans, holds or lets go. `receivedAt` = when the completing failure was received, epoch ms. */
export async function placeBan(
  key: BanKey,
  decision: Complete,
  receivedAt: number,
  rules: JailRules,
  deps: PlaceBanDeps,
): Promise<{ readonly verdict: Verdict; readonly tripped?: Tripped }> {
  const history = await deps.offenders.history(key.id);
  const own = history.find((offence) => offence.jail === key.jail);
  if (own?.until !== undefined && isSettled(own, decision.failures[0]!.at)) {
    return { verdict: { kind: "settled", key, until: own.until } };
  }
  const previous = previousBans(history, key.jail, rules.bantime.increment?.overalljails ?? false);
  const chance = deps.chance(`${key.jail} ${key.id} ${decision.since}`);
  const lines = decision.failures.flatMap((failure) => (failure.line === undefined ? [] : [failure.line]));
  const ban: Ban = {
    ...key,
    since: decision.since,
    expiresAt: endOf(decision.since, bantimeAfter(previous, rules.bantime, chance)),
    generation: Math.max(decision.since, (own?.generation ?? 0) + 1),
    count: previous + 1,
    failures: decision.failures.length,
    matches: rules.window.maxmatches > 0 ? lines.slice(-rules.window.maxmatches) : [],
    source: decision.failures.at(-1)?.stream,
    actor: "fleet2ban",
    ruleset: deps.ruleset,
  };
  if (ban.expiresAt !== undefined && ban.expiresAt <= receivedAt) return { verdict: { kind: "over", ban } };
  if ((await deps.breakers.load(key.jail)).state.kind === "tripped") {
    await deps.holds.hold(ban);
    const { state } = await deps.breakers.load(key.jail);
    if (state.kind === "tripped") {
      const verdict: Verdict = { kind: "held", ban };
      return state.untold === undefined ? { verdict } : { verdict, tripped: trippedBy(key.jail, state) };
    }
    // A person let the jail go on meanwhile, and may have seen what was held before this: then nobody would ever look.
    await deps.holds.drop(ban);
  }
  const outcome = await deps.bans.put(ban);
  if (outcome.kind === "standing") {
    // Whoever wrote it may have died before the next step; noting it twice changes nothing.
    if ((own?.generation ?? 0) < outcome.ban.generation) await deps.offenders.record(outcome.ban);
    return { verdict: outcome };
  }
  await deps.offenders.record(outcome.ban);
  const tripped = await countInBreaker(key.jail, ban.since, deps);
  const verdict: Verdict = { kind: "banned", ban: outcome.ban };
  return tripped === undefined ? { verdict } : { verdict, tripped };
}

/** The trip that this ban made. */
async function countInBreaker(jail: string, since: number, deps: PlaceBanDeps): Promise<Tripped | undefined> {
  const count = () =>
    retryConflicts(`the breaker of ${jail}`, deps.backoff, async () => {
      const { state, version } = await deps.breakers.load(jail);
      const next = countBan(state, since, deps.bansPerMinute);
      if (next === state) return undefined;
      if ((await deps.breakers.save(jail, next, version)) === "conflict") return "conflict";
      return next.kind === "tripped" ? trippedBy(jail, next) : undefined;
    });
  return deps.turn === undefined ? count() : deps.turn(`breaker ${jail}`, count);
}
