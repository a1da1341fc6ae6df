/**
 * Log lines in, bans out: match, resolve host names, leave the allowed alone, count by (jail, id), ban.
 *
 * Safe to repeat with the same events, in part or in other batches: failures count by identity, rows change by
 * condition. A group that failed is named in the report; the caller has the batch delivered again.
 */
import { createHash } from "node:crypto";
import type { BanKey } from "../core/detect/key.ts";
import type { JailRules } from "../core/detect/policy.ts";
import type { Failure, LogEvent, Matcher, MatchReport } from "../core/filter/event.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { JailTotals, Totals } from "../ports/totals.ts";
import { NO_TOTALS } from "../ports/totals.ts";
import type { OpenAllowlist, Spared } from "./check-allowlist.ts";
import { type CountDeps, countFailures } from "./count-failures.ts";
import { type Group, groupFailures, receiptTimes } from "./group-failures.ts";
import { nameSuspects } from "./name-suspects.ts";
import type { Tripped, Verdict } from "./place-ban.ts";
import type { CachedResolver } from "./resolve-names.ts";
import { type ResumeDeps, resumeThreads } from "./resume-threads.ts";
import { sideBySide } from "./side-by-side.ts";

export interface IngestDeps extends CountDeps, ResumeDeps {
  readonly matcher: Matcher;
  /** The rules of every jail, by name. */
  readonly rules: ReadonlyMap<string, JailRules>;
  readonly allowlist: OpenAllowlist;
  readonly resolver: CachedResolver;
  readonly totals: Totals;
  readonly metrics: Metrics;
  /** Groups handled at once: hides the latency of a remote table; 1 is right for a local one. */
  readonly concurrency: number;
  /**
   * Where each write costs: a batch in which only ids known to be banned fail leaves the totals alone, so "Total failed"
   * may lack failures of who is banned already.
   */
  readonly frugal?: boolean;
}

/** A failure that counts, as the "Found" line of the ban log says it. */
export interface Found extends BanKey {
  readonly at: number;
  readonly stream: string;
}

export interface IngestReport {
  readonly match: MatchReport;
  readonly found: readonly Found[];
  /** What was left alone, and why. */
  readonly spared: readonly (Found & { readonly reason: Spared })[];
  /** Host names in the log for which DNS gave no address. */
  readonly unresolved: readonly string[];
  /** Host names in the log for which DNS was not asked, as the batch has too many. */
  readonly unasked: readonly string[];
  readonly verdicts: readonly Verdict[];
  /** Jails that a breaker stopped, and nobody was told as far as this batch knows: claim them (claim-trips.ts), and tell. */
  readonly tripped: readonly Tripped[];
  /** Groups that must come again; empty = the batch is done. */
  readonly failed: readonly { readonly key: BanKey; readonly cause: unknown }[];
}

/**
 * Takes one batch of events; throws only where nothing of it can be decided (control rows unreadable). The bans do not
 * depend on how events are cut into batches; the totals know a batch by its events, so let a batch be what the source
 * would deliver again as one.
 */
export async function ingestEvents(events: readonly LogEvent[], deps: IngestDeps): Promise<IngestReport> {
  let judged: Judged = NOTHING;
  const match = await resumeThreads(deps.matcher.match(events), deps, async (failures, round) => {
    const own = new Set(failures.map(({ identity }) => identity));
    // The totals know a round by its events, so a later one must not look like the first.
    const next = await judge(round === 0 ? events : events.filter(({ id }) => own.has(id)), failures, deps);
    judged = both(judged, next);
    return next.failed.length === 0;
  });
  for (const [jail, { exceeded }] of match.tallies) {
    if (exceeded > 0) deps.metrics.count("BudgetsExceeded", exceeded, jail);
  }
  return { match, ...judged };
}

type Judged = Omit<IngestReport, "match">;

const NOTHING: Judged = { found: [], spared: [], unresolved: [], unasked: [], verdicts: [], tripped: [], failed: [] };

function both(left: Judged, right: Judged): Judged {
  return {
    found: [...left.found, ...right.found],
    spared: [...left.spared, ...right.spared],
    unresolved: [...left.unresolved, ...right.unresolved],
    unasked: [...left.unasked, ...right.unasked],
    verdicts: [...left.verdicts, ...right.verdicts],
    tripped: [...left.tripped, ...right.tripped],
    failed: [...left.failed, ...right.failed],
  };
}

async function judge(events: readonly LogEvent[], failures: readonly Failure[], deps: IngestDeps): Promise<Judged> {
  if (failures.length === 0) return NOTHING;
  const receivedAt = receiptTimes(events, failures);
  const now = [...receivedAt.values()].reduce((latest, at) => Math.max(latest, at), 0);
  const allowlist = await deps.allowlist(now);
  const awake = failures.filter((failure) => deps.rules.has(failure.jail) && !allowlist.isIdle(failure.jail));
  const { named, unresolved, unasked } = await nameSuspects(awake, deps.resolver, now);
  const groups = groupFailures(named, receivedAt);
  const report = { found: [] as Found[], spared: [] as (Found & { reason: Spared })[], unresolved, unasked };
  const failed: { key: BanKey; cause: unknown }[] = [];
  const open: Group[] = [];
  await sideBySide([...groups.values()], deps.concurrency, async (group) => {
    try {
      const reason = await allowlist.spares(deps.rules.get(group.key.jail)!, group.key.id);
      const found = group.failures.map(({ at, stream }) => ({ ...group.key, at, stream }));
      if (reason !== undefined) report.spared.push(...found.map((failure) => ({ ...failure, reason })));
      else {
        report.found.push(...found);
        const until = deps.known.until(group.key, now) ?? Number.NEGATIVE_INFINITY;
        const failures = group.failures.filter((failure) => failure.at >= until);
        if (failures.length > 0) open.push({ ...group, failures });
      }
    } catch (cause) {
      // Direction: this group comes again, the others go on.
      failed.push({ key: group.key, cause });
    }
  });
  const counted = await countGroups(open, failed, deps);
  const settled = open.length + report.spared.length + failed.length === 0;
  await addTotals(events, report, settled && deps.frugal === true ? undefined : deps.totals, deps.metrics);
  return { ...report, ...counted, failed };
}

async function countGroups(groups: readonly Group[], failed: { key: BanKey; cause: unknown }[], deps: IngestDeps) {
  const verdicts: Verdict[] = [];
  const tripped = new Map<string, Tripped>();
  const windows = groups.length === 0 ? [] : await deps.windows.load(groups.map((group) => group.key));
  await sideBySide([...groups.entries()], deps.concurrency, async ([index, { key, failures }]) => {
    try {
      const count = await countFailures(key, failures, windows[index]!, deps.rules.get(key.jail)!, deps);
      verdicts.push(...count.verdicts);
      for (const trip of count.tripped) tripped.set(trip.jail, trip);
      if (count.conflicts > 0) deps.metrics.count("WindowConflicts", count.conflicts, key.jail);
    } catch (cause) {
      // Direction: this group comes again, the others go on.
      failed.push({ key, cause });
    }
  });
  const metric = {
    banned: "BansDecided",
    standing: undefined,
    over: "BansOver",
    held: "BansHeld",
    settled: undefined,
  } as const;
  for (const verdict of verdicts) {
    const name = metric[verdict.kind];
    if (name !== undefined && verdict.kind !== "settled") deps.metrics.count(name, 1, verdict.ban.jail);
  }
  return { verdicts, tripped: [...tripped.values()] };
}

/** The batch's name is made of its events, so the same batch delivered again adds nothing. */
async function addTotals(
  events: readonly LogEvent[],
  report: { readonly found: readonly Found[]; readonly spared: readonly Found[] },
  totals: Totals | undefined,
  metrics: Metrics,
): Promise<void> {
  const byJail = new Map<string, JailTotals>();
  const add = (jail: string, by: Partial<JailTotals>) => {
    const sum = byJail.get(jail) ?? NO_TOTALS;
    byJail.set(jail, { ...sum, failed: sum.failed + (by.failed ?? 0), ignored: sum.ignored + (by.ignored ?? 0) });
  };
  for (const { jail } of report.found) add(jail, { failed: 1 });
  for (const { jail } of report.spared) add(jail, { ignored: 1 });
  if (byJail.size > 0) await totals?.add(nameOf(events), byJail);
  for (const [jail, { failed, ignored }] of byJail) {
    if (failed > 0) metrics.count("FailuresCounted", failed, jail);
    if (ignored > 0) metrics.count("FailuresIgnored", ignored, jail);
  }
}

function nameOf(events: readonly LogEvent[]): string {
  const ids = events.map(({ id }) => `${id}\n`).join("");
  return `batch ${createHash("sha256").update(ids).digest("base64url").slice(0, 22)}`;
}
