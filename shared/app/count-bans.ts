/**
 * Bans that began are counted: into "Total banned", and as failures of the recidive jails, which read our own ban log.
 */
import type { BanChange } from "../core/ban.ts";
import { type BanLogSource, banLogEvents, beginsBan } from "../core/ban-log.ts";
import { keyText } from "../core/detect/key.ts";
import { NO_TOTALS } from "../ports/totals.ts";
import { type IngestDeps, type IngestReport, ingestEvents } from "./ingest-events.ts";

export interface CountBansDeps extends IngestDeps {
  readonly banLogSource: BanLogSource;
}

/**
 * Counts each ban once, however often its change comes. A recidive jail may ban in turn: those are changes of their own,
 * and come here like any other.
 */
export async function countBans(changes: readonly BanChange[], deps: CountBansDeps): Promise<IngestReport> {
  for (const { ban } of changes.filter(beginsBan)) {
    await deps.totals.add(`ban ${keyText(ban)} ${ban.generation}`, new Map([[ban.jail, { ...NO_TOTALS, banned: 1 }]]));
  }
  return ingestEvents(banLogEvents(changes, deps.banLogSource), deps);
}
