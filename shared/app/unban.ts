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
}

export interface Unbanned {
  readonly lifted: readonly Ban[];
  /** Ids asked for that the jail did not ban. */
  readonly absent: readonly Target[];
}

/** Lifts bans in one jail. */
export async function unban(request: UnbanRequest, deps: UnbanDeps): Promise<Unbanned> {
  const { ids } = request;
  const jail = request.rules.config.name;
  const lifted: Ban[] = [];
  const chosen = ids === "all" ? await inNetworks(jail, undefined, deps) : await matching(jail, ids, deps);
  for (const ban of chosen) {
    await deps.bans.lift(ban, request.at);
    const again = await pardon(ban, request, deps);
    // What was over but not yet swept is gone too, but nobody was unbanned by it.
    if (stands(ban, request.at)) lifted.push(ban);
    else lifted.push(...again);
  }
  if (ids === "all") return { lifted, absent: [] };
  for (const id of ids.filter((id) => !lifted.some((ban) => contains(id, ban.id)))) {
    lifted.push(...(await pardon({ jail, id }, request, deps)));
  }
  return { lifted, absent: ids.filter((id) => !lifted.some((ban) => contains(id, ban.id))) };
}

/** Single addresses are looked up; only networks need the whole jail. */
async function matching(jail: string, ids: readonly Target[], deps: UnbanDeps): Promise<readonly Ban[]> {
  const networks = ids.filter((id) => id.includes("/"));
  const found = networks.length > 0 ? [...(await inNetworks(jail, networks, deps))] : [];
  for (const id of ids.filter((id) => !id.includes("/"))) {
    const bans = await deps.bans.ofId(id);
    found.push(...bans.filter((ban) => ban.jail === jail && !found.some((other) => other.id === ban.id)));
  }
  return found;
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
  for (const ban of left) await deps.bans.lift(ban, request.at);
  if (left.length > 0) await deps.offenders.pardon(key, request.at);
  return left;
}
