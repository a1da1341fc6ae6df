/**
 * What a batch of changes sets off: one command to the hosts, lines of the ban log, and what recidive jails make of the
 * bans. All of it may be repeated; the hosts come first, for nothing else is as urgent.
 */
import { randomUUID } from "node:crypto";
import { type CountBansDeps, countBans } from "../../shared/app/count-bans.ts";
import { enforceChanges } from "../../shared/app/enforce-changes.ts";
import { createKnownBans } from "../../shared/app/known-bans.ts";
import { type PaceDeps, paceCommands } from "../../shared/app/pace-commands.ts";
import { sideBySide } from "../../shared/app/side-by-side.ts";
import { logChanges } from "../../shared/app/tell-changes.ts";
import type { BanChange } from "../../shared/core/ban.ts";
import { PortError, type PortErrorCode } from "../../shared/ports/failure.ts";
import type { Fleet } from "../../shared/ports/fleet.ts";
import type { Pool } from "../../shared/ports/pool.ts";
import { createBanLog } from "../runtime/ban-log.ts";
import { type AlarmDeps, raiseAlarms } from "../runtime/breaker-alarm.ts";
import type { Call } from "../runtime/invocation.ts";
import { BAN_LOG_SOURCE, type ReadyRuleset } from "../runtime/ruleset.ts";
import type { RecordedChange } from "./decode-records.ts";

export interface ActDeps extends AlarmDeps {
  readonly ruleset: ReadyRuleset;
  /** The revision that the ruleset has in the fleet. */
  readonly revision: () => Promise<number>;
  readonly fleet: Fleet;
  readonly pacing: Pick<PaceDeps, "pace" | "wait"> & { readonly pool: Pool };
  readonly counting: Omit<CountBansDeps, "matcher" | "metrics" | "known" | "banLogSource">;
}

/** What sending and counting take at most, ms: so much of the function's time is not spent on waiting for a slot. */
const TIME_TO_ACT = 45_000;
/** Bans counted side by side. */
const CONCURRENCY = 8;

/** Not the changes' fault: all of them wait until it is over. */
const WAITS: ReadonlySet<PortErrorCode> = new Set(["unavailable", "too-busy", "denied", "missing"]);

/** Acts on the changes in their order; returns the first that must come again, where there is one. */
export async function actOnChanges(
  recorded: readonly RecordedChange[],
  deps: ActDeps,
  call: Call,
): Promise<RecordedChange | undefined> {
  const [first] = recorded;
  if (first === undefined) return undefined;
  const changes = recorded.map(({ change }) => change);
  try {
    await command(changes, deps, call);
    measure(recorded, call);
    await logChanges(changes, call.now(), { banLog: createBanLog(call.log), rules: deps.ruleset.rules });
  } catch (error) {
    // A run that ends is what Lambda cuts the batch in two for: so one change that breaks it is soon alone.
    if (!(error instanceof PortError && WAITS.has(error.code))) throw error;
    // Direction: all of it again; a command that was sent is no news to the hosts.
    call.log.error("the changes of a batch come again", error, { changes: changes.length });
    return first;
  }
  return countAll(recorded, deps, call);
}

async function command(changes: readonly BanChange[], deps: ActDeps, { log, metrics, now, remaining }: Call) {
  const firewalls = deps.ruleset.firewallsAt(await deps.revision());
  const pool = { port: deps.pacing.pool, who: randomUUID() };
  const fleet = paceCommands(deps.fleet, { ...deps.pacing, pool, now, longest: () => remaining() - TIME_TO_ACT });
  const { reports } = await enforceChanges(changes, now(), { fleet, firewalls, ruleset: deps.ruleset.hash });
  for (const report of reports) {
    if (report.kind !== "refused") continue;
    const { change, refusal } = report;
    metrics.count("ChangesRefused", 1, change.jail);
    log.warn("no host takes this change", { id: change.target, jail: change.jail, refusal });
  }
  const unknown = new Set(changes.map(({ ban }) => ban.jail).filter((jail) => !deps.ruleset.rules.has(jail)));
  if (unknown.size > 0) {
    const jails = [...unknown];
    log.warn("this ruleset does not know the jails of some bans; a reconcile brings the hosts what they lack", {
      jails,
    });
  }
}

function measure(recorded: readonly RecordedChange[], { metrics, now }: Call): void {
  for (const { change, writtenAt } of recorded) {
    if (change.kind === "lifted") metrics.count("Unbans", 1, change.ban.jail);
    else if (writtenAt !== undefined) metrics.delay("BanToCommand", now() - writtenAt);
  }
}

/** Counting takes bans in any order, so they are counted side by side; the first in the stream that failed is returned. */
async function countAll(recorded: readonly RecordedChange[], deps: ActDeps, call: Call) {
  const { counting, ruleset } = deps;
  const countDeps: CountBansDeps = {
    ...counting,
    ...{ matcher: ruleset.recidive, metrics: call.metrics, known: createKnownBans(), banLogSource: BAN_LOG_SOURCE },
  };
  let failed = recorded.length;
  await sideBySide(recorded, CONCURRENCY, async ({ change }, nth) => {
    const cause = await countOne(change, countDeps, deps, call);
    if (cause === undefined) return;
    call.log.error("a ban is counted when its change comes again", cause.error);
    failed = Math.min(failed, nth);
  });
  return recorded[failed];
}

async function countOne(change: BanChange, countDeps: CountBansDeps, deps: ActDeps, { log }: Call) {
  try {
    const { tripped, failed } = await countBans([change], countDeps);
    await raiseAlarms(tripped, deps, log);
    return failed.length === 0 ? undefined : { error: failed[0]!.cause };
  } catch (error) {
    // Direction: this change again, and those behind it.
    return { error };
  }
}
