/**
 * What the cloud is asked for: requests to the tables by batch and offender, and commands by ban. Counted at the real
 * handlers, over real tables (dynalite), under a clock of the bench's own.
 */
import type { DynamoDBRecord } from "aws-lambda";
import { encodeBan } from "../shared/adapters/aws/dynamodb/ban-row.ts";
import type { Target } from "../shared/core/address.ts";
import type { Ban } from "../shared/core/ban.ts";
import {
  type Cloud,
  direct,
  failures,
  lines,
  payload,
  rulesetOf,
  START,
  startProcess,
  wordJail,
} from "../test/lambdas/rig.ts";
import { type Requests, watchRequests } from "../test/support/requests.ts";
import { type Image, recordOf } from "../test/support/stream/record.ts";
import { random } from "./lines.ts";
import { createSimulation } from "./simulation.ts";

export interface Flood {
  readonly lines: number;
  readonly ids: number;
  /** Failures that ban; so many that nobody is banned = each failure costs its write. */
  readonly maxretry: number;
}

export interface FloodCost {
  readonly batches: number;
  /** Different (id, jail, batch). */
  readonly offenders: number;
  readonly reads: number;
  readonly writes: number;
  readonly bans: number;
  readonly writesPerOffender: number;
  readonly readsPerBatch: number;
}

const BATCH = 1_000;

/** Lines of which one in a hundred is a failure, of so many ids, in batches of a thousand. */
export async function measureFlood(cloud: Cloud, flood: Flood): Promise<FloodCost> {
  const { process, requests } = await countedProcess(cloud, flood.maxretry);
  const next = random(20261122);
  let offenders = 0;
  const batches = flood.lines / BATCH;
  // Control rows are read once in ten seconds, and nothing is known at first: a process is warm before it is measured.
  await process.ingest(direct(payload(failures("198.51.100.1", 1))));
  requests.reset();
  for (let batch = 0; batch < batches; batch++) {
    const at = START + batch * BATCH;
    const ids = new Set<number>();
    const texts = Array.from({ length: BATCH }, (_, nth): readonly [number, string] => {
      if (nth % 100 !== 99) return [at + nth, `GET /index.html 200 ${nth} ms of an ordinary visitor`];
      const id = Math.floor(next() * flood.ids);
      ids.add(id);
      return [at + nth, `failed web 192.0.${id >> 8}.${id & 255}`];
    });
    offenders += ids.size;
    cloud.clock.advance(BATCH);
    await process.ingest(direct(payload(lines(...texts))));
  }
  let bans = 0;
  for await (const _ of cloud.state.bans.inJail("web")) bans++;
  const [reads, writes] = [requests.reads(), requests.writes()];
  return {
    batches,
    offenders,
    reads,
    writes,
    bans,
    writesPerOffender: writes / offenders,
    readsPerBatch: reads / batches,
  };
}

export interface QuietCost {
  /** Requests of a batch in which nobody fails, and of one in which only ids known to be banned do. */
  readonly withoutHit: number;
  readonly ofKnown: number;
}

export async function measureQuiet(cloud: Cloud): Promise<QuietCost> {
  const { process, requests } = await countedProcess(cloud, 3);
  const ordinary = lines(...Array.from({ length: BATCH }, (_, nth) => [START + nth, `GET /${nth} 200`] as const));
  const attack = (at: number) => payload([...failures("192.0.2.1", 500, at), ...failures("2001:db8::1", 500, at)]);
  requests.reset();
  await process.ingest(direct(payload(ordinary)));
  const withoutHit = requests.all();
  await process.ingest(direct(attack(START)));
  requests.reset();
  await process.ingest(direct(attack(START + BATCH)));
  return { withoutHit, ofKnown: requests.all() };
}

export interface AttackCost {
  readonly batches: number;
  readonly lines: number;
  readonly requests: number;
  readonly requestsPerBatch: number;
}

/** One attacker at 5 000 failures a second, whose lines so many functions see at once, each a batch of each second. */
export async function measureAttack(cloud: Cloud, functions: number, seconds: number): Promise<AttackCost> {
  const perBatch = Math.ceil(5_000 / functions);
  const all = await Promise.all(Array.from({ length: functions }, () => countedProcess(cloud, 3)));
  for (const { requests } of all) requests.reset();
  for (let second = 0; second < seconds; second++) {
    const at = START + second * 1_000;
    await Promise.all(all.map(({ process }) => process.ingest(direct(payload(failures("192.0.2.1", perBatch, at))))));
    cloud.clock.advance(1_000);
  }
  const requests = all.reduce((sum, each) => sum + each.requests.all(), 0);
  const batches = functions * seconds;
  return { batches, lines: batches * perBatch, requests, requestsPerBatch: requests / batches };
}

export interface Storm {
  readonly bans: number;
  readonly shards: number;
}

export interface StormCost {
  readonly commands: number;
  /** Whether each names the fleet by its tag, so that their number is the same for three hosts and for five hundred. */
  readonly byTag: boolean;
  /** From the row to the command, ms. */
  readonly longestDelay: number;
}

/** Bans that come evenly over a minute, over the shards of the stream, each with a function of its own that reads it. */
export async function measureStorm(cloud: Cloud, { bans, shards }: Storm): Promise<StormCost> {
  const begin = cloud.clock.now();
  const arrivals = Array.from({ length: bans }, (_, nth) => {
    const at = begin + Math.floor((nth * 60_000) / bans);
    return { at, record: inserted(stormBan(nth, at), nth, at) };
  });
  const simulation = createSimulation(cloud.clock);
  const before = cloud.ssm.sent.length;
  let longestDelay = 0;
  const reader = async (shard: number) => {
    const client = cloud.engine.connect();
    const { enforce } = await startProcess(cloud, { client, wait: simulation.sleep, remaining: () => 300_000 });
    const open = arrivals.filter((_, nth) => nth % shards === shard);
    while (open.length > 0) {
      await simulation.sleep(Math.max(0, open[0]!.at - cloud.clock.now()));
      // The mapping's window.
      await simulation.sleep(1_000);
      const ready = open.filter(({ at }) => at <= cloud.clock.now()).slice(0, 1_000);
      const { batchItemFailures } = await enforce({ Records: ready.map(({ record }) => record) });
      if (batchItemFailures.length > 0) throw new Error("a batch of the storm failed");
      longestDelay = Math.max(longestDelay, cloud.clock.now() - ready[0]!.at);
      open.splice(0, ready.length);
    }
  };
  await simulation.run(Array.from({ length: shards }, (_, shard) => () => reader(shard)));
  const sent = cloud.ssm.sent.slice(before);
  const byTag = sent.every(({ input }) => input.Targets?.length === 1 && input.InstanceIds === undefined);
  return { commands: sent.length, byTag, longestDelay };
}

function stormBan(nth: number, since: number): Ban {
  return {
    ...{ id: `198.51.${nth >> 8}.${nth & 255}` as Target, jail: "web", since, expiresAt: since + 3_600_000 },
    ...{
      generation: since,
      count: 1,
      failures: 3,
      matches: [],
      source: "i-1",
      actor: "fleet2ban",
      ruleset: "ruleset-1",
    },
  };
}

/** The record that the stream has of a new row. */
function inserted(ban: Ban, nth: number, at: number): DynamoDBRecord {
  const after = encodeBan(ban) as Image;
  const keys = { id: after.id!, jail: after.jail! };
  return recordOf({
    keys,
    before: undefined,
    after,
    at,
    nth: nth + 1,
    streamArn: "arn",
    region: "us-east-1",
    signed: false,
  })!;
}

async function countedProcess(cloud: Cloud, maxretry: number) {
  const client = cloud.engine.connect();
  const requests: Requests = watchRequests(client);
  const ruleset = rulesetOf({ jails: [wordJail("web", { maxretry })], bansPerMinute: 100_000 });
  return { process: await startProcess(cloud, { client, ruleset }), requests };
}
