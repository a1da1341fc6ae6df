/** One storm: a story under a seed, from the first failure to the end of the last ban, and what was wrong with it. */
import { hostKey } from "../../shared/core/firewall/encode.ts";
import { Functions } from "./functions.ts";
import { Hosts } from "./hosts.ts";
import { judgeDecisions, judgeEnd, judgeHosts } from "./judge.ts";
import { type Logged, MINUTE, makeStory, START, STORM } from "./story.ts";
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
}

/** How long the last payload may be under way after the storm: its delay, three tries, its redelivery; ms. */
const LATE = 25 * MINUTE;

export async function runStorm(seed: number): Promise<StormReport> {
  const world = new World(seed, START);
  const tables = new Tables();
  const hosts = new Hosts(world, 3, (key, generation) =>
    [...tables.bans.values()].some(
      (ban) =>
        hostKey(ban.jail, ban.id) === key &&
        ban.generation === generation &&
        (ban.expiresAt ?? world.now + 1) > world.now,
    ),
  );
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
  for (const [batch, delay] of batches) void later(world, delay, () => functions.deliver(batch));
  for (const request of story.requests) void later(world, request.at - START, () => functions.ask(request));
  for (const reader of ["enforce", "notify"] as const) {
    for (let shard = 0; shard < SHARDS; shard++) void functions.follow(shard, reader);
  }
  // A schedule may start its function twice.
  void functions.sweep();
  void later(world, world.between(0, MINUTE), () => functions.sweep());
  void functions.reconcile();
  void trouble(world, hosts);

  await world.run(START + STORM + LATE);
  world.weather = CALM;
  for (const host of hosts.list) host.online = true;
  // Three reconciles: what differs twice in a row gets the full list.
  await world.run(world.now + 17 * MINUTE);
  const evidence = { story, regrouped, tables, hosts, log: functions.log };
  const settled = judgeHosts(evidence, world.now);
  await world.run(START + 150 * MINUTE);
  const broken = [...settled, ...judgeDecisions(evidence), ...judgeEnd(evidence, world.now)];
  const bans = tables.stream.flat().filter(({ change }) => change.kind === "banned").length;
  return { seed, broken, failures: story.failures.length, bans, commands: hosts.sent, lost: functions.log.lost.size };
}

async function later(world: World, delay: number, work: () => Promise<void>): Promise<void> {
  await world.sleep(delay);
  await work();
}

interface Payloads {
  readonly batches: readonly (readonly [batch: readonly Logged[], delay: number])[];
  /** Whether failures came again in other company. */
  readonly regrouped: boolean;
}

/** Payloads by host, seconds or minutes late, some twice, some of them in other company. */
function batchesOf(failures: readonly Logged[], world: World): Payloads {
  const byFlush = new Map<string, Logged[]>();
  for (const failure of failures) {
    const { stream, at } = failure.event;
    const flush = `${stream} ${Math.floor(at / 5_000)}`;
    byFlush.set(flush, [...(byFlush.get(flush) ?? []), failure]);
  }
  const batches: [readonly Logged[], number][] = [];
  let regrouped = false;
  // Agents that flush at the same moment make functions that work on the same rows at the same moment.
  const together = new Map<number, number>();
  for (const batch of byFlush.values()) {
    const at = Math.max(...batch.map(({ event }) => event.at)) - START;
    const flush = Math.floor(at / 5_000);
    const usual = together.get(flush) ?? world.between(1_000, 12_000);
    together.set(flush, usual);
    const delay = world.chance(0.1)
      ? world.between(MINUTE, 10 * MINUTE)
      : (flush + 1) * 5_000 - at + usual + world.between(0, 60);
    batches.push([batch, at + delay]);
    if (world.chance(0.2)) batches.push([batch, at + delay + world.between(0, 5 * MINUTE)]);
    const [other] = world.chance(0.1) ? [world.pick(batches)] : [];
    if (other === undefined) continue;
    regrouped = true;
    batches.push([[...batch, ...other[0]], Math.max(at + delay, other[1]) + world.between(0, MINUTE)]);
  }
  return { batches, regrouped };
}

/** Hosts go offline, reboot and come back. */
async function trouble(world: World, hosts: Hosts): Promise<void> {
  while (world.now < START + STORM) {
    await world.sleep(world.between(MINUTE, 10 * MINUTE));
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
