/**
 * The hosts of a storm: each with a ledger by the rules of the host script (core/firewall/ledger.ts), a kernel that
 * forgets at a reboot, a clock that is wrong by seconds, and commands that come late, twice, in any order or not at all.
 */

import type { HostBan, HostChange, JailFirewall } from "../../shared/core/firewall/change.ts";
import { digestOf } from "../../shared/core/firewall/digest.ts";
import { hostKey } from "../../shared/core/firewall/encode.ts";
import { type Known, type Ledger, learn, standing, takeFullList } from "../../shared/core/firewall/ledger.ts";
import type { Receipt } from "../../shared/core/firewall/receipt.ts";
import type { Fleet, FleetReport } from "../../shared/ports/fleet.ts";
import type { Inventory } from "../../shared/ports/inventory.ts";
import type { Answered, Receipts } from "../../shared/ports/receipts.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

export const SCRIPT = "1";
/** A command that arrives later than this after it was sent does nothing, ms. */
const DEADLINE = 120_000;

/** Something went out of a kernel by a command. */
export interface Removal {
  readonly host: string;
  readonly key: string;
  readonly at: number;
  /** Whether its ban stood. */
  readonly early: boolean;
}

interface Command {
  readonly mode: Receipt["mode"];
  readonly sentAt: number;
  readonly hosts: readonly string[];
  readonly answers: Map<string, Answered>;
  readonly change: (ledger: Ledger, now: number) => Ledger;
  /** The firewalls that it brings, by jail. */
  readonly firewalls: ReadonlyMap<string, JailFirewall>;
}

/** How wrong a host's clock is at most, ms. */
export const HOST_SKEW = 40_000;

export class Host {
  readonly name: string;
  /** How wrong its clock is, ms. */
  readonly skew: number;
  online = true;
  ledger: Ledger = new Map();
  /** The revision of each jail's rules. */
  rules = new Map<string, number>();
  boot = 1;
  /** Whether the kernel holds what the ledger says: not between a reboot and the next command. */
  ready = true;

  constructor(name: string, skew: number) {
    this.name = name;
    this.skew = skew;
  }

  /** What the kernel blocks at `now` (epoch ms, the world's). */
  standing(now: number): readonly Known[] {
    return this.ready ? standing(this.ledger, now + this.skew) : [];
  }

  /** The same by key. */
  blocks(now: number): ReadonlyMap<string, Known> {
    return new Map(this.standing(now).map((known) => [hostKey(known.jail, known.target), known]));
  }

  reboot(forgets: boolean): void {
    this.boot += 1;
    this.ready = false;
    if (!forgets) return;
    this.ledger = new Map();
    this.rules = new Map();
  }
}

export class Hosts {
  readonly list: Host[] = [];
  readonly removals: Removal[] = [];
  /** Hosts that took what is older than what they knew, as sentences. */
  readonly setbacks: string[] = [];
  /** How many commands were sent. */
  sent = 0;
  readonly #world: World;
  readonly #stands: (known: Known) => boolean;
  readonly #commands = new Map<string, Command>();
  #names = 0;

  /** `stands`: whether the rows hold this ban now, and have it enforced. */
  constructor(world: World, count: number, stands: (known: Known) => boolean) {
    this.#world = world;
    this.#stands = stands;
    for (let nth = 0; nth < count; nth++) this.join();
  }

  /** A host that knows nothing yet. */
  join(): void {
    this.list.push(new Host(`i-${this.#names++}`, this.#world.between(-HOST_SKEW, HOST_SKEW)));
  }

  /** A host is gone for good. */
  leave(): void {
    this.list.shift();
  }

  fleet(process: Process): Fleet {
    const apply = (changes: readonly HostChange[]) => (ledger: Ledger, now: number) => learn(ledger, changes, now);
    const full = (bans: readonly HostBan[], asOf?: number) => (ledger: Ledger, now: number) =>
      takeFullList(ledger, bans, now, asOf);
    const none = new Map<string, JailFirewall>();
    return {
      apply: (changes) => this.#send(process, "apply", undefined, apply(changes), firewallsIn(changes)),
      reconcile: (bans, scope) =>
        this.#send(process, "reconcile", scope?.hosts, full(bans, scope?.asOf), firewallsIn(bans)),
      status: (hosts) => this.#send(process, "status", hosts, (ledger) => ledger, none),
      clear: (hosts) => this.#send(process, "clear", hosts, () => new Map(), none),
    };
  }

  inventory(process: Process): Inventory {
    return {
      hosts: () =>
        process.call("inventory", () =>
          this.list.map(({ name, online }) => ({
            host: name,
            online,
            seenAt: this.#world.now,
            agent: "3.3.9999.0",
            platform: undefined,
            addresses: [],
          })),
        ),
    };
  }

  receipts(process: Process): Receipts {
    return {
      collect: (id) =>
        process.call("receipts", () => {
          const command = this.#commands.get(id);
          return (command?.hosts ?? []).map(
            (host): Answered => command?.answers.get(host) ?? { kind: "pending", host },
          );
        }),
    };
  }

  async #send(
    process: Process,
    mode: Receipt["mode"],
    names: readonly string[] | undefined,
    change: Command["change"],
    firewalls: Command["firewalls"],
  ): Promise<readonly FleetReport[]> {
    const sentAt = process.now();
    const id = await process.call("send command", () => {
      this.sent += 1;
      const hosts = this.list.filter(({ name }) => names === undefined || names.includes(name));
      const command = {
        ...{ mode, change, firewalls, sentAt },
        hosts: hosts.map(({ name }) => name),
        answers: new Map<string, Answered>(),
      };
      const id = `command-${this.sent}`;
      this.#commands.set(id, command);
      for (const host of hosts) void this.#deliver(host, command);
      return id;
    });
    await process.ports.commands.open({ id, sentAt, mode, hosts: names, changes: firewalls.size });
    return [{ kind: "sent", to: names?.join(",") ?? "the fleet", command: id }];
  }

  /** Orders nothing: each delivery takes its own time, some come twice and some never. */
  async #deliver(host: Host, command: Command): Promise<void> {
    const world = this.#world;
    const stormy = world.weather.failsBefore > 0;
    if (stormy && world.chance(0.05)) return;
    const times = stormy && world.chance(0.1) ? 2 : 1;
    for (let time = 0; time < times; time++) {
      await world.sleep(stormy && world.chance(0.1) ? world.between(5_000, 200_000) : world.between(200, 4_000));
      if (host.online) this.#execute(host, command);
    }
  }

  #execute(host: Host, { mode, sentAt, answers, change, firewalls }: Command): void {
    const { now } = this.#world;
    const clock = now + host.skew;
    if (clock - sentAt > DEADLINE || !this.list.includes(host)) return;
    const known = host.ledger;
    const before = host.standing(now);
    host.ledger = change(known, clock);
    for (const [jail, { revision }] of firewalls) {
      if ((host.rules.get(jail) ?? -1) < revision) host.rules.set(jail, revision);
    }
    if (mode === "apply") this.setbacks.push(...setbacksOf(host, known));
    host.ready = true;
    const after = host.standing(now);
    for (const ban of goneFrom(before, after)) {
      const key = hostKey(ban.jail, ban.target);
      this.removals.push({ host: host.name, key, at: now, early: this.#stands(ban) });
    }
    answers.set(host.name, { kind: "replied", host: host.name, at: now, reply: receiptOf(host, after, mode, clock) });
  }
}

function firewallsIn(changes: readonly HostChange[]): Command["firewalls"] {
  return new Map(changes.flatMap((change) => (change.kind === "ban" ? [[change.jail, change.firewall]] : [])));
}

/** Bans whose id is in the kernel no longer, whatever its ban is by now. */
function goneFrom(before: readonly Known[], after: readonly Known[]): readonly Known[] {
  const same = new Set(after);
  const changed = before.filter((known) => !same.has(known));
  if (changed.length === 0) return [];
  const keys = new Set(after.map(({ jail, target }) => hostKey(jail, target)));
  return changed.filter(({ jail, target }) => !keys.has(hostKey(jail, target)));
}

/** A later generation counts more, and of one generation the unban. */
function setbacksOf({ name, ledger }: Host, before: Ledger): readonly string[] {
  const setbacks: string[] = [];
  for (const [key, known] of before) {
    const after = ledger.get(key);
    if (after === undefined || after === known || after.generation > known.generation) continue;
    if (after.generation === known.generation && (after.kind === known.kind || after.kind === "unban")) continue;
    setbacks.push(
      `${name} knew ${known.kind} ${known.generation} of ${key}, and took ${after.kind} ${after.generation}`,
    );
  }
  return setbacks;
}

/** `now` = by the host's own clock, epoch ms. */
function receiptOf(host: Host, bans: readonly Known[], mode: Receipt["mode"], now: number): Receipt {
  const held = bans.map(({ jail, target, expiry }) => ({
    jail,
    target,
    expiresAt: expiry === 0 ? undefined : expiry * 1000,
  }));
  return {
    kind: "done",
    script: SCRIPT,
    mode,
    backend: "nft",
    ipv6: true,
    bootId: `boot-${host.boot}`,
    at: Math.floor(now / 1000) * 1000,
    digest: digestOf(held, now),
    faults: [],
    refusals: [],
    notes: [],
    ...{ changes: 0, banned: 0, unbanned: 0, stale: 0, expired: 0, refused: 0, added: 0, retimed: 0, removed: 0 },
    ...{ bans: bans.length, skipped: 0, missing: 0, foreign: 0, repaired: 0, broken: 0 },
  };
}
