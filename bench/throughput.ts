/** Lines per second of the whole path, from CloudWatch payload to decisions, and of its decoding alone; one core. */
import type { JailConfig } from "../shared/core/config/model.ts";
import { decodeEnvelope } from "../shared/core/envelope.ts";
import { startEngine } from "./engine.ts";
import type { BenchLine } from "./lines.ts";
import { toPayloads, unpack } from "./payloads.ts";

export interface Throughput {
  readonly decodeLinesPerSecond: number;
  readonly linesPerSecond: number;
  /** Of the last round. */
  readonly bans: number;
}

const ROUNDS = 5;

/** Rounds of both in turn, so that a machine that speeds up or slows down does it to both; the medians. */
export async function measureThroughput(
  lines: readonly BenchLine[],
  jails: readonly JailConfig[],
): Promise<Throughput> {
  const payloads = toPayloads(lines);
  const decode: number[] = [];
  const whole: number[] = [];
  let bans = 0;
  for (let round = 0; round <= ROUNDS; round += 1) {
    const engine = await startEngine(jails);
    const decodeTime = await timed(async () => {
      for (const payload of payloads) JSON.parse(unpack(payload).toString("utf8"));
    });
    bans = 0;
    const wholeTime = await timed(async () => {
      for (const payload of payloads) {
        const envelope = decodeEnvelope(unpack(payload), () => engine.matcher.rawJson());
        if (envelope.kind !== "events") throw new Error(`a payload is ${envelope.kind}`);
        bans += await engine.ingest(envelope.events);
      }
    });
    await engine.state.close();
    // The first round warms up.
    if (round > 0) decode.push(decodeTime);
    if (round > 0) whole.push(wholeTime);
  }
  return {
    decodeLinesPerSecond: lines.length / median(decode),
    linesPerSecond: lines.length / median(whole),
    bans,
  };
}

/** Seconds. */
async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[values.length >> 1]!;
}
