/** The tables of a storm: what they hold, the stream of the bans, and what TTL takes away, sooner or later. */
import type { Ban, BanChange } from "../../shared/core/ban.ts";
import type { BreakerState } from "../../shared/core/detect/breaker.ts";
import { type BanKey, keyText } from "../../shared/core/detect/key.ts";
import type { Offence } from "../../shared/core/detect/offence.ts";
import type { OpenCommand } from "../../shared/ports/commands.ts";
import type { ControlEntry } from "../../shared/ports/control.ts";
import type { Edition } from "../../shared/ports/editions.ts";
import type { HostRecord } from "../../shared/ports/hosts.ts";
import type { Deposit } from "../../shared/ports/pool.ts";
import type { JailTotals } from "../../shared/ports/totals.ts";
import type { StoredWindow } from "../../shared/ports/windows.ts";
import type { World } from "./world.ts";

/** A change of the bans table, as its stream tells it. */
export interface Recorded {
  readonly change: BanChange;
  readonly writtenAt: number;
}

export const SHARDS = 3;

/** What is stored; survives everything. */
export class Tables {
  readonly windows = new Map<string, StoredWindow & { readonly forgetAt: number | undefined }>();
  readonly bans = new Map<string, Ban>();
  readonly offences = new Map<string, Offence>();
  readonly breakers = new Map<string, { readonly state: BreakerState; readonly version: number }>();
  readonly holds = new Map<string, Ban>();
  readonly totals = new Map<string, JailTotals>();
  readonly contributions = new Set<string>();
  readonly control = new Map<string, ControlEntry>();
  readonly slots = new Map<string, number>();
  readonly marks = new Set<string>();
  readonly records = new Map<string, HostRecord>();
  readonly commands = new Map<string, OpenCommand>();
  edition: Edition | undefined;
  /** How often the edition changed; for the judge. */
  editions = 0;
  leader: { readonly who: string; readonly until: number } | undefined;
  readonly deposits = new Map<string, Deposit & { readonly at: number }>();
  readonly stream: readonly Recorded[][] = Array.from({ length: SHARDS }, () => []);
  /** Held bans that were dropped, and when; for the judge. */
  readonly dropped: { readonly key: string; readonly at: number }[] = [];
  readonly #world: World;
  #readers: (() => void)[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  record(change: BanChange): void {
    const shard = [...change.ban.id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % SHARDS;
    this.stream[shard]!.push({ change, writtenAt: this.#world.now });
    const readers = this.#readers;
    this.#readers = [];
    for (const resume of readers) this.#world.wake(resume);
  }

  /** Resolves when the stream grows. */
  grown(): Promise<void> {
    return new Promise((resolve) => void this.#readers.push(resolve));
  }

  drop(key: BanKey): boolean {
    this.dropped.push({ key: keyText(key), at: this.#world.now });
    return this.holds.delete(keyText(key));
  }

  /** TTL takes away a share of what it may: rows of bans that are over, and windows that nothing can meet any more. */
  forget(share: number): void {
    const world = this.#world;
    for (const [key, ban] of this.bans) {
      if (ban.expiresAt === undefined || ban.expiresAt > world.now || !world.chance(share)) continue;
      this.bans.delete(key);
      this.record({ kind: "lifted", ban, reason: "expired" });
    }
    for (const [key, { forgetAt }] of this.windows) {
      if (forgetAt !== undefined && forgetAt <= world.now && world.chance(share)) this.windows.delete(key);
    }
  }
}
