/**
 * The engine on one machine: log events into the state, what the state's journal holds out to the firewall and people.
 *
 * Whatever belongs together is one batch of the state, so a process that is killed finds all of it or none. What leaves
 * the machine's memory (firewall, mail, ban log) happens after it is stored, and is done again if nobody noted it done.
 */
import type { LocalState } from "../../shared/adapters/local/state/local-state.ts";
import { chance } from "../../shared/app/chance.ts";
import { createAllowlist, type OpenAllowlist } from "../../shared/app/check-allowlist.ts";
import { claimTrips } from "../../shared/app/claim-trips.ts";
import { type CountBansDeps, countBans } from "../../shared/app/count-bans.ts";
import { type EnforceReport, enforceChanges, hostBans } from "../../shared/app/enforce-changes.ts";
import { type IngestReport, ingestEvents } from "../../shared/app/ingest-events.ts";
import { createKnownBans, type KnownBans } from "../../shared/app/known-bans.ts";
import type { Tripped } from "../../shared/app/place-ban.ts";
import type { CachedResolver } from "../../shared/app/resolve-names.ts";
import { type Restored, restoreBans } from "../../shared/app/restore-bans.ts";
import { waitBefore } from "../../shared/app/retry-conflicts.ts";
import { bansOf } from "../../shared/app/show-status.ts";
import { sweepExpired } from "../../shared/app/sweep-expired.ts";
import { logChanges, notifyOfChanges } from "../../shared/app/tell-changes.ts";
import type { BanChange } from "../../shared/core/ban.ts";
import type { BanLogSource } from "../../shared/core/ban-log.ts";
import { DEFAULT_BANS_PER_MINUTE } from "../../shared/core/detect/breaker.ts";
import type { NeverBan } from "../../shared/core/detect/never-ban.ts";
import type { LogEvent } from "../../shared/core/filter/event.ts";
import type { BanLog } from "../../shared/ports/ban-log.ts";
import type { Fleet, FleetReport } from "../../shared/ports/fleet.ts";
import type { IgnoreCommand } from "../../shared/ports/ignore-command.ts";
import type { Metrics } from "../../shared/ports/metrics.ts";
import type { Notifier } from "../../shared/ports/notifier.ts";
import type { Ruleset } from "./ruleset.ts";

export interface EngineDeps {
  readonly state: LocalState;
  readonly fleet: Fleet;
  readonly notifier: Notifier;
  readonly banLog: BanLog;
  readonly banLogSource: BanLogSource;
  readonly neverBan: NeverBan;
  readonly resolver: CachedResolver;
  readonly ignoreCommand?: IgnoreCommand;
  readonly metrics: Metrics;
  /** Waits for so many ms before a conflict is tried again. */
  readonly wait: (duration: number) => Promise<void>;
}

/** A batch of which some failures could not be decided: nothing of it was stored, so it has to come again. */
export class UndecidedBatch extends Error {
  readonly failed: IngestReport["failed"];

  constructor(failed: IngestReport["failed"]) {
    const [first] = failed;
    const reason = first?.cause instanceof Error ? first.cause.message : String(first?.cause);
    super(`${failed.length} ids could not be decided: ${reason}`, { cause: first?.cause });
    this.failed = failed;
  }
}

export interface Acted extends Pick<EnforceReport, "reports" | "unhealthy"> {
  readonly changes: readonly BanChange[];
  /** Recidive jails that a breaker stopped: tell a person. */
  readonly tripped: readonly Tripped[];
}

export interface Engine {
  readonly ruleset: () => Ruleset;
  /** Puts another ruleset in the place of the present one, between batches. */
  use(ruleset: Ruleset): void;
  /** Takes a batch of events; `save` runs in the same batch of the state. Throws UndecidedBatch, and stores nothing. */
  ingest(events: readonly LogEvent[], save?: () => Promise<void>): Promise<IngestReport>;
  /** Lifts what is over at `now`; true = there may be more. */
  sweep(now: number): Promise<boolean>;
  /** Acts on changes that are stored and not yet acted on, as of `now`; true = there may be more. */
  act(now: number): Promise<{ readonly acted: Acted; readonly more: boolean }>;
  /** After a start or a reload: lets go who is ignored by now; hosts are still to be reconciled. */
  restore(now: number): Promise<Restored>;
  /** Makes the hosts equal to the bans that stand at `now`. */
  reconcile(now: number): Promise<readonly FleetReport[]>;
  /** What the use cases of people's commands need. */
  readonly deps: () => CountBansDeps & { readonly neverBan: NeverBan; readonly exceeded: (jail: string) => number };
}

/** Changes acted on at once: enough for one command to the firewall, few enough to be repeated after a crash. */
const CHANGES_AT_ONCE = 1000;
const SWEPT_AT_ONCE = 500;

export function createEngine(first: Ruleset, deps: EngineDeps): Engine {
  const { state, neverBan, resolver } = deps;
  const { windows, bans, offenders, breakers, holds, totals, lineStates, control, journal } = state;
  const openAllowlist = (): OpenAllowlist => {
    const ignoreCommand = deps.ignoreCommand === undefined ? {} : { ignoreCommand: deps.ignoreCommand };
    return createAllowlist({ neverBan, control, resolver, ...ignoreCommand });
  };
  let ruleset = first;
  let allowlist = openAllowlist();
  const exceeded = new Map<string, number>();
  // The cache must not outlive a batch that was not stored: it would know of bans that never were.
  let cache = createKnownBans();
  const known: KnownBans = {
    until: (key, now) => cache.until(key, now),
    remember: (key, until, now) => cache.remember(key, until, now),
    forget: (key) => cache.forget(key),
  };

  const useDeps = () => ({
    ...{ windows, bans, offenders, breakers, holds, totals, lineStates, resolver, neverBan, known, allowlist },
    banLogSource: deps.banLogSource,
    metrics: deps.metrics,
    exceeded: (jail: string) => exceeded.get(jail) ?? 0,
    matcher: ruleset.matcher,
    rules: ruleset.rules,
    ruleset: ruleset.hash,
    bansPerMinute: DEFAULT_BANS_PER_MINUTE,
    chance,
    backoff: (attempt: number) => deps.wait(waitBefore(attempt, Math.random())),
    concurrency: 1,
  });

  const decided = async <T extends Pick<IngestReport, "failed">>(work: () => Promise<T>): Promise<T> => {
    try {
      return await state.batch(async () => {
        const report = await work();
        if (report.failed.length > 0) throw new UndecidedBatch(report.failed);
        return report;
      });
    } catch (error) {
      cache = createKnownBans();
      throw error;
    }
  };

  return {
    ruleset: () => ruleset,
    use(next) {
      ruleset = next;
      allowlist = openAllowlist();
      cache = createKnownBans();
    },
    ingest: (events, save) =>
      decided(async () => {
        const report = await ingestEvents(events, useDeps());
        if (report.failed.length === 0) await save?.();
        for (const [jail, tally] of report.match.tallies) {
          if (tally.exceeded > 0) exceeded.set(jail, (exceeded.get(jail) ?? 0) + tally.exceeded);
        }
        return { ...report, tripped: await claimTrips(report.tripped, useDeps()) };
      }),
    sweep: async (now) => (await state.batch(() => sweepExpired(now, { bans }, SWEPT_AT_ONCE))) === SWEPT_AT_ONCE,
    async act(now) {
      const entries = await journal.pending(CHANGES_AT_ONCE);
      const changes = entries.map((entry) => entry.change);
      const last = entries.at(-1);
      if (last === undefined) return { acted: { changes, reports: [], unhealthy: [], tripped: [] }, more: false };
      const { rules, firewalls } = ruleset;
      const { fleet, notifier, banLog } = deps;
      const { reports, unhealthy } = await enforceChanges(changes, now, { fleet, firewalls });
      await logChanges(changes, now, { banLog, rules });
      await notifyOfChanges(changes, now, { notifier, rules });
      const { tripped } = await decided(async () => {
        const report = await countBans(changes, useDeps());
        if (report.failed.length === 0) await journal.settle(last.sequence);
        return { ...report, tripped: await claimTrips(report.tripped, useDeps()) };
      });
      return { acted: { changes, reports, unhealthy, tripped }, more: true };
    },
    restore: (now) => state.batch(() => restoreBans(now, { bans, allowlist, rules: ruleset.rules })),
    async reconcile(now) {
      const standing = await state.batch(async () => {
        const all = [];
        for (const jail of ruleset.rules.keys()) all.push(...(await bansOf(jail, now, { bans })));
        return all;
      });
      return deps.fleet.reconcile(hostBans(standing, ruleset.firewalls));
    },
    deps: useDeps,
  };
}
