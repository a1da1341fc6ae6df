/** One record of a table's stream, made from what stood before a write and what stands after it. */
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { AttributeValue, DynamoDBRecord } from "aws-lambda";

/** A row in the wire's JSON: bytes are base64 text. */
export type Image = Record<string, AttributeValue>;

export interface WriteSeen {
  readonly keys: Image;
  readonly before: Image | undefined;
  readonly after: Image | undefined;
  /** When, epoch ms. */
  readonly at: number;
  /** The nth record of the stream, from 1. */
  readonly nth: number;
  readonly streamArn: string;
  readonly region: string;
  /** The TTL service did it, and says so. */
  readonly signed: boolean;
}

/** The record of a write; undefined where it changed nothing, as the service sends none then. */
export function recordOf(seen: WriteSeen): DynamoDBRecord | undefined {
  const { keys, before, after } = seen;
  if (isDeepStrictEqual(before, after)) return undefined;
  const images = { ...(after && { NewImage: after }), ...(before && { OldImage: before }) };
  return {
    eventID: randomUUID().replaceAll("-", ""),
    eventName: before === undefined ? "INSERT" : after === undefined ? "REMOVE" : "MODIFY",
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: seen.region,
    dynamodb: {
      ApproximateCreationDateTime: Math.round(seen.at / 1000),
      Keys: keys,
      ...images,
      SequenceNumber: `${seen.nth}00000000000000000000`,
      SizeBytes: [keys, after, before].reduce((sum, image) => sum + sizeOf(image ?? {}), 0),
      StreamViewType: "NEW_AND_OLD_IMAGES",
    },
    eventSourceARN: seen.streamArn,
    ...(seen.signed && { userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" } }),
  };
}

/** Bytes of a row as DynamoDB counts them: names and values in UTF-8, two digits of a number a byte. */
function sizeOf(image: Image): number {
  return Object.entries(image).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + sizeOfValue(value), 0);
}

function sizeOfValue(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return Math.ceil(value.N.replace(/^-?0*\.?0*|\.|0+$/g, "").length / 2) + 1;
  if (value.B !== undefined) return Buffer.from(value.B, "base64").length;
  if (value.L !== undefined) return value.L.reduce((sum, each) => sum + sizeOfValue(each) + 1, 3);
  if (value.M !== undefined) return Object.keys(value.M).length + 3 + sizeOf(value.M);
  const set = value.SS ?? value.NS ?? value.BS;
  return set === undefined ? 1 : set.reduce((sum, each) => sum + Buffer.byteLength(each), 0);
}
