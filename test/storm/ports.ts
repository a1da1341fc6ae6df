/** The ports on a storm's tables, as one process sees them: each call takes time, and what the weather brings. */
import type { Target } from "../../shared/core/address.ts";
import type { Ban } from "../../shared/core/ban.ts";
import { ARMED } from "../../shared/core/detect/breaker.ts";
import { keyText } from "../../shared/core/detect/key.ts";
import { noteBan, pardonOffence } from "../../shared/core/detect/offence.ts";
import { EMPTY_WINDOW } from "../../shared/core/detect/window.ts";
import type { Bans, PutOutcome } from "../../shared/ports/bans.ts";
import type { Breakers } from "../../shared/ports/breakers.ts";
import type { Commands } from "../../shared/ports/commands.ts";
import type { Control, ControlSetting } from "../../shared/ports/control.ts";
import type { Editions } from "../../shared/ports/editions.ts";
import type { Holds } from "../../shared/ports/holds.ts";
import type { Hosts } from "../../shared/ports/hosts.ts";
import type { Marks } from "../../shared/ports/marks.ts";
import type { Offenders } from "../../shared/ports/offenders.ts";
import type { Pace } from "../../shared/ports/pace.ts";
import type { Pool } from "../../shared/ports/pool.ts";
import { NO_TOTALS, type Totals } from "../../shared/ports/totals.ts";
import type { Windows } from "../../shared/ports/windows.ts";
import type { Tables } from "./tables.ts";
import type { World } from "./world.ts";

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
  readonly marks: Marks;
  readonly hosts: Hosts;
  readonly commands: Commands;
  readonly editions: Editions;
}

/** A call of a port by whoever has the ports: `world.call` with that process's life. */
export type Call = <T>(what: string, effect: () => T) => Promise<T>;

/** A deposit counts for so long, ms. */
const DEPOSIT_LIFE = 3_600_000;

export function portsOn(tables: Tables, world: World, call: Call): Ports {
  return {
    ...banPorts(tables, call),
    windows: {
      load: (keys) =>
        call("windows.load", () =>
          keys.map((key) => tables.windows.get(keyText(key)) ?? { window: EMPTY_WINDOW, version: 0 }),
        ),
      save: (key, window, version, forgetAt) =>
        call("windows.save", () => {
          const stored = tables.windows.get(keyText(key))?.version ?? 0;
          if (stored !== version) return "conflict";
          // As the real table does it: a row that was forgotten and is made anew is another one.
          const next = version === 0 ? world.now : version + 1;
          tables.windows.set(keyText(key), { window, version: next, forgetAt });
          return "saved";
        }),
      watched: () => call("windows.watched", () => 0),
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
      entries: () => call("control.entries", () => [...tables.control.values()]),
      put: (entry) => call("control.put", () => void tables.control.set(settingKey(entry), entry)),
      remove: (setting) => call("control.remove", () => tables.control.delete(settingKey(setting))),
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
      deposit: (deposit, at) => call("pool.deposit", () => void tables.deposits.set(deposit.who, { ...deposit, at })),
      deposits: () =>
        call("pool.deposits", () => [...tables.deposits.values()].filter(({ at }) => at + DEPOSIT_LIFE > world.now)),
      remove: (whose) =>
        call("pool.remove", () => {
          for (const who of whose) tables.deposits.delete(who);
        }),
    },
    marks: {
      noted: (names) => call("marks.noted", () => new Set(names.filter((name) => tables.marks.has(name)))),
      // Between a mail and its mark nothing can be made sure: docs/limits.md has what a person may get twice.
      note: async (name) => void tables.marks.add(name),
    },
    hosts: {
      note: (record) =>
        call("hosts.note", () => {
          if ((tables.records.get(record.host)?.at ?? -1) < record.at) tables.records.set(record.host, record);
        }),
      all: () => call("hosts.all", () => [...tables.records.values()]),
      forget: (host) => call("hosts.forget", () => void tables.records.delete(host)),
    },
    commands: {
      open: (command) => call("commands.open", () => void tables.commands.set(command.id, command)),
      opened: () => call("commands.opened", () => [...tables.commands.values()].sort((a, b) => a.sentAt - b.sentAt)),
      close: (id) => call("commands.close", () => void tables.commands.delete(id)),
    },
    editions: {
      current: () => call("editions.current", () => tables.edition),
      replace: (edition, replacing) =>
        call("editions.replace", () => {
          if (tables.edition?.revision !== replacing) return "conflict";
          tables.edition = edition;
          tables.editions += 1;
          return "saved";
        }),
    },
  };
}

function banPorts(tables: Tables, call: Call): Pick<Ports, "bans" | "offenders" | "holds"> {
  return {
    bans: {
      put: (ban, replacing) => call("bans.put", () => putBan(tables, ban, replacing)),
      lift: (key, at) =>
        call("bans.lift", () => {
          const ban = tables.bans.get(keyText(key));
          if (ban === undefined || ban.generation !== key.generation) return false;
          const over = ban.expiresAt !== undefined && ban.expiresAt <= at;
          tables.bans.delete(keyText(key));
          tables.record({ kind: "lifted", ban, reason: over ? "expired" : "manual" });
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
    holds: {
      hold: (ban) => call("holds.hold", () => void tables.holds.set(keyText(ban), ban)),
      async *inJail(jail) {
        yield* await call("holds.inJail", () => [...tables.holds.values()].filter((ban) => ban.jail === jail));
      },
      drop: (key) => call("holds.drop", () => tables.drop(key)),
    },
  };
}

function putBan(tables: Tables, ban: Ban, replacing: number | undefined): PutOutcome {
  const previous = tables.bans.get(keyText(ban));
  if (previous === undefined) {
    tables.bans.set(keyText(ban), ban);
    tables.record({ kind: "banned", ban });
    return { kind: "created", ban };
  }
  const over = previous.expiresAt !== undefined && previous.expiresAt <= ban.since;
  if (!over && previous.generation !== replacing) return { kind: "standing", ban: previous };
  const renewed = { ...ban, generation: Math.max(ban.generation, previous.generation + 1) };
  tables.bans.set(keyText(ban), renewed);
  tables.record({ kind: "renewed", ban: renewed, previous });
  return { kind: "renewed", ban: renewed, previous };
}

function settingKey(setting: ControlSetting): string {
  const word = setting.kind === "idle" ? "" : setting.word;
  return JSON.stringify([setting.kind, setting.jail, word]);
}
