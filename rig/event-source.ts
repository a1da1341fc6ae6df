/**
 * The event source mapping of a table's stream: batches in order, a window that lets them grow, the rest of a batch again
 * from its first failed record, and halves of a batch that fails as a whole.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { DynamoDBRecord } from "aws-lambda";
import type { LambdaFunction } from "../test/support/lambda-runtime.ts";

export interface EventSourceOptions {
  readonly lambda: LambdaFunction;
  readonly read: (limit: number) => readonly DynamoDBRecord[];
  readonly batch: number;
  /** How long a batch may grow, ms. */
  readonly window: () => number;
  /** Hears of each failure, in words. */
  readonly failed: (what: string) => void;
}

export interface Pausable {
  /** Ends when what is under way has ended. */
  pause(): Promise<void>;
  resume(): void;
}

/** Between two looks at an empty stream, and before records are handed over again, ms. Nothing is ever given up. */
const LOOK = 200;
const AGAIN = 1_000;

export function startEventSource(options: EventSourceOptions): Pausable {
  const { lambda, read, batch, window, failed } = options;
  /** Hands over records; returns those that are to come again. */
  const hand = async (records: readonly DynamoDBRecord[]): Promise<readonly DynamoDBRecord[]> => {
    const outcome = await lambda.invoke({ Records: records });
    if (outcome.kind !== "result") {
      failed(`${lambda.name} failed with ${records.length} records: ${JSON.stringify(outcome).slice(0, 300)}`);
      return records;
    }
    const [first] = (outcome.value as { batchItemFailures: { itemIdentifier: string }[] }).batchItemFailures;
    if (first === undefined) return [];
    failed(`${lambda.name} asks for a part of ${records.length} records again`);
    const from = records.findIndex(({ dynamodb }) => dynamodb?.SequenceNumber === first.itemIdentifier);
    return records.slice(Math.max(0, from));
  };
  let left: readonly DynamoDBRecord[] = [];
  let most = batch;
  return repeat(async () => {
    let records = left;
    if (records.length === 0) {
      records = read(batch);
      if (records.length === 0) return LOOK;
      await sleep(window());
      records = [...records, ...read(batch - records.length)];
    }
    const part = records.slice(0, most);
    const again = await hand(part);
    // A batch of which nothing went is halved, until the record is alone that is at fault.
    most = again.length === part.length ? Math.ceil(part.length / 2) : batch;
    left = [...again, ...records.slice(part.length)];
    return again.length === 0 ? 0 : AGAIN;
  });
}

/** Does `work` for ever; it says how many ms to wait until the next time. */
export function repeat(work: () => Promise<number>): Pausable {
  let isPaused = false;
  let running: Promise<void> | undefined;
  const loop = async () => {
    while (!isPaused) {
      let wait = await work();
      // In small steps, so that a pause does not wait for a schedule.
      for (; wait > 0 && !isPaused; wait -= LOOK) await sleep(Math.min(wait, LOOK));
    }
  };
  const resume = () => {
    isPaused = false;
    running ??= loop();
  };
  resume();
  return {
    async pause() {
      isPaused = true;
      await running;
      running = undefined;
    },
    resume,
  };
}
