/** The stream stand-in sends what DynamoDB is documented to send. */
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createCloudState } from "../../../../shared/adapters/aws/dynamodb/cloud-state.ts";
import { decodeStreamRecord } from "../../../../shared/adapters/aws/dynamodb/stream-record.ts";
import type { Bans } from "../../../../shared/ports/bans.ts";
import { EVERY_ID, sampleBan, target } from "../../../contracts/samples.ts";
import { type Engine, openEngine } from "../../../support/dynalite.ts";
import { openTableStream, type TableStream } from "../../../support/stream/stream.ts";

let engine: Engine;
let stream: TableStream;
let client: DynamoDBClient;
let bans: Bans;
let clock: number;

beforeAll(async () => {
  engine = await openEngine();
});
beforeEach(async () => {
  await engine.empty();
  clock = 1_700_000_000_400;
  stream = await openTableStream({ upstream: engine, table: engine.tables.bans, now: () => clock });
  client = engine.connect(stream.endpoint);
  bans = createCloudState(client, engine.tables).bans;
  return () => stream.close();
});
afterAll(() => engine.close());

/** The three writes of the example in AWS's guide "Using AWS Lambda with Amazon DynamoDB", and what it says they send. */
const KEYS = { Id: { N: "101" } };
const FIRST = { Message: { S: "New item!" }, Id: { N: "101" } };
const SECOND = { Message: { S: "This item has changed" }, Id: { N: "101" } };
const DOCUMENTED = [
  { eventName: "INSERT", dynamodb: { Keys: KEYS, NewImage: FIRST, SizeBytes: 26 } },
  { eventName: "MODIFY", dynamodb: { Keys: KEYS, NewImage: SECOND, OldImage: FIRST, SizeBytes: 59 } },
  { eventName: "REMOVE", dynamodb: { Keys: KEYS, OldImage: SECOND, SizeBytes: 38 } },
] as const;

it("sends the documented records for the documented writes", async () => {
  const TableName = `${engine.tables.bans}-documented`;
  await engine.client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "Id", AttributeType: "N" }],
      KeySchema: [{ AttributeName: "Id", KeyType: "HASH" }],
    }),
  );
  const documented = await openTableStream({ upstream: engine, table: TableName, now: () => clock });
  const writer = engine.connect(documented.endpoint);
  await writer.send(new PutItemCommand({ TableName, Item: FIRST }));
  await writer.send(
    new UpdateItemCommand({
      TableName,
      Key: KEYS,
      UpdateExpression: "SET Message = :message",
      ExpressionAttributeValues: { ":message": SECOND.Message },
    }),
  );
  await writer.send(new DeleteItemCommand({ TableName, Key: KEYS }));
  const records = documented.take(10);
  await documented.close();
  await engine.client.send(new DeleteTableCommand({ TableName }));

  expect(records).toEqual(
    DOCUMENTED.map(({ eventName, dynamodb }) => ({
      eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventName,
      eventVersion: "1.1",
      eventSource: "aws:dynamodb",
      awsRegion: "us-east-1",
      dynamodb: {
        ...dynamodb,
        ApproximateCreationDateTime: 1_700_000_000,
        SequenceNumber: expect.stringMatching(/^\d{21,40}$/),
        StreamViewType: "NEW_AND_OLD_IMAGES",
      },
      eventSourceARN: expect.stringMatching(
        /^arn:aws:dynamodb:us-east-1:\d{12}:table\/\S+\/stream\/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/,
      ),
    })),
  );
});

describe("the stand-in", () => {
  it("sends nothing for a write that changes nothing, or that its condition refuses", async () => {
    await bans.put(sampleBan());
    await bans.put(sampleBan());
    await bans.lift({ ...sampleBan(), generation: 7 }, 1);
    await client.send(
      new UpdateItemCommand({
        TableName: engine.tables.bans,
        Key: { id: { S: "192.0.2.1" }, jail: { S: "web" } },
        UpdateExpression: "SET actor = :same",
        ExpressionAttributeValues: { ":same": { S: "fleet2ban" } },
      }),
    );
    await client.send(
      new DeleteItemCommand({ TableName: engine.tables.bans, Key: { id: { S: "?" }, jail: { S: "?" } } }),
    );
    expect(names(stream.take(10))).toEqual(["INSERT"]);
  });

  it("sees batches, and neither reads nor other tables", async () => {
    await bans.put(sampleBan());
    await bans.ofId(sampleBan().id);
    await createCloudState(client, engine.tables).pace.reserve("commands", 1, 1);
    await client.send(
      new BatchWriteItemCommand({
        RequestItems: {
          [engine.tables.bans]: [
            { DeleteRequest: { Key: { id: { S: "192.0.2.1" }, jail: { S: "web" } } } },
            { PutRequest: { Item: { id: { S: "a" }, jail: { S: "web" } } } },
          ],
        },
      }),
    );
    expect(names(stream.records()).toSorted()).toEqual(["INSERT", "INSERT", "REMOVE"]);
  });

  it("keeps the order per key among many writers, and each image joins the next", async () => {
    const rounds = Array.from({ length: 12 }, (_, round) => 1 + round);
    await Promise.all(
      EVERY_ID.flatMap((id) =>
        rounds.map(async (round) => {
          const ban = sampleBan({ id, since: round * 10_000, expiresAt: round * 10_000 + 5, generation: round });
          await bans.put(ban);
          if (round % 3 === 0) await bans.lift(ban, round * 10_000 + 5);
        }),
      ),
    );
    const records = stream.records();
    expect(new Set(records.map((record) => record.eventID)).size).toBe(records.length);
    for (const id of EVERY_ID) {
      const own = records.filter((record) => record.dynamodb!.Keys!.id!.S === id);
      let before: unknown;
      for (const record of own) {
        expect(record.dynamodb!.OldImage).toEqual(before);
        before = record.dynamodb!.NewImage;
      }
      expect(await bans.ofId(id)).toEqual(
        before === undefined ? [] : [expect.objectContaining({ id, generation: Number((before as Row).generation.N) })],
      );
      const order = own.map((record) => BigInt(record.dynamodb!.SequenceNumber!));
      expect(order).toEqual(order.toSorted((a, b) => (a < b ? -1 : 1)));
    }
  });

  it("serves each reader from the beginning, as much as it takes", async () => {
    for (const id of EVERY_ID) await bans.put(sampleBan({ id }));
    const another = stream.reader();
    expect(stream.take(2).length).toBe(2);
    expect(stream.take(100).length).toBe(EVERY_ID.length - 2);
    expect(stream.take(100)).toEqual([]);
    expect(another(100)).toEqual(stream.records());
  });

  it.each([
    { signed: true, identity: { type: "Service", principalId: "dynamodb.amazonaws.com" } },
    { signed: false, identity: undefined },
  ])("deletes what TTL would, signed: $signed", async ({ signed, identity }) => {
    const at = (id: string, expiresAt: number | undefined) => sampleBan({ id: target(id), expiresAt });
    await bans.put(at("192.0.2.1", 1_700_000_000_500));
    await bans.put(at("192.0.2.2", 1_700_000_001_001));
    await bans.put(at("192.0.2.3", undefined));
    await bans.put(at("192.0.2.4", 1_000));
    stream.take(10);
    // The TTL of the first is whole seconds, never before its end.
    expect(await stream.expire(1_700_000_000_999, { signed })).toBe(0);
    expect(await stream.expire(1_700_000_001_500, { signed })).toBe(1);
    const [record, ...others] = stream.take(10);
    expect(others).toEqual([]);
    expect(record!.userIdentity).toEqual(identity);
    expect(decodeStreamRecord(record!)).toMatchObject({
      change: { kind: "lifted", ban: at("192.0.2.1", 1_700_000_000_500), reason: "expired" },
    });
    // Years old: ignored, as documented.
    expect((await bans.ofId(target("192.0.2.4"))).length).toBe(1);
  });
});

type Row = { readonly generation: { readonly N: string } };

function names(records: readonly DynamoDBRecord[]): readonly (string | undefined)[] {
  return records.map((record) => record.eventName);
}
