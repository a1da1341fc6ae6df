/**
 * The figures of `status`, `banned` and `get JAIL banip`: "Currently …" is counted from the rows, "Total …" comes from
 * counters that a redelivery cannot raise.
 */
import type { Target } from "../core/address.ts";
import type { Ban } from "../core/ban.ts";
import type { JailRules } from "../core/detect/policy.ts";
import type { BannedIn } from "../core/report/banned-list.ts";
import type { JailFigures } from "../core/report/jail-figures.ts";
import type { Bans } from "../ports/bans.ts";
import { NO_TOTALS, type Totals } from "../ports/totals.ts";
import type { Windows } from "../ports/windows.ts";

export interface StatusDeps {
  readonly windows: Windows;
  readonly bans: Bans;
  readonly totals: Totals;
  /** Searches that a jail's regexes gave up, where somebody counts them. */
  readonly exceeded?: (jail: string) => number;
}

/** The figures of one jail at `now` (epoch ms); `files` = the log files it reads. */
export async function showJail(
  rules: JailRules,
  files: readonly string[],
  now: number,
  deps: StatusDeps,
): Promise<JailFigures> {
  const { name } = rules.config;
  const totals = (await deps.totals.read()).get(name) ?? NO_TOTALS;
  const exceeded = deps.exceeded?.(name) ?? 0;
  const banned = (await bansOf(name, now, deps)).map((ban) => ban.id);
  return {
    name,
    filter: {
      currentlyFailed: await deps.windows.watched(name, now - rules.window.findtime),
      totalFailed: totals.failed,
      files,
      ...(exceeded > 0 ? { exceeded } : {}),
    },
    actions: { currentlyBanned: banned.length, totalBanned: totals.banned, banned },
  };
}

/** The bans of a jail that stand at `now` (epoch ms), in the order in which they began; of a table of held bans, those. */
export async function bansOf(
  jail: string,
  now: number,
  { bans }: { readonly bans: Pick<Bans, "inJail"> },
): Promise<readonly Ban[]> {
  const standing: Ban[] = [];
  for await (const ban of bans.inJail(jail)) if (stands(ban, now)) standing.push(ban);
  return standing.sort((a, b) => a.since - b.since || a.generation - b.generation);
}

/** `banned`: who is banned where at `now` (epoch ms), in the order of the jails given. */
export async function showBanned(
  jails: readonly string[],
  now: number,
  deps: { readonly bans: Bans },
): Promise<readonly BannedIn[]> {
  const all: BannedIn[] = [];
  for (const jail of jails) all.push({ jail, ids: (await bansOf(jail, now, deps)).map((ban) => ban.id) });
  return all;
}

/** `banned IP…`: the jails that ban each id at `now` (epoch ms). */
export async function showBannedWhere(
  ids: readonly Target[],
  now: number,
  { bans }: { readonly bans: Bans },
): Promise<readonly (readonly string[])[]> {
  return Promise.all(
    ids.map(async (id) => (await bans.ofId(id)).filter((ban) => stands(ban, now)).map((ban) => ban.jail)),
  );
}

/** Rows outlive their ban until the sweep comes: every reader asks this. */
export function stands(ban: Ban, now: number): boolean {
  return ban.expiresAt === undefined || ban.expiresAt > now;
}
