/** The rig's event source mapping: every record arrives, in order, whatever fails; and nothing is handed over while it is paused. */
import type { DynamoDBRecord } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { startEventSource } from "../../rig/event-source.ts";
import type { Invocation, LambdaFunction } from "../support/lambda-runtime.ts";

const EXITED: Invocation = { kind: "exited", code: 1 };

function recordsOf(count: number): DynamoDBRecord[] {
  return Array.from({ length: count }, (_, nth) => ({ dynamodb: { SequenceNumber: String(nth + 1) } }));
}

/** Hands over records 1 to `count`; `answer` says what comes of a batch. Returns the batches until record `count` is through. */
async function batches(
  count: number,
  answer: (batch: readonly string[], nth: number) => Invocation | { readonly failedFrom: string | undefined },
): Promise<string[][]> {
  const waiting = recordsOf(count);
  const seen: string[][] = [];
  let isOver = () => {};
  const over = new Promise<void>((resolve) => {
    isOver = resolve;
  });
  const invoke = async (event: unknown): Promise<Invocation> => {
    const batch = (event as { Records: DynamoDBRecord[] }).Records.map(({ dynamodb }) => dynamodb!.SequenceNumber!);
    seen.push(batch);
    const outcome = answer(batch, seen.length);
    if ("kind" in outcome) return outcome;
    const { failedFrom } = outcome;
    if (failedFrom === undefined && batch.includes(String(count))) isOver();
    const failures = failedFrom === undefined ? [] : [{ itemIdentifier: failedFrom }];
    return { kind: "result", value: { batchItemFailures: failures }, cold: undefined };
  };
  const source = startEventSource({
    lambda: { name: "test", invoke } as unknown as LambdaFunction,
    read: (limit) => waiting.splice(0, limit),
    ...{ batch: 4, window: () => 0, failed: () => undefined },
  });
  await over;
  await source.pause();
  return seen;
}

describe("the rig's event source mapping", () => {
  it("hands over whole batches", async () => {
    expect(await batches(5, () => ({ failedFrom: undefined }))).toEqual([["1", "2", "3", "4"], ["5"]]);
  });

  it("comes again from the record that failed", async () => {
    const seen = await batches(4, (_, nth) => ({ failedFrom: nth === 1 ? "2" : undefined }));
    expect(seen).toEqual([
      ["1", "2", "3", "4"],
      ["2", "3", "4"],
    ]);
  });

  it("halves a batch of which nothing goes, and keeps the order", async () => {
    const seen = await batches(4, (_, nth) => (nth <= 2 ? EXITED : { failedFrom: undefined }));
    expect(seen).toEqual([["1", "2", "3", "4"], ["1", "2"], ["1"], ["2", "3", "4"]]);
  });
});
