/** One storm: a story under a seed, from the first failure to the end of the last ban, and what was wrong with it. */
import type { Ban } from "../../shared/core/ban.ts";
import { batchesOf } from "./batches.ts";
import { Functions } from "./functions.ts";
import { Hosts } from "./hosts.ts";
import { judgeDecisions } from "./judge-decisions.ts";
import { judgeEnd, judgeHosts } from "./judge-hosts.ts";
import { judgePeople } from "./judge-people.ts";
import { MINUTE, RULESETS, type Ruleset } from "./rulesets.ts";
import { makeStory, releaseRequest, START, STORM, type Story } from "./story.ts";
import { SHARDS, Tables } from "./tables.ts";
import { CALM, World } from "./world.ts";

export interface StormReport {
  readonly seed: number;
  /** Rules that were broken; empty = all is well. */
  readonly broken: readonly string[];
  readonly failures: number;
  readonly bans: number;
  readonly commands: number;
  /** Failures that ended among the dead letters. */
  readonly lost: number;
  /** Whatever happened in its world, and how much of that were faults of calls. */
  readonly events: number;
  readonly faults: number;
}

/** How long the last payload may be under way after the storm: its delay, three tries, its redelivery; ms. */
const LATE = 25 * MINUTE;

export async function runStorm(seed: number): Promise<StormReport> {
  const world = new World(seed, START);
  const tables = new Tables(world);
  const hosts = new Hosts(world, 3, ({ jail, target, generation }) => {
    const ban = tables.bans.get(`${jail}#${target}`);
    // What one ruleset enforces and the other does not, hosts may let in.
    if (ban?.generation !== generation || !RULESETS.every(({ enforced }) => enforced.includes(jail))) return false;
    // Written by who had read the history before a later ban, which was lifted since: hosts may take this for the older.
    const isOutdated = tables.stream
      .flat()
      .some(({ change }) => isSameBan(change.ban, ban) && change.ban.generation > generation);
    if (isOutdated) return false;
    return (ban.expiresAt ?? Number.POSITIVE_INFINITY) > world.now;
  });
  const functions = new Functions(world, tables, hosts);
  const story = makeStory(
    world,
    hosts.list.map(({ name }) => name),
  );
  const strength = world.pick([0, 0.3, 1, 2]);
  world.weather = {
    failsBefore: 0.02 * strength,
    failsAfter: 0.02 * strength,
    crashes: 0.005 * strength,
    stalls: 0.05 * strength,
  };
  const { batches, regrouped } = batchesOf(story.failures, world);
  for (const { batch, delay } of batches) void later(world, delay, () => functions.deliver(batch));
  for (const request of [...story.requests]) void later(world, request.at - START, () => functions.ask(request));
  for (const reader of ["enforce", "notify"] as const) {
    for (let shard = 0; shard < SHARDS; shard++) void functions.follow(shard, reader);
  }
  // Now and then nothing sweeps, and TTL alone takes rows away, late.
  const sweeps = world.chance(0.8);
  const ttl = world.pick([0.3, 0.02]);
  // A schedule may start its function twice.
  void later(world, sweeps ? 0 : STORM, () => functions.sweep());
  void later(world, sweeps ? world.between(0, MINUTE) : STORM, () => functions.sweep());
  void forget(world, tables, ttl);
  void functions.reconcile();
  void trouble(world, hosts);
  void watchBreakers(world, tables, functions, story);
  const deployments = deploymentsOf(world);
  for (const [at, ruleset] of deployments) void later(world, at, async () => functions.deploy(ruleset));

  await world.run(START + STORM + LATE);
  world.weather = CALM;
  for (const host of hosts.list) host.online = true;
  // Three reconciles: what differs twice in a row gets the full list.
  await world.run(world.now + 17 * MINUTE);
  const evidence = { story, regrouped, tables, hosts, functions, log: functions.log };
  const settled = judgeHosts(evidence, world.now);
  await world.run(START + 155 * MINUTE);
  const broken = [...settled, ...judgeDecisions(evidence), ...judgePeople(evidence), ...judgeEnd(evidence, world.now)];
  const bans = tables.stream.flat().filter(({ change }) => change.kind === "banned").length;
  return {
    ...{ seed, broken, failures: story.failures.length, bans, commands: hosts.sent },
    ...{ lost: functions.log.lost.size, events: world.events, faults: world.faults },
  };
}

function isSameBan(one: Ban, other: Ban): boolean {
  return one.id === other.id && one.jail === other.jail;
}

async function later(world: World, delay: number, work: () => Promise<void>): Promise<void> {
  await world.sleep(delay);
  await work();
}

/** None, one, or one that is taken back; ms after the start. */
function deploymentsOf(world: World): readonly (readonly [at: number, ruleset: Ruleset])[] {
  const [first, second] = RULESETS;
  const at = world.between(5 * MINUTE, 35 * MINUTE);
  switch (world.between(0, 2)) {
    case 0:
      return [];
    case 1:
      return [[at, second]];
    default:
      return [
        [at, second],
        [at + world.between(3 * MINUTE, 20 * MINUTE), first],
      ];
  }
}

async function forget(world: World, tables: Tables, share: number): Promise<void> {
  for (;;) {
    await world.sleep(MINUTE);
    tables.forget(share);
  }
}

/** Hosts go offline, reboot and come back; others join, or leave for good. */
async function trouble(world: World, hosts: Hosts): Promise<void> {
  while (world.now < START + STORM) {
    await world.sleep(world.between(MINUTE, 10 * MINUTE));
    if (world.chance(0.1)) hosts.join();
    if (world.chance(0.05) && hosts.list.length > 2) hosts.leave();
    const host = world.pick(hosts.list);
    if (world.chance(0.5)) {
      host.reboot(world.chance(0.5));
      continue;
    }
    host.online = false;
    await world.sleep(world.between(MINUTE, 15 * MINUTE));
    host.online = true;
  }
}

/** A person who hears of a tripped breaker, sooner or later. */
async function watchBreakers(world: World, tables: Tables, functions: Functions, { requests }: Story): Promise<void> {
  for (;;) {
    await world.sleep(world.between(2 * MINUTE, 8 * MINUTE));
    for (const [jail, { state }] of tables.breakers) {
      if (state.kind !== "tripped") continue;
      const request = releaseRequest(jail, world.pick(["ban", "let-go"]), world.now);
      requests.push(request);
      await functions.ask(request);
    }
  }
}
