/**
 * The functions as their platform runs them: deliveries that come twice, tries and dead letters, time-outs, processes that
 * are used again or not. What they call is the real app.
 */
import { banManually } from "../../shared/app/ban-manually.ts";
import { createAllowlist } from "../../shared/app/check-allowlist.ts";
import { countBans } from "../../shared/app/count-bans.ts";
import { enforceChanges } from "../../shared/app/enforce-changes.ts";
import { type IngestDeps, ingestEvents } from "../../shared/app/ingest-events.ts";
import { createKnownBans, type KnownBans } from "../../shared/app/known-bans.ts";
import { notifyPeople } from "../../shared/app/notify-people.ts";
import { paceCommands } from "../../shared/app/pace-commands.ts";
import { reconcileFleet } from "../../shared/app/reconcile-fleet.ts";
import { createCachedResolver } from "../../shared/app/resolve-names.ts";
import { waitBefore } from "../../shared/app/retry-conflicts.ts";
import { sweepExpired } from "../../shared/app/sweep-expired.ts";
import { unban } from "../../shared/app/unban.ts";
import { createNeverBan, type NeverBan } from "../../shared/core/detect/never-ban.ts";
import type { JailFirewall } from "../../shared/core/firewall/change.ts";
import type { OpenCommand } from "../../shared/ports/commands.ts";
import type { HostRecord } from "../../shared/ports/hosts.ts";
import { NO_METRICS } from "../../shared/ports/metrics.ts";
import type { MailAction } from "../../shared/ports/notifier.ts";
import type { Pace } from "../../shared/ports/pace.ts";
import type { Pool } from "../../shared/ports/pool.ts";
import { chance, wordMatcher } from "../app/rig.ts";
import { type Hosts, SCRIPT } from "./hosts.ts";
import { type Logged, MINUTE, type Request, RULES } from "./story.ts";
import { portsOn, type Recorded, SHARDS, type Tables } from "./tables.ts";
import type { Life, World } from "./world.ts";

const FIREWALL: JailFirewall = {
  revision: 1,
  hooks: ["INPUT"],
  rules: [{ protocol: "tcp", ports: "all", block: "drop" }],
};
export const FIREWALLS = new Map([...RULES.keys()].map((name) => [name, FIREWALL]));
const MAIL: MailAction = {
  kind: "mail",
  name: "sendmail",
  dest: "ops",
  sender: "f2b",
  subjectName: "web",
  whois: false,
  lines: false,
};
const ACTIONS = new Map([...RULES.keys()].map((name) => [name, [MAIL]]));
const NEVER_BAN = createNeverBan([]);
const RESOLVER = createCachedResolver({ resolve: async () => [] });
const TIMEOUT = MINUTE;
/** What sending and counting take at most, ms. */
const TIME_TO_ACT = 25_000;
const STREAM_TRIES = 10;

/** What happened, for the judge. */
export interface Log {
  /** Failures whose payload went to the dead letters. */
  readonly lost: Set<Logged>;
  /** Batches of the stream that went to the dead letters. */
  lostChanges: number;
  /** Mails about one ban each. */
  readonly mails: string[];
  /** Requests and when they were done, epoch ms. */
  readonly done: Map<Request, number>;
  /** Errors that no retry is for: defects. */
  readonly defects: unknown[];
}

export class Functions {
  readonly log: Log = { lost: new Set(), lostChanges: 0, mails: [], done: new Map(), defects: [] };
  readonly #world: World;
  readonly #tables: Tables;
  readonly #hosts: Hosts;
  /** Processes that are used again, with what they remember. */
  readonly #warm: KnownBans[] = [];
  readonly #records: HostRecord[] = [];
  #runs = 0;
  readonly #commands: OpenCommand[] = [];

  constructor(world: World, tables: Tables, hosts: Hosts) {
    this.#world = world;
    this.#tables = tables;
    this.#hosts = hosts;
  }

  /** Delivers a payload to ingest: three tries, then the dead letters. */
  async deliver(batch: readonly Logged[]): Promise<void> {
    for (const pause of [0, MINUTE, 2 * MINUTE]) {
      await this.#world.sleep(pause);
      if (await this.#attempt((life) => this.#ingest(batch, life))) return;
    }
    for (const failure of batch) this.log.lost.add(failure);
  }

  async #ingest(batch: readonly Logged[], life: Life): Promise<void> {
    // A process that ended takes what it knew with it.
    const known = this.#warm.pop() ?? createKnownBans();
    const report = await ingestEvents(
      batch.map(({ event }) => event),
      this.#deps(life, known),
    );
    if (report.failed.length > 0) throw report.failed[0]!.cause;
    this.#warm.push(known);
  }

  #deps(
    life: Life,
    known: KnownBans,
  ): IngestDeps & { readonly neverBan: NeverBan; readonly pace: Pace; readonly pool: Pool } {
    const world = this.#world;
    const ports = portsOn(this.#tables, world, life);
    return {
      ...ports,
      ...{ resolver: RESOLVER, neverBan: NEVER_BAN, known },
      lineStates: { load: () => unasked(), save: () => unasked() },
      allowlist: createAllowlist({ neverBan: NEVER_BAN, control: ports.control, resolver: RESOLVER }),
      matcher: wordMatcher,
      rules: RULES,
      metrics: NO_METRICS,
      ruleset: "storm",
      bansPerMinute: 300,
      chance,
      backoff: (attempt) => world.sleep(waitBefore(attempt, world.random())),
      concurrency: 4,
      frugal: true,
    };
  }

  /** Reads one shard of the stream for ever, as an event source mapping does. */
  async follow(shard: number, reader: "enforce" | "notify"): Promise<void> {
    const world = this.#world;
    const records = this.#tables.stream[shard % SHARDS]!;
    let from = 0;
    for (;;) {
      while (from >= records.length) await this.#tables.grown();
      await world.sleep(world.between(300, 1_500));
      const to = Math.min(records.length, from + world.between(1, 20));
      // Now and then a batch that was done comes again.
      const batch = records.slice(from > 0 && world.chance(0.1) ? from - 1 : from, to);
      if (await this.#process(batch, reader)) from = to;
    }
  }

  /** True = the batch is done, or given up. */
  async #process(batch: readonly Recorded[], reader: "enforce" | "notify"): Promise<boolean> {
    for (let attempt = 1; attempt <= STREAM_TRIES; attempt++) {
      const work = (life: Life) => (reader === "enforce" ? this.#enforce(batch, life) : this.#notify(batch, life));
      if (await this.#attempt(work)) return true;
      await this.#world.sleep(Math.min(MINUTE, 1_000 * 2 ** attempt));
    }
    this.log.lostChanges += 1;
    return true;
  }

  async #enforce(batch: readonly Recorded[], life: Life): Promise<void> {
    const world = this.#world;
    const changes = batch.map(({ change }) => change);
    const { pace, pool, ...deps } = this.#deps(life, createKnownBans());
    const ends = world.now + TIMEOUT;
    const fleet = paceCommands(this.#hosts.fleet(life), {
      pace,
      pool: { port: pool, who: `enforce-${this.#runs++}` },
      now: () => world.now,
      wait: (duration) => world.sleep(duration),
      longest: () => ends - world.now - TIME_TO_ACT,
    });
    await enforceChanges(changes, world.now, { fleet, firewalls: FIREWALLS });
    const { failed } = await countBans(changes, { ...deps, banLogSource: { stream: "ban log", zone: () => 0 } });
    if (failed.length > 0) throw failed[0]!.cause;
  }

  async #notify(batch: readonly Recorded[], life: Life): Promise<void> {
    const world = this.#world;
    const { pace } = portsOn(this.#tables, world, life);
    const { marks } = this.#tables;
    const changes = batch.map(({ change }) => change);
    const report = await notifyPeople(changes, {
      pace,
      actions: ACTIONS,
      observed: new Set(),
      teller: { name: "storm", stack: undefined, zone: () => 0 },
      mailbox: {
        boxOf: () => "ops",
        // Whether a mail went when its answer is lost nobody can know: that alone is kept out of this storm.
        send: async (_box, mail) => {
          await world.sleep(world.between(1, 40));
          if (life.ended) return new Promise(() => undefined);
          if (world.chance(world.weather.failsBefore)) throw new Error("the storm took a mail");
          // A digest tells of its batch: in other company it is another one.
          if (mail.kind === "ban") this.log.mails.push(`${mail.subject}\n${mail.text}`);
        },
      },
      whois: { about: async () => ({ kind: "unknown", reason: "nobody was asked" }) },
      marks: {
        noted: (names) => world.call(life, "marks.noted", () => new Set(names.filter((name) => marks.has(name)))),
        note: async (name) => void marks.add(name),
      },
      setAside: { put: async () => undefined },
      metrics: NO_METRICS,
      now: () => world.now,
      wait: (duration) => world.sleep(duration),
      longest: () => TIMEOUT,
    });
    if (report.failed.length > 0) throw report.failed[0]!.cause;
  }

  /** Each minute; TTL takes some rows before the sweep does. */
  async sweep(): Promise<void> {
    const world = this.#world;
    for (;;) {
      await world.sleep(MINUTE);
      await this.#attempt((life) => sweepExpired(world.now, portsOn(this.#tables, world, life)).then(() => undefined));
      for (const ban of [...this.#tables.bans.values()]) {
        const isOver = ban.expiresAt !== undefined && ban.expiresAt <= world.now;
        if (isOver && world.chance(0.3)) this.#tables.expire(ban, world.now);
      }
    }
  }

  async reconcile(): Promise<void> {
    const world = this.#world;
    const records = this.#records;
    for (;;) {
      await world.sleep(5 * MINUTE);
      await this.#attempt(async (life) => {
        const call = <T>(what: string, effect: () => T) => world.call(life, what, effect);
        await reconcileFleet({
          fleet: this.#hosts.fleet(life),
          inventory: this.#hosts.inventory(life),
          receipts: this.#hosts.receipts(life),
          bans: portsOn(this.#tables, world, life).bans,
          hosts: {
            note: (record) =>
              call("hosts.note", () => {
                const index = records.findIndex(({ host }) => host === record.host);
                if (index < 0) records.push(record);
                else if (records[index]!.at <= record.at) records[index] = record;
              }),
            all: () => call("hosts.all", () => [...records]),
            forget: async () => undefined,
          },
          commands: {
            open: async (command) => void this.#commands.push(command),
            opened: async () => [...this.#commands],
            close: async () => undefined,
          },
          jails: [...RULES.keys()],
          firewalls: FIREWALLS,
          script: SCRIPT,
          metrics: NO_METRICS,
          now: () => world.now,
          wait: (duration) => world.sleep(duration),
        });
      }, 2 * MINUTE);
    }
  }

  /** A person's command: whoever is told that it failed types it again. */
  async ask(request: Request): Promise<void> {
    const world = this.#world;
    const ids = [request.id];
    const rules = RULES.get(request.jail)!;
    for (;;) {
      const at = world.now;
      const isDone = await this.#attempt(async (life) => {
        const deps = this.#deps(life, createKnownBans());
        if (request.kind === "ban") await banManually({ rules, ids, at, actor: "ann" }, deps);
        else await unban({ rules, ids, at }, deps);
      });
      if (isDone) break;
      await world.sleep(world.between(1_000, 20_000));
    }
    this.log.done.set(request, world.now);
  }

  /** True = it ended well. What is neither the storm's doing nor a time-out is a defect. */
  async #attempt(work: (life: Life) => Promise<void>, timeout = TIMEOUT): Promise<boolean> {
    try {
      await this.#world.live(timeout, work);
      return true;
    } catch (error) {
      if (!isWeather(error)) this.log.defects.push(error);
      return false;
    }
  }
}

function isWeather(error: unknown): boolean {
  const text = error instanceof Error ? error.message : "";
  return /storm|crashed|time is over|changed \d+ times|seconds? away| s away/.test(text);
}

function unasked(): never {
  throw new Error("no jail of the storm needs earlier lines");
}
