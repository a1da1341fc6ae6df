/** The engine as one process runs it, with its state in memory: what throughput and memory are measured on. */

import { createMemoryState, type LocalState } from "../shared/adapters/local/state/local-state.ts";
import { createAllowlist } from "../shared/app/check-allowlist.ts";
import { type IngestDeps, ingestEvents } from "../shared/app/ingest-events.ts";
import { createKnownBans } from "../shared/app/known-bans.ts";
import { createCachedResolver } from "../shared/app/resolve-names.ts";
import type { JailConfig } from "../shared/core/config/model.ts";
import { createNeverBan } from "../shared/core/detect/never-ban.ts";
import { rulesOf } from "../shared/core/detect/policy.ts";
import type { LogEvent } from "../shared/core/filter/event.ts";
import { type CompiledMatcher, createMatcher } from "../shared/core/filter/matcher.ts";
import { NO_METRICS } from "../shared/ports/metrics.ts";

export interface Engine {
  readonly matcher: CompiledMatcher;
  readonly state: LocalState;
  /** Counts and decides; resolves to the number of bans. */
  ingest(events: readonly LogEvent[]): Promise<number>;
}

export async function startEngine(jails: readonly JailConfig[]): Promise<Engine> {
  const { matcher, problems } = createMatcher(jails, { localOffset: () => 0 });
  if (problems.length > 0) throw new Error(`the bench needs sound jails: ${JSON.stringify(problems)}`);
  const state = await createMemoryState();
  const resolver = createCachedResolver({ resolve: async () => [] });
  const deps: IngestDeps = {
    ...state,
    matcher,
    rules: rulesOf(jails),
    allowlist: createAllowlist({ neverBan: createNeverBan([]), control: state.control, resolver }),
    resolver,
    known: createKnownBans(),
    metrics: NO_METRICS,
    concurrency: 1,
    ruleset: "bench",
    bansPerMinute: 100_000,
    chance: () => 0,
    backoff: async () => undefined,
  };
  return {
    matcher,
    state,
    ingest: (events) =>
      state.batch(async () => {
        const { verdicts, failed } = await ingestEvents(events, deps);
        if (failed.length > 0) throw new Error("a batch failed", { cause: failed[0]!.cause });
        return verdicts.filter((verdict) => verdict.kind === "banned").length;
      }),
  };
}
