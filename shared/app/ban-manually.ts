/**
 * `banip`: a person bans. As in Fail2Ban this asks no ignoreip and takes networks; unlike Fail2Ban it refuses what
 * would cut the host or the fleet off, unless that is forced.
 */
import type { Target } from "../core/address.ts";
import type { Ban } from "../core/ban.ts";
import type { Bantime } from "../core/config/model.ts";
import { bantimeAfter, endOf } from "../core/detect/bantime.ts";
import type { NeverBan, NeverBanReason } from "../core/detect/never-ban.ts";
import { previousBans } from "../core/detect/offence.ts";
import type { JailRules } from "../core/detect/policy.ts";
import type { Bans } from "../ports/bans.ts";
import type { Offenders } from "../ports/offenders.ts";
import type { KnownBans } from "./known-bans.ts";
import { type SettleDeps, settleWindow } from "./settle-window.ts";
import { sideBySide } from "./side-by-side.ts";

export interface BanRequest {
  readonly rules: JailRules;
  readonly ids: readonly Target[];
  /** When it was asked, epoch ms. */
  readonly at: number;
  readonly actor: string;
  /** Instead of the jail's own; ms or for ever. */
  readonly bantime?: Bantime;
  /** Bans own and protected addresses too; loopback and its like no host would take. */
  readonly force?: boolean;
}

export interface BanManuallyDeps extends SettleDeps {
  readonly bans: Bans;
  readonly offenders: Offenders;
  readonly neverBan: NeverBan;
  readonly known: KnownBans;
  readonly chance: (text: string) => number;
  readonly ruleset: string;
  /** Addresses handled at once: hides the latency of a remote table; 1 is right for a local one. */
  readonly concurrency: number;
  /** Hears how many of how many are done. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

export type ManualBan =
  | { readonly kind: "banned"; readonly ban: Ban }
  /** It was banned, and now is for longer. */
  | { readonly kind: "prolonged"; readonly ban: Ban; readonly previous: Ban }
  /** It is banned at least as long already. */
  | { readonly kind: "standing"; readonly ban: Ban }
  | { readonly kind: "refused"; readonly id: Target; readonly reason: NeverBanReason };

/** Windows that are read in one request before their ids are banned. */
const READ_TOGETHER = 100;

/**
 * Bans the ids in one jail, each once; the results are in their order. Throws where the state cannot be read or written:
 * what was banned by then stays, and finds itself standing when the request is made again.
 */
export async function banManually(request: BanRequest, deps: BanManuallyDeps): Promise<readonly ManualBan[]> {
  const ids = [...new Set(request.ids)];
  const jail = request.rules.config.name;
  const results: ManualBan[] = [];
  let done = 0;
  for (let first = 0; first < ids.length; first += READ_TOGETHER) {
    const some = ids.slice(first, first + READ_TOGETHER);
    const windows = await deps.windows.load(some.map((id) => ({ jail, id })));
    await sideBySide(some, deps.concurrency, async (id, nth) => {
      const reason = deps.neverBan.reason(id);
      const insisted = request.force === true && (reason === "own" || reason === "protected");
      const isRefused = reason !== undefined && !insisted;
      results[first + nth] = isRefused
        ? { kind: "refused", id, reason }
        : await banOne(id, windows[nth]!.version > 0, request, deps);
      done += 1;
      deps.progress?.(done, ids.length);
    });
  }
  return results;
}

async function banOne(id: Target, wasSeen: boolean, request: BanRequest, deps: BanManuallyDeps): Promise<ManualBan> {
  const { rules, at, actor } = request;
  const jail = rules.config.name;
  const history = await deps.offenders.history(id);
  const own = history.find((offence) => offence.jail === jail);
  const previous = previousBans(history, jail, rules.bantime.increment?.overalljails ?? false);
  const bantime = request.bantime ?? bantimeAfter(previous, rules.bantime, deps.chance(`${jail} ${id} ${at}`));
  const ban: Ban = {
    id,
    jail,
    since: at,
    expiresAt: endOf(at, bantime),
    generation: Math.max(at, (own?.generation ?? 0) + 1),
    count: previous + 1,
    failures: 0,
    matches: [],
    source: undefined,
    actor,
    ruleset: deps.ruleset,
  };
  let outcome = await deps.bans.put(ban);
  if (outcome.kind === "standing") {
    if (!endsLater(ban, outcome.ban)) return outcome;
    // The same ban goes on: it began when it began, and counts as one.
    const { since, count, failures, matches, source, generation } = outcome.ban;
    outcome = await deps.bans.put({ ...ban, since, count, failures, matches, source }, generation);
    // Renewed by somebody else in between: what stands is at least as new as this request.
    if (outcome.kind === "standing") return outcome;
  }
  await deps.offenders.record(outcome.ban);
  deps.known.remember(outcome.ban, outcome.ban.expiresAt, at);
  // Who never failed has no window to close: failures from before the ban that come late are settled by its history.
  if (wasSeen) await settleWindow(outcome.ban, { until: outcome.ban.expiresAt }, rules.window, deps);
  return outcome.kind === "renewed" && !(outcome.previous.expiresAt !== undefined && outcome.previous.expiresAt <= at)
    ? { kind: "prolonged", ban: outcome.ban, previous: outcome.previous }
    : { kind: "banned", ban: outcome.ban };
}

function endsLater(ban: Ban, than: Ban): boolean {
  const end = (of: Ban) => of.expiresAt ?? Number.POSITIVE_INFINITY;
  return end(ban) > end(than);
}
