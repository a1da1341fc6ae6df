/**
 * `unbanip` and `unban`: a person lifts bans. As in Fail2Ban, a network frees the banned ids inside it, and what was
 * counted against the id is forgotten: its failures so far, and its history for bantime.increment, banned or not.
 */
import { contains, type Target } from "../core/address.ts";
import type { Ban } from "../core/ban.ts";
import type { BanKey } from "../core/detect/key.ts";
import type { JailRules } from "../core/detect/policy.ts";
import type { Bans } from "../ports/bans.ts";
import type { Holds } from "../ports/holds.ts";
import type { Offenders } from "../ports/offenders.ts";
import type { KnownBans } from "./known-bans.ts";
import { type SettleDeps, settleWindow } from "./settle-window.ts";
import { stands } from "./show-status.ts";
import { sideBySide } from "./side-by-side.ts";

export interface UnbanRequest {
  readonly rules: JailRules;
  readonly ids: readonly Target[] | "all";
  /** When it was asked, epoch ms; failures before it are pardoned. */
  readonly at: number;
  /** The id may not be banned by this jail for so long, ms. */
  readonly immune?: number;
}

export interface UnbanDeps extends SettleDeps {
  readonly bans: Bans;
  readonly offenders: Offenders;
  readonly holds: Holds;
  readonly known: KnownBans;
  /** Bans handled at once: hides the latency of a remote table; 1 is right for a local one. */
  readonly concurrency: number;
  /** Hears how many of how many are done. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

export interface Unbanned {
  readonly lifted: readonly Ban[];
  /** Ids asked for that the jail did not ban. */
  readonly absent: readonly Target[];
}

/**
 * Lifts bans in one jail. Throws where the state cannot be read or written: what was lifted by then stays lifted, and
 * the request may be made again.
 */
export async function unban(request: UnbanRequest, deps: UnbanDeps): Promise<Unbanned> {
  const { at } = request;
  const jail = request.rules.config.name;
  const ids = request.ids === "all" ? "all" : [...new Set(request.ids)];
  const chosen = ids === "all" ? await inNetworks(jail, undefined, deps) : await matching(jail, ids, deps);
  const liftedAt: (readonly Ban[])[] = [];
  let done = 0;
  await sideBySide(chosen, deps.concurrency, async (ban, nth) => {
    await lift(ban, at, deps);
    const again = await pardon(ban, request, deps);
    // What was over but not yet swept is gone too, but nobody was unbanned by it.
    liftedAt[nth] = stands(ban, at) ? [ban] : again;
    done += 1;
    deps.progress?.(done, chosen.length);
  });
  const lifted = liftedAt.flat();
  if (ids === "all") return { lifted, absent: [] };
  const isLifted = coverage(lifted);
  const others = ids.filter((id) => !isLifted(id));
  const pardoned: (readonly Ban[])[] = [];
  await sideBySide(others, deps.concurrency, async (id, nth) => {
    pardoned[nth] = await pardon({ jail, id }, request, deps);
  });
  const found = coverage(pardoned.flat());
  return { lifted: [...lifted, ...pardoned.flat()], absent: others.filter((id) => !found(id)) };
}

/** Whether an address, or anything in a network, is among the bans. */
function coverage(bans: readonly Ban[]): (id: Target) => boolean {
  const banned = new Set<Target>(bans.map(({ id }) => id));
  return (id) => banned.has(id) || (id.includes("/") && bans.some((ban) => contains(id, ban.id)));
}

/** Single addresses are looked up; only networks need the whole jail. */
async function matching(jail: string, ids: readonly Target[], deps: UnbanDeps): Promise<readonly Ban[]> {
  const networks = ids.filter((id) => id.includes("/"));
  const inside = networks.length > 0 ? await inNetworks(jail, networks, deps) : [];
  const known = new Set<Target>(inside.map(({ id }) => id));
  const single = ids.filter((id) => !id.includes("/") && !known.has(id));
  const found: (readonly Ban[])[] = [];
  await sideBySide(single, deps.concurrency, async (id, nth) => {
    found[nth] = (await deps.bans.ofId(id)).filter((ban) => ban.jail === jail);
  });
  return [...inside, ...found.flat()];
}

async function inNetworks(
  jail: string,
  networks: readonly Target[] | undefined,
  deps: UnbanDeps,
): Promise<readonly Ban[]> {
  const bans: Ban[] = [];
  for await (const ban of deps.bans.inJail(jail)) {
    if (networks === undefined || networks.some((network) => contains(network, ban.id))) bans.push(ban);
  }
  return bans;
}

/**
 * Whoever banned may have died before the ban was noted, or be about to note it. It is noted before its row goes: then
 * there is a history to pardon, and the same failures, delivered again, make no second ban of the same generation. Hosts
 * would take that one's commands for those of the ban that was lifted.
 */
async function lift(ban: Ban, at: number, { offenders, bans }: UnbanDeps): Promise<void> {
  await offenders.record(ban);
  await bans.lift(ban, at);
}

/**
 * The row goes first: while it is going, the window still settles what comes in. Returns what was lifted after all: a ban
 * that was prolonged since it was read, or that a batch made meanwhile of failures from before.
 */
async function pardon(key: BanKey, request: UnbanRequest, deps: UnbanDeps): Promise<readonly Ban[]> {
  await deps.holds.drop(key);
  await deps.offenders.pardon(key, request.at);
  await settleWindow(key, { until: request.at + (request.immune ?? 0) }, request.rules.window, deps);
  deps.known.forget(key);
  const rows = await deps.bans.ofId(key.id);
  const left = rows.filter((ban) => ban.jail === key.jail && ban.since < request.at && stands(ban, request.at));
  for (const ban of left) await lift(ban, request.at, deps);
  if (left.length > 0) await deps.offenders.pardon(key, request.at);
  return left;
}
