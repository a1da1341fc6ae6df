/** A person looks at what a tripped breaker held back: bans it after all, or lets it go. Either way the jail works again. */
import type { Ban } from "../core/ban.ts";
import { ARMED } from "../core/detect/breaker.ts";
import type { JailRules } from "../core/detect/policy.ts";
import type { Bans } from "../ports/bans.ts";
import type { Breakers } from "../ports/breakers.ts";
import type { Holds } from "../ports/holds.ts";
import type { Offenders } from "../ports/offenders.ts";
import { retryConflicts } from "./retry-conflicts.ts";
import { type SettleDeps, settleWindow } from "./settle-window.ts";
import { stands } from "./show-status.ts";

export interface ReleaseDeps extends SettleDeps {
  readonly bans: Bans;
  readonly offenders: Offenders;
  readonly holds: Holds;
  readonly breakers: Breakers;
}

export interface Released {
  /** Banned now; empty where the decisions were let go. */
  readonly banned: readonly Ban[];
  /** Let go, or over in the meantime. */
  readonly dropped: readonly Ban[];
}

/** Arms the jail's breaker again and settles what it held, as of `at` (epoch ms). May be repeated after a crash. */
export async function releaseHeld(
  { rules, at, verdict }: { readonly rules: JailRules; readonly at: number; readonly verdict: "ban" | "let-go" },
  deps: ReleaseDeps,
): Promise<Released> {
  const jail = rules.config.name;
  const banned: Ban[] = [];
  const dropped: Ban[] = [];
  const settle = async () => {
    const held: Ban[] = [];
    for await (const ban of deps.holds.inJail(jail)) held.push(ban);
    for (const ban of held) {
      if (verdict === "ban" && stands(ban, at)) {
        const outcome = await deps.bans.put(ban);
        await deps.offenders.record(outcome.ban);
        banned.push(outcome.ban);
      } else {
        // Its failures are settled up to now, not up to the end of a ban that never was.
        await settleWindow(ban, { until: at }, rules.window, deps);
        dropped.push(ban);
      }
      await deps.holds.drop(ban);
    }
  };
  await settle();
  await retryConflicts(`the breaker of ${jail}`, deps.backoff, async () => {
    const { state, version } = await deps.breakers.load(jail);
    return state.kind === "armed" ? "saved" : deps.breakers.save(jail, ARMED, version);
  });
  // The jail went on meanwhile: what nobody settles now stays held, and its id unbanned, without anybody knowing.
  await settle();
  return { banned, dropped };
}
