/**
 * What a host knows of the bans, as values: the rules by which the host script merges what it is sent.
 *
 * It serves where there is no host (a dry run), says which digest a host's receipt must carry, and is what the script is
 * tested against. Times are epoch ms, but a host's expiry counts whole seconds.
 */
import type { Target } from "../address.ts";
import type { HostBan, HostChange } from "./change.ts";
import { expirySeconds, hostKey } from "./encode.ts";

export interface Known {
  readonly kind: "ban" | "unban";
  readonly jail: string;
  readonly target: Target;
  readonly generation: number;
  /** Epoch seconds, rounded up; 0 = permanent, or an unban. */
  readonly expiry: number;
  /** When this host learnt it, epoch ms. */
  readonly learntAt: number;
}

/** By hostKey. */
export type Ledger = ReadonlyMap<string, Known>;

/** What ended is kept this long (ms), longer than any older command may be on its way. */
const MEMORY = 86_400_000;

/** Of one jail and target the newest generation counts; of one generation the unban, then the longer ban. */
export function learn(ledger: Ledger, changes: readonly HostChange[], now: number): Ledger {
  const next = new Map(ledger);
  for (const change of changes) put(next, change, now, () => false);
  return forget(next, now);
}

/** Takes the full list of bans: what it does not hold ends, but for what was learnt at or after `asOf`, where given. */
export function takeFullList(ledger: Ledger, bans: readonly HostBan[], now: number, asOf?: number): Ledger {
  const next = new Map(ledger);
  const listed = new Set<string>();
  const replaceable = (known: Known) => asOf === undefined || seconds(known.learntAt) < seconds(asOf);
  for (const ban of bans) {
    const key = hostKey(ban.jail, ban.target);
    put(next, ban, now, (known) => !listed.has(key) && replaceable(known));
    listed.add(key);
  }
  for (const [key, known] of ledger) if (!listed.has(key) && replaceable(known)) next.delete(key);
  return forget(next, now);
}

/** The bans that stand at `now`. */
export function standing(ledger: Ledger, now: number): readonly Known[] {
  return [...ledger.values()].filter((known) => known.kind === "ban" && lasts(known.expiry, now));
}

function put(ledger: Map<string, Known>, change: HostChange, now: number, replaces: (known: Known) => boolean): void {
  const { kind, jail, target, generation } = change;
  const key = hostKey(jail, target);
  const expiry = kind === "ban" ? expirySeconds(change.expiresAt) : 0;
  const known = ledger.get(key);
  if (known !== undefined) {
    if (known.generation === generation && known.kind === kind && known.expiry === expiry) return;
    if (!replaces(known) && !supersedes({ kind, generation, expiry }, known)) return;
  }
  ledger.set(key, { kind, jail, target, generation, expiry, learntAt: now });
}

type Rank = Pick<Known, "kind" | "generation" | "expiry">;

function supersedes(next: Rank, known: Rank): boolean {
  if (next.generation !== known.generation) return next.generation > known.generation;
  if (known.kind === "unban") return false;
  return next.kind === "unban" || (known.expiry !== 0 && (next.expiry === 0 || next.expiry > known.expiry));
}

function forget(ledger: Map<string, Known>, now: number): Ledger {
  for (const [key, known] of ledger) {
    if (known.kind === "ban" && lasts(known.expiry, now)) continue;
    if (Math.max(known.learntAt, known.expiry * 1000) + MEMORY < now) ledger.delete(key);
  }
  return ledger;
}

function lasts(expiry: number, now: number): boolean {
  return expiry === 0 || expiry > seconds(now);
}

function seconds(time: number): number {
  return Math.floor(time / 1000);
}
