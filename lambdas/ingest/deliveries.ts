/** The two ways in: a subscription of the function itself, or of a Kinesis stream that the function reads. */
import type { CloudWatchLogsEvent, KinesisStreamEvent } from "aws-lambda";

export type IngestEvent = CloudWatchLogsEvent | KinesisStreamEvent;

/** One payload; `id` is the sequence number by which a record of a stream is asked for again. */
export interface Delivery {
  readonly id: string | undefined;
  readonly data: string;
}

export type Deliveries =
  /** One payload: what throws has it delivered again. */
  | { readonly kind: "direct"; readonly deliveries: readonly Delivery[] }
  /** Records in their order: the first that failed, and everything behind it, is delivered again. */
  | { readonly kind: "stream"; readonly deliveries: readonly Delivery[] }
  | { readonly kind: "unknown" };

/** The event is what anybody with the right to invoke the function sends: nothing about it is taken for granted. */
export function deliveriesOf(event: unknown): Deliveries {
  const { awslogs, Records } = (event ?? {}) as {
    readonly awslogs?: { readonly data?: unknown };
    readonly Records?: unknown;
  };
  if (typeof awslogs?.data === "string") return { kind: "direct", deliveries: [{ id: undefined, data: awslogs.data }] };
  if (!Array.isArray(Records)) return { kind: "unknown" };
  const deliveries = Records.map(deliveryOf);
  return deliveries.every((delivery) => delivery !== undefined) ? { kind: "stream", deliveries } : { kind: "unknown" };
}

function deliveryOf(record: unknown): Delivery | undefined {
  const { kinesis } = (record ?? {}) as {
    readonly kinesis?: { readonly sequenceNumber?: unknown; readonly data?: unknown };
  };
  if (typeof kinesis?.sequenceNumber !== "string" || typeof kinesis.data !== "string") return undefined;
  return { id: kinesis.sequenceNumber, data: kinesis.data };
}
