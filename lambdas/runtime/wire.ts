/** What every function is put together from at its start: clock, log, metrics, and the state behind its short memories. */
import { setTimeout as sleep } from "node:timers/promises";
import { type CloudState, createCloudState } from "../../shared/adapters/aws/dynamodb/cloud-state.ts";
import { openDynamoDB } from "../../shared/adapters/aws/lambda-clients.ts";
import { chance } from "../../shared/app/chance.ts";
import { createAllowlist } from "../../shared/app/check-allowlist.ts";
import type { IngestDeps } from "../../shared/app/ingest-events.ts";
import { createCachedResolver } from "../../shared/app/resolve-names.ts";
import { waitBefore } from "../../shared/app/retry-conflicts.ts";
import { createTurns } from "../../shared/app/take-turns.ts";
import type { SweepEnvironment } from "../../shared/contract/environment.ts";
import type { PortError } from "../../shared/ports/failure.ts";
import type { Resolver } from "../../shared/ports/resolver.ts";
import { cacheBreakers, cacheControl } from "./cached-control.ts";
import type { Frame } from "./invocation.ts";
import { createLog } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { createResolver } from "./resolver.ts";
import type { ReadyRuleset } from "./ruleset.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The frame of a function's invocations; log and metrics go to standard output, where CloudWatch takes them. */
export function openFrame(name: string, stack: string): Frame {
  const write = (line: string) => void process.stdout.write(`${line}\n`);
  const log = createLog({ write, now: Date.now, fields: { stack, function: name } });
  return { log, metrics: createMetrics(stack, write), now: Date.now };
}

/** The state over the stack's tables, with control rows and breakers remembered for a short time. */
export function openState(tables: Omit<SweepEnvironment, "STACK_NAME">, env: Env, frame: Frame): CloudState {
  const { WINDOWS_TABLE: windows, BANS_TABLE: bans, CONTROL_TABLE: control } = tables;
  const { now } = frame;
  const options = { now, unreadable: tellUnreadable(frame) };
  return withMemories(createCloudState(openDynamoDB(env), { windows, bans, control }, options), now);
}

/** Rows that somebody else wrote are done without, and a person should hear of them. */
export function tellUnreadable({ log, metrics }: Frame): (error: PortError) => void {
  return (error) => {
    log.error("a row cannot be read, and is done without", error);
    metrics.count("Malformed", 1);
  };
}

export function withMemories(state: CloudState, now: () => number): CloudState {
  return { ...state, control: cacheControl(state.control, now), breakers: cacheBreakers(state.breakers, now) };
}

/** Ids of a batch whose rows are written at once. */
const CONCURRENCY = 16;

export interface CountingDeps {
  readonly state: CloudState;
  readonly ruleset: ReadyRuleset;
  readonly resolver?: Resolver;
  /** Waits so many ms before a conflict is tried again. */
  readonly wait?: (duration: number) => Promise<unknown>;
}

/** What counting failures needs of state and ruleset. */
export function countingDeps({
  state,
  ruleset,
  resolver = createResolver(),
  wait = sleep,
}: CountingDeps): Omit<IngestDeps, "matcher" | "metrics" | "known"> {
  const { windows, bans, offenders, breakers, holds, totals, lineStates, control } = state;
  const { neverBan, rules, hash, bansPerMinute } = ruleset;
  const names = createCachedResolver(resolver);
  return {
    ...{ windows, bans, offenders, breakers, holds, totals, lineStates, rules, bansPerMinute, chance },
    allowlist: createAllowlist({ neverBan, control, resolver: names }),
    resolver: names,
    ruleset: hash,
    backoff: async (attempt) => void (await wait(waitBefore(attempt, Math.random()))),
    concurrency: CONCURRENCY,
    turn: createTurns(),
    frugal: true,
  };
}
