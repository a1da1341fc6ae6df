/**
 * The functions as their platform runs them: deliveries that come twice, tries and dead letters, time-outs, processes that
 * are used again or not, and deployments under way. What they call is the real app.
 */
import { type ActDeps, actOnChanges } from "../../lambdas/enforce/act-on-changes.ts";
import type { Call } from "../../lambdas/runtime/invocation.ts";
import type { Log as RuntimeLog } from "../../lambdas/runtime/log.ts";
import { ingestEvents } from "../../shared/app/ingest-events.ts";
import { notifyPeople } from "../../shared/app/notify-people.ts";
import { reconcileFleet } from "../../shared/app/reconcile-fleet.ts";
import { sweepExpired } from "../../shared/app/sweep-expired.ts";
import { NO_METRICS } from "../../shared/ports/metrics.ts";
import { type Hosts, SCRIPT } from "./hosts.ts";
import { NEVER_BAN, Process } from "./process.ts";
import { ACTIONS, BANS_PER_MINUTE, firewallsOf, MATCHERS, MINUTE, RULESETS, type Ruleset } from "./rulesets.ts";
import type { Logged, Request } from "./story.ts";
import { type Recorded, SHARDS, type Tables } from "./tables.ts";
import { type Life, never, type World } from "./world.ts";

const TIMEOUT = MINUTE;
const ENFORCE_TIMEOUT = 3 * MINUTE;
const STREAM_TRIES = 10;
/** How long after a deployment processes of the ruleset before it may still be used, ms. */
const ROLLING = 60_000;

/** What happened, for the judge. */
export interface Log {
  /** Failures whose payload went to the dead letters. */
  readonly lost: Set<Logged>;
  /** Changes of the stream that went to the dead letters. */
  readonly lostChanges: Set<Recorded>;
  /** Changes that enforce has done with, and when, epoch ms. */
  readonly read: Map<Recorded, number>;
  /** Mails about one ban each. */
  readonly mails: string[];
  /** Requests: when they were asked the last time, and when they were done, epoch ms. */
  readonly done: Map<Request, { readonly askedAt: number; readonly doneAt: number }>;
  /** Errors that no retry is for: defects. */
  readonly defects: unknown[];
}

/** Functions whose processes are used again. */
type Kind = "ingest" | "enforce" | "notify" | "sweep" | "reconcile";

export class Functions {
  readonly log: Log = {
    ...{ lost: new Set(), lostChanges: new Set(), read: new Map(), mails: [], done: new Map(), defects: [] },
  };
  readonly #world: World;
  readonly #tables: Tables;
  readonly #hosts: Hosts;
  /** Processes that wait to be used again, with what they remember. */
  readonly #warm: Record<Kind, Process[]> = { ingest: [], enforce: [], notify: [], sweep: [], reconcile: [] };
  /** How many there were, the first included. */
  deployments = 1;
  #deployed: Ruleset = RULESETS[0];
  #before: Ruleset = RULESETS[0];
  #deployedAt = Number.NEGATIVE_INFINITY;

  constructor(world: World, tables: Tables, hosts: Hosts) {
    this.#world = world;
    this.#tables = tables;
    this.#hosts = hosts;
  }

  /** The ruleset of the last deployment. */
  get ruleset(): Ruleset {
    return this.#deployed;
  }

  /** From now on new processes run this ruleset. */
  deploy(ruleset: Ruleset): void {
    this.deployments += 1;
    this.#before = this.#deployed;
    this.#deployed = ruleset;
    this.#deployedAt = this.#world.now;
  }

  /** Delivers a payload to ingest: three tries, then the dead letters. */
  async deliver(batch: readonly Logged[]): Promise<void> {
    const events = batch.map(({ event }) => event);
    for (const pause of [0, MINUTE, 2 * MINUTE]) {
      await this.#world.sleep(pause);
      const isTaken = await this.#invoke("ingest", TIMEOUT, async ({ counting }) => {
        const { failed } = await ingestEvents(events, counting);
        if (failed.length > 0) throw failed[0]!.cause;
      });
      if (isTaken) return;
    }
    for (const failure of batch) this.log.lost.add(failure);
  }

  /** Reads one shard of the stream for ever, as an event source mapping does. */
  async follow(shard: number, reader: "enforce" | "notify"): Promise<void> {
    const world = this.#world;
    const records = this.#tables.stream[shard % SHARDS]!;
    let from = 0;
    for (;;) {
      while (from >= records.length) await this.#tables.grown();
      // Now and then a shard is read minutes later than the others.
      await world.sleep(
        world.chance(world.weather.stalls / 2) ? world.between(MINUTE, 8 * MINUTE) : world.between(300, 1_500),
      );
      const to = Math.min(records.length, from + world.between(1, 20));
      // And a batch that was done comes again.
      const batch = records.slice(from > 0 && world.chance(0.1) ? from - 1 : from, to);
      await this.#process(batch, reader);
      from = to;
    }
  }

  /** Until the batch is done, or given up. */
  async #process(batch: readonly Recorded[], reader: "enforce" | "notify"): Promise<void> {
    let left = batch;
    for (let attempt = 1; attempt <= STREAM_TRIES; attempt++) {
      const isDone = await (reader === "enforce"
        ? this.#invoke("enforce", ENFORCE_TIMEOUT, async (process) => {
            const again = await this.#enforce(left, process);
            const done = again === undefined ? left.length : left.indexOf(again);
            for (const change of left.slice(0, done)) this.log.read.set(change, this.#world.now);
            left = left.slice(done);
          })
        : this.#invoke("notify", TIMEOUT, (process) => this.#notify(left, process)));
      if (isDone && (reader === "notify" || left.length === 0)) return;
      await this.#world.sleep(Math.min(MINUTE, 1_000 * 2 ** attempt));
    }
    if (reader === "enforce") for (const change of left) this.log.lostChanges.add(change);
  }

  async #enforce(batch: readonly Recorded[], process: Process): Promise<Recorded | undefined> {
    const { counting, ports, ruleset, now, wait, revision } = process;
    const ends = now() + ENFORCE_TIMEOUT;
    const call: Call = {
      ...{ now, log: this.#logOf(), metrics: { ...NO_METRICS, flush: () => undefined } },
      remaining: () => ends - now(),
    };
    const deps: ActDeps = {
      ...{ revision, counting, stack: "storm", bansPerMinute: BANS_PER_MINUTE },
      fleet: this.#hosts.fleet(process),
      pacing: { pace: ports.pace, pool: ports.pool, wait },
      alarm: { raise: async () => undefined },
      ruleset: {
        ...{ hash: ruleset.hash, rules: ruleset.rules, bansPerMinute: BANS_PER_MINUTE },
        ...{ neverBan: NEVER_BAN, logGroups: [], matcherOf: () => undefined },
        recidive: { ...MATCHERS.banLog, rawJson: () => undefined, filters: [] },
        firewallsAt: (revision) => firewallsOf(ruleset, revision),
      },
    };
    const recorded = batch.map(({ change, writtenAt }, index) => ({ change, writtenAt, sequence: String(index) }));
    const again = await actOnChanges(recorded, deps, call);
    return again === undefined ? undefined : batch[Number(again.sequence)];
  }

  async #notify(batch: readonly Recorded[], { ports, life, ruleset, now, wait }: Process): Promise<void> {
    const world = this.#world;
    const { failed } = await notifyPeople(
      batch.map(({ change }) => change),
      {
        ...{ pace: ports.pace, marks: ports.marks, metrics: NO_METRICS, now, wait },
        actions: new Map([...ruleset.rules.keys()].map((name) => [name, ACTIONS])),
        observed: new Set(),
        teller: { name: "storm", stack: undefined, zone: () => 0 },
        mailbox: {
          boxOf: () => "ops",
          // Whether a mail went when its answer is lost nobody can know: that alone is kept out of this storm.
          send: async (_box, mail) => {
            await world.sleep(world.between(1, 40));
            if (life.ended) return never();
            if (world.chance(world.weather.failsBefore)) throw new Error("the storm took a mail");
            // A digest tells of its batch: in other company it is another one.
            if (mail.kind === "ban") this.log.mails.push(`${mail.subject}\n${mail.text}`);
          },
        },
        whois: { about: async () => ({ kind: "unknown", reason: "nobody was asked" }) },
        setAside: { put: async () => undefined },
        longest: () => TIMEOUT,
      },
    );
    if (failed.length > 0) throw failed[0]!.cause;
  }

  /** Each minute. */
  async sweep(): Promise<void> {
    for (;;) {
      await this.#world.sleep(MINUTE);
      await this.#invoke("sweep", TIMEOUT, async ({ now, ports }) => void (await sweepExpired(now(), ports)));
    }
  }

  /** Every five minutes. */
  async reconcile(): Promise<void> {
    for (;;) {
      await this.#world.sleep(5 * MINUTE);
      await this.#invoke("reconcile", 4 * MINUTE, async (process) => {
        const { ports, ruleset, revision, now, wait } = process;
        await reconcileFleet({
          ...{ bans: ports.bans, hosts: ports.hosts, commands: ports.commands, metrics: NO_METRICS, now, wait },
          fleet: this.#hosts.fleet(process),
          inventory: this.#hosts.inventory(process),
          receipts: this.#hosts.receipts(process),
          jails: [...ruleset.rules.keys()],
          firewalls: firewallsOf(ruleset, await revision()),
          script: SCRIPT,
        });
      });
    }
  }

  /** A person's command: whoever is told that it failed types it again. */
  async ask(request: Request): Promise<void> {
    const world = this.#world;
    for (;;) {
      const askedAt = world.now;
      const process = this.#start(this.#deployed, false);
      const rules = process.ruleset.rules.get(request.jail)!;
      if (await this.#run(process, TIMEOUT, () => request.do({ rules, at: askedAt, process }))) {
        this.log.done.set(request, { askedAt, doneAt: world.now });
        return;
      }
      await world.sleep(world.between(1_000, 20_000));
    }
  }

  /** True = it ended well. */
  async #invoke(kind: Kind, timeout: number, work: (process: Process) => Promise<void>): Promise<boolean> {
    const world = this.#world;
    const isRolling = world.now - this.#deployedAt < ROLLING && world.chance(0.3);
    const ruleset = isRolling ? this.#before : this.#deployed;
    // Processes of the other ruleset are not used again.
    const isOther = (process: Process) => process.ruleset !== ruleset;
    if (this.#warm[kind].some(isOther)) this.#warm[kind] = this.#warm[kind].filter((each) => !isOther(each));
    const process = this.#warm[kind].pop() ?? this.#start(ruleset, true);
    const isDone = await this.#run(process, timeout, () => work(process));
    // A process that ended takes what it knew with it.
    if (isDone) this.#warm[kind].push(process);
    return isDone;
  }

  #start(ruleset: Ruleset, remembers: boolean): Process {
    const skew = this.#world.between(-1_500, 1_500);
    return new Process(this.#world, this.#tables, ruleset, skew, remembers);
  }

  /** What is neither the storm's doing nor a time-out is a defect. */
  async #run(process: Process, timeout: number, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await this.#world.live(timeout, (life: Life) => {
        process.life = life;
        return work();
      });
      return true;
    } catch (error) {
      if (!isWeather(error)) this.log.defects.push(error);
      return false;
    }
  }

  /** Errors that a function logs instead of throwing them are looked at as well. */
  #logOf(): RuntimeLog {
    const log: RuntimeLog = {
      info: () => undefined,
      warn: () => undefined,
      error: (_message, error) => {
        if (!isWeather(error)) this.log.defects.push(error);
      },
      child: () => log,
    };
    return log;
  }
}

function isWeather(error: unknown): boolean {
  const text = error instanceof Error ? error.message : "";
  return /storm|crashed|time is over|changed \d+ times|seconds? away| s away/.test(text);
}
