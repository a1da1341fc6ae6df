/**
 * The functions' world for tests: tables on dynalite, a clock that the test moves, and processes that can be started anew.
 *
 * A process is what Lambda keeps warm: handlers with caches of their own over the same tables.
 */
import { gzipSync } from "node:zlib";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createHandler as createEnforceHandler } from "../../lambdas/enforce/handler.ts";
import { createHandler as createIngestHandler } from "../../lambdas/ingest/handler.ts";
import { createTakePayload } from "../../lambdas/ingest/take-payload.ts";
import { type Call, inFrame } from "../../lambdas/runtime/invocation.ts";
import { createLog } from "../../lambdas/runtime/log.ts";
import { createMetrics } from "../../lambdas/runtime/metrics.ts";
import { rememberRevision } from "../../lambdas/runtime/revision.ts";
import { readyRuleset } from "../../lambdas/runtime/ruleset.ts";
import { countingDeps, tellUnreadable, withMemories } from "../../lambdas/runtime/wire.ts";
import { createHandler as createSweepHandler } from "../../lambdas/sweep/handler.ts";
import { type CloudState, createCloudState } from "../../shared/adapters/aws/dynamodb/cloud-state.ts";
import { createSsmFleet } from "../../shared/adapters/aws/ssm/fleet.ts";
import { hostScript } from "../../shared/contract/host-script.ts";
import type { CompiledRuleset } from "../../shared/contract/ruleset.ts";
import type { ActionConfig } from "../../shared/core/config/model.ts";
import type { Alarm } from "../../shared/ports/alarm.ts";
import type { SetAside } from "../../shared/ports/set-aside.ts";
import { type Engine, openEngine } from "../support/dynalite.ts";
import { type JailSketch, jailOf } from "../support/jail.ts";
import { openTableStream, type TableStream } from "../support/stream/stream.ts";
import { DOCUMENT, type RunCommand, runCommand } from "./run-command.ts";

/** When the tests play: 2026-11-22T16:00:00Z. */
export const START = Date.UTC(2026, 10, 22, 16);
export const LOG_GROUP = "/var/log/haproxy";
export const STACK = "test";

export const FIREWALL: ActionConfig = {
  kind: "firewall",
  name: "iptables-multiport",
  ports: "http,https",
  protocol: "tcp",
  chain: "INPUT",
  blocktype: "DROP",
};

/** A jail that counts lines "failed JAIL ADDRESS": maxretry 3, findtime 600 s, bantime 3 600 s, with a firewall. */
export function wordJail(name: string, more: JailSketch = {}) {
  const failregex = [`^failed ${name} <HOST>$`];
  return jailOf({ name, failregex, maxretry: 3, findtime: 600_000, bantime: 3_600_000, actions: [FIREWALL], ...more });
}

export function rulesetOf(more: Partial<CompiledRuleset> = {}): CompiledRuleset {
  const jails = more.jails ?? [wordJail("web")];
  return {
    format: 1,
    hash: "ruleset-1",
    jails,
    observed: [],
    logGroups: { [LOG_GROUP]: jails.filter((jail) => jail.logs.length === 0).map((jail) => jail.name) },
    lists: {},
    neverBan: ["10.0.0.0/8"],
    bansPerMinute: 300,
    ...more,
  };
}

export interface Line {
  readonly at: number;
  readonly text: string;
  readonly id?: string;
}

let serial = 0;

/** Lines with identities of their own. */
export function lines(...texts: readonly (readonly [at: number, text: string])[]): Line[] {
  return texts.map(([at, text]) => ({ at, text, id: `event-${String(serial++).padStart(50, "0")}` }));
}

export function failures(who: string, times: number, at = START, jail = "web"): Line[] {
  return lines(...Array.from({ length: times }, (_, nth) => [at + nth, `failed ${jail} ${who}`] as const));
}

/** The data of one payload, as the service packs it. */
export function payload(events: readonly Line[], more: Record<string, unknown> = {}): string {
  const envelope = {
    messageType: "DATA_MESSAGE",
    owner: "123456789012",
    logGroup: LOG_GROUP,
    logStream: "i-0123456789abcdef0",
    subscriptionFilters: ["fleet2ban"],
    logEvents: events.map(({ id, at, text }) => ({ id, timestamp: at, message: text })),
    ...more,
  };
  return pack(JSON.stringify(envelope));
}

export function pack(text: string): string {
  return gzipSync(text).toString("base64");
}

export const direct = (data: string) => ({ awslogs: { data } });

export const records = (...data: readonly string[]) => ({
  Records: data.map((each, nth) => ({
    eventSource: "aws:kinesis",
    kinesis: { sequenceNumber: `seq-${nth}`, data: each },
  })),
});

export interface Clock {
  readonly now: () => number;
  advance(duration: number): void;
}

export function virtualClock(at = START): Clock {
  let time = at;
  return {
    now: () => time,
    advance(duration) {
      time += duration;
    },
  };
}

/** What a process wrote to its standard output, parsed. */
export interface Output {
  readonly write: (line: string) => void;
  readonly logs: () => readonly Record<string, unknown>[];
  /** The sum of a metric over all invocations, by the stack. */
  readonly sum: (name: string) => number;
  readonly delays: (stage: string) => readonly number[];
}

export function output(): Output {
  const all: Record<string, unknown>[] = [];
  const stackWide = () => all.filter((record) => "_aws" in record && !("Jail" in record));
  return {
    write: (line) => void all.push(JSON.parse(line)),
    logs: () => all.filter((record) => !("_aws" in record)),
    sum: (name) => stackWide().reduce((sum, record) => sum + ((record[name] as number | undefined) ?? 0), 0),
    delays: (stage) => stackWide().flatMap((record) => (record[stage] as number[] | undefined) ?? []),
  };
}

export interface Cloud {
  readonly engine: Engine;
  readonly clock: Clock;
  /** The tables without any cache, for looking. */
  readonly state: CloudState;
  /** What happens to the bans table, for readers. */
  readonly stream: TableStream;
  readonly ssm: RunCommand;
  close(): Promise<void>;
}

export async function openCloud(): Promise<Cloud> {
  const engine = await openEngine();
  const clock = virtualClock();
  const { endpoint, client, tables } = engine;
  const stream = await openTableStream({ upstream: { endpoint, client }, table: tables.bans, now: clock.now });
  const state = createCloudState(engine.connect(stream.endpoint), tables, { now: clock.now });
  const close = async () => {
    await stream.close();
    await engine.close();
  };
  return { engine, clock, state, stream, ssm: runCommand(clock.now), close };
}

export interface ProcessOptions {
  readonly ruleset?: CompiledRuleset;
  readonly client?: DynamoDBClient;
  readonly alarm?: Alarm;
  readonly setAside?: SetAside;
  /** Wraps the state, to break it. */
  readonly through?: (state: CloudState) => CloudState;
  readonly remaining?: () => number;
  /** Waits for a slot; by default the clock moves on and the wait is kept in `waits`. */
  readonly wait?: (duration: number) => Promise<void>;
}

/** What was set aside. */
export function shelf(): SetAside & { readonly items: { source: string; reason: string; body: string }[] } {
  const items: { source: string; reason: string; body: string }[] = [];
  return { items, put: async (item) => void items.push(item) };
}

let requests = 0;

/** The pieces of a warm process over the cloud's tables. */
export async function startProcess(cloud: Cloud, options: ProcessOptions = {}) {
  const { clock, engine } = cloud;
  const out = output();
  const frame = {
    log: createLog({ write: out.write, now: clock.now, fields: { stack: STACK, function: "test" } }),
    metrics: createMetrics(STACK, out.write),
    now: clock.now,
  };
  const client = options.client ?? engine.connect(cloud.stream.endpoint);
  const raw = createCloudState(client, engine.tables, { now: clock.now, unreadable: tellUnreadable(frame) });
  const state = withMemories(options.through?.(raw) ?? raw, clock.now);
  const ruleset = await readyRuleset(options.ruleset ?? rulesetOf());
  const alarms: { subject: string; text: string }[] = [];
  const alarm: Alarm = options.alarm ?? { raise: async (each) => void alarms.push(each) };
  const setAside = options.setAside ?? shelf();
  const resolver = { resolve: async () => [] };
  const counting = countingDeps({ state, ruleset, resolver, wait: async () => undefined });
  const context = () => ({
    awsRequestId: `request-${requests++}`,
    getRemainingTimeInMillis: options.remaining ?? (() => 60_000),
  });
  const run =
    <Event, Result>(handle: (event: Event, call: Call) => Promise<Result>) =>
    (event: Event): Promise<Result> =>
      inFrame(frame, handle)(event, context());
  const alarmDeps = { alarm, stack: STACK, bansPerMinute: ruleset.bansPerMinute };
  const waits: number[] = [];
  const waitHere = async (duration: number) => {
    waits.push(duration);
    clock.advance(duration);
  };
  const fleet = createSsmFleet({
    ...{ client: cloud.ssm.client, document: DOCUMENT, scriptSha256: hostScript.sha256 },
    ...{ tag: { key: "fleet2ban", value: STACK }, commands: state.commands, metrics: frame.metrics, now: clock.now },
  });
  const enforce = createEnforceHandler({
    ...alarmDeps,
    ...{ ruleset, fleet, counting, setAside },
    revision: rememberRevision({ hash: ruleset.hash, text: "{}" }, state.editions, clock.now),
    pacing: {
      pace: state.pace,
      pool: state.pool,
      wait: options.wait ?? waitHere,
    },
  });
  const takePayload = createTakePayload({ ruleset, counting, setAside, ...alarmDeps });
  return {
    ...{ out, state, ruleset, alarms, alarmDeps, setAside, counting, frame, run, context },
    waits,
    ingest: run(createIngestHandler({ takePayload, setAside })),
    enforce: run(enforce),
    sweep: run(createSweepHandler({ bans: state.bans })),
  };
}

export type Process = Awaited<ReturnType<typeof startProcess>>;
