/**
 * Bans that began are counted: into "Total banned", as failures of the recidive jails, which read our own ban log, and
 * into the history of the id, which whoever banned may have died too early to note.
 */
import type { BanChange } from "../core/ban.ts";
import { type BanLogSource, banLogEvents, beginsBan } from "../core/ban-log.ts";
import { keyText } from "../core/detect/key.ts";
import { NO_TOTALS } from "../ports/totals.ts";
import { type IngestDeps, type IngestReport, ingestEvents } from "./ingest-events.ts";

export interface CountBansDeps extends IngestDeps {
  readonly banLogSource: BanLogSource;
}

/** What the recidive jails made of the bans. */
export type CountedBans = Pick<IngestReport, "found" | "verdicts" | "tripped" | "failed">;

/**
 * Counts each ban once, however often and with whatever others its change comes. A recidive jail may ban in turn: those
 * are changes of their own, and come here like any other.
 */
export async function countBans(changes: readonly BanChange[], deps: CountBansDeps): Promise<CountedBans> {
  const reports: IngestReport[] = [];
  for (const change of changes.filter(beginsBan)) {
    const { ban } = change;
    // Mostly whoever banned has noted it: to look costs less than a write that is refused.
    const history = await deps.offenders.history(ban.id);
    const noted = history.some(({ jail, generation }) => jail === ban.jail && generation >= ban.generation);
    if (!noted) await deps.offenders.record(ban);
    await deps.totals.add(`ban ${keyText(ban)} ${ban.generation}`, new Map([[ban.jail, { ...NO_TOTALS, banned: 1 }]]));
    // One at a time: the totals know a batch by its events.
    reports.push(await ingestEvents(banLogEvents([change], deps.banLogSource), deps));
  }
  return {
    found: reports.flatMap((report) => report.found),
    verdicts: reports.flatMap((report) => report.verdicts),
    tripped: reports.flatMap((report) => report.tripped),
    failed: reports.flatMap((report) => report.failed),
  };
}
