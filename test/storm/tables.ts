/** The tables of a storm: what they hold, and the ports on them as one run of a function sees them. */
import type { Target } from "../../shared/core/address.ts";
import type { Ban, BanChange } from "../../shared/core/ban.ts";
import { ARMED, type BreakerState } from "../../shared/core/detect/breaker.ts";
import { type BanKey, keyText } from "../../shared/core/detect/key.ts";
import { noteBan, type Offence, pardonOffence } from "../../shared/core/detect/offence.ts";
import { EMPTY_WINDOW } from "../../shared/core/detect/window.ts";
import type { HostChange } from "../../shared/core/firewall/change.ts";
import type { Bans, PutOutcome } from "../../shared/ports/bans.ts";
import type { Breakers } from "../../shared/ports/breakers.ts";
import type { Control, ControlEntry } from "../../shared/ports/control.ts";
import type { Holds } from "../../shared/ports/holds.ts";
import type { Offenders } from "../../shared/ports/offenders.ts";
import type { Pace } from "../../shared/ports/pace.ts";
import type { Pool } from "../../shared/ports/pool.ts";
import { type JailTotals, NO_TOTALS, type Totals } from "../../shared/ports/totals.ts";
import type { StoredWindow, Windows } from "../../shared/ports/windows.ts";
import type { Life, World } from "./world.ts";

/** A change of the bans table, as its stream tells it. */
export interface Recorded {
  readonly change: BanChange;
  readonly writtenAt: number;
}

export const SHARDS = 3;

/** What is stored; survives everything. */
export class Tables {
  readonly windows = new Map<string, StoredWindow>();
  readonly bans = new Map<string, Ban>();
  readonly offences = new Map<string, Offence>();
  readonly breakers = new Map<string, { readonly state: BreakerState; readonly version: number }>();
  readonly holds = new Map<string, Ban>();
  readonly totals = new Map<string, JailTotals>();
  readonly contributions = new Set<string>();
  readonly control: ControlEntry[] = [];
  readonly slots = new Map<string, number>();
  readonly marks = new Set<string>();
  leader: { readonly who: string; readonly until: number } | undefined;
  readonly deposits = new Map<string, readonly HostChange[]>();
  readonly #readers: (() => void)[] = [];
  readonly stream: readonly Recorded[][] = Array.from({ length: SHARDS }, () => []);

  record(change: BanChange, writtenAt: number): void {
    const shard = [...change.ban.id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % SHARDS;
    this.stream[shard]!.push({ change, writtenAt });
    for (const wake of this.#readers.splice(0)) wake();
  }

  /** Resolves when the stream grows. */
  grown(): Promise<void> {
    return new Promise((resolve) => void this.#readers.push(resolve));
  }

  /** A row goes because it is over, whoever deletes it. */
  expire(ban: Ban, now: number): void {
    this.bans.delete(keyText(ban));
    this.record({ kind: "lifted", ban, reason: "expired" }, now);
  }
}

export interface Ports {
  readonly windows: Windows;
  readonly bans: Bans;
  readonly offenders: Offenders;
  readonly breakers: Breakers;
  readonly holds: Holds;
  readonly totals: Totals;
  readonly control: Control;
  readonly pace: Pace;
  readonly pool: Pool;
}

export function portsOn(tables: Tables, world: World, life: Life): Ports {
  const call = <T>(what: string, effect: () => T) => world.call(life, what, effect);
  return {
    windows: {
      load: (keys) =>
        call("windows.load", () =>
          keys.map((key) => tables.windows.get(keyText(key)) ?? { window: EMPTY_WINDOW, version: 0 }),
        ),
      save: (key, window, version) =>
        call("windows.save", () => {
          const stored = tables.windows.get(keyText(key))?.version ?? 0;
          if (stored !== version) return "conflict";
          tables.windows.set(keyText(key), { window, version: version + 1 });
          return "saved";
        }),
      watched: (jail, after) =>
        call("windows.watched", () => {
          const rows = [...tables.windows].filter(([key]) => key.startsWith(`${jail}#`));
          return rows.filter(([, { window }]) => (window.failures.at(-1)?.at ?? 0) > after).length;
        }),
    },
    bans: {
      put: (ban, replacing) => call("bans.put", () => putBan(tables, world, ban, replacing)),
      lift: (key, at) =>
        call("bans.lift", () => {
          const ban = tables.bans.get(keyText(key));
          if (ban === undefined || ban.generation !== key.generation) return false;
          const over = ban.expiresAt !== undefined && ban.expiresAt <= at;
          tables.bans.delete(keyText(key));
          tables.record({ kind: "lifted", ban, reason: over ? "expired" : "manual" }, world.now);
          return true;
        }),
      ofId: (id) => call("bans.ofId", () => [...tables.bans.values()].filter((ban) => ban.id === id)),
      due: (now, limit) =>
        call("bans.due", () => {
          const due = [...tables.bans.values()].filter(({ expiresAt }) => expiresAt !== undefined && expiresAt <= now);
          return due.sort((a, b) => a.expiresAt! - b.expiresAt!).slice(0, limit);
        }),
      async *inJail(jail) {
        yield* await call("bans.inJail", () => [...tables.bans.values()].filter((ban) => ban.jail === jail));
      },
    },
    offenders: {
      history: (id: Target) =>
        call("offenders.history", () => [...tables.offences.values()].filter((offence) => offence.id === id)),
      record: (ban) =>
        call("offenders.record", () => {
          tables.offences.set(keyText(ban), noteBan(tables.offences.get(keyText(ban)), ban));
        }),
      pardon: (key, at) =>
        call("offenders.pardon", () => {
          const offence = tables.offences.get(keyText(key));
          if (offence !== undefined) tables.offences.set(keyText(key), pardonOffence(offence, at));
        }),
    },
    breakers: {
      load: (jail) => call("breakers.load", () => tables.breakers.get(jail) ?? { state: ARMED, version: 0 }),
      save: (jail, state, version) =>
        call("breakers.save", () => {
          if ((tables.breakers.get(jail)?.version ?? 0) !== version) return "conflict";
          tables.breakers.set(jail, { state, version: version + 1 });
          return "saved";
        }),
    },
    holds: {
      hold: (ban) => call("holds.hold", () => void tables.holds.set(keyText(ban), ban)),
      async *inJail(jail) {
        yield* await call("holds.inJail", () => [...tables.holds.values()].filter((ban) => ban.jail === jail));
      },
      drop: (key: BanKey) => call("holds.drop", () => tables.holds.delete(keyText(key))),
    },
    totals: {
      add: (name, by) =>
        call("totals.add", () => {
          if (tables.contributions.has(name)) return;
          tables.contributions.add(name);
          for (const [jail, more] of by) {
            const sum = tables.totals.get(jail) ?? NO_TOTALS;
            tables.totals.set(jail, {
              failed: sum.failed + more.failed,
              banned: sum.banned + more.banned,
              ignored: sum.ignored + more.ignored,
            });
          }
        }),
      read: () => call("totals.read", () => new Map(tables.totals)),
    },
    control: {
      entries: () => call("control.entries", () => [...tables.control]),
      put: (entry) => call("control.put", () => void tables.control.push(entry)),
      remove: () => call("control.remove", () => false),
    },
    pace: {
      reserve: (what, gap, now, longest = Number.POSITIVE_INFINITY) =>
        call("pace.reserve", () => {
          const slot = Math.max(now, tables.slots.get(what) ?? 0);
          if (slot - now <= longest) tables.slots.set(what, slot + gap);
          return slot - now;
        }),
    },
    pool: {
      lead: (who, now, until) =>
        call("pool.lead", () => {
          const { leader } = tables;
          if (leader !== undefined && leader.who !== who && leader.until > now) return false;
          tables.leader = { who, until };
          return true;
        }),
      begin: (who) =>
        call("pool.begin", () => {
          if (tables.leader?.who !== who) return false;
          tables.leader = undefined;
          return true;
        }),
      deposit: ({ who, changes }) => call("pool.deposit", () => void tables.deposits.set(who, changes)),
      deposits: () => call("pool.deposits", () => [...tables.deposits].map(([who, changes]) => ({ who, changes }))),
      remove: (whose) =>
        call("pool.remove", () => {
          for (const who of whose) tables.deposits.delete(who);
        }),
    },
  };
}

function putBan(tables: Tables, world: World, ban: Ban, replacing: number | undefined): PutOutcome {
  const previous = tables.bans.get(keyText(ban));
  if (previous === undefined) {
    tables.bans.set(keyText(ban), ban);
    tables.record({ kind: "banned", ban }, world.now);
    return { kind: "created", ban };
  }
  const over = previous.expiresAt !== undefined && previous.expiresAt <= ban.since;
  if (!over && previous.generation !== replacing) return { kind: "standing", ban: previous };
  const renewed = { ...ban, generation: Math.max(ban.generation, previous.generation + 1) };
  tables.bans.set(keyText(ban), renewed);
  tables.record({ kind: "renewed", ban: renewed, previous }, world.now);
  return { kind: "renewed", ban: renewed, previous };
}
