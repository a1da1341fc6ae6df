/**
 * A stand-in for the stream and the TTL of one table, which dynalite has not.
 *
 * It is a proxy before the engine: who writes through its endpoint (this process, a Lambda bundle in another one, a
 * command line) has each write seen. A write's rows are read before and after it, or told by its answer, nobody else may
 * touch them in between, and what differs becomes the record that DynamoDB would send: INSERT, MODIFY or REMOVE with both images, in
 * order per key, none for a write that changes nothing. `expire` deletes what the TTL service would.
 *
 * Its limits. It sees no write that goes past its endpoint. It keeps everything for ever, in memory, in one shard: no
 * 24 hours, no shard splits, no limit on readers. It delivers what is taken and nothing by itself: batches, retries,
 * bisecting, redelivery and the order of different keys are what its user makes of `take`. TTL comes when `expire` is
 * called, not minutes to days later. It forwards requests as they are, so it stands before engines that check no
 * signature, and not before the real service, which has streams of its own. PartiQL is not seen.
 */
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type AttributeValue,
  DeleteItemCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import { createLocks } from "./locks.ts";
import { type Image, recordOf } from "./record.ts";
import { type Images, imagesOf } from "./told-images.ts";
import { touchedKeys } from "./touched-keys.ts";

export interface TableStream {
  /** Where to send requests, so that writes are seen; other tables and reads pass through. */
  readonly endpoint: string;
  readonly arn: string;
  /** The oldest records that this reader has not taken, at most `limit`; the reader moves on. */
  take(limit: number): readonly DynamoDBRecord[];
  /** Another reader, which begins with the oldest record; a Lambda's event source mapping is one. */
  reader(): (limit: number) => readonly DynamoDBRecord[];
  /** Everything so far, the oldest first. */
  records(): readonly DynamoDBRecord[];
  /**
   * Does what the TTL service does at `now` (epoch ms): deletes rows whose `ttl` has passed (but not those 5 years old,
   * as documented), and returns how many. `signed` = the records carry the service's identity; replicas' do not.
   */
  expire(now: number, options?: { readonly signed?: boolean }): Promise<number>;
  close(): Promise<void>;
}

export interface StreamOptions {
  /** An engine's endpoint, and a client that goes straight to it. */
  readonly upstream: { readonly endpoint: string; readonly client: DynamoDBClient };
  readonly table: string;
  /** The clock of the records, epoch ms. */
  readonly now?: () => number;
  readonly region?: string;
}

interface Observing<T> {
  /** The TTL service does it, at this time. */
  readonly signed?: { readonly at: number; readonly by: boolean };
  /** The images, where the write itself tells them; else they are read. */
  readonly told?: ((result: T) => Images) | undefined;
}

const FIVE_YEARS = 5 * 365 * 86_400;

export async function openTableStream(options: StreamOptions): Promise<TableStream> {
  const { upstream, table, now = Date.now, region = "us-east-1" } = options;
  const arn = `arn:aws:dynamodb:${region}:000000000000:table/${table}/stream/2026-01-01T00:00:00.000`;
  const described = await upstream.client.send(new DescribeTableCommand({ TableName: table }));
  const keyNames = described.Table!.KeySchema!.map((key) => key.AttributeName!);
  const records: DynamoDBRecord[] = [];
  const locks = createLocks();

  const imageOf = async (keys: Image): Promise<Image | undefined> => {
    const Key = keys as Record<string, AttributeValue>;
    const { Item } = await upstream.client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
    return Item === undefined ? undefined : (onWire(Item) as Image);
  };
  const observe = <T>(touched: readonly Image[], write: () => Promise<T>, { signed, told }: Observing<T> = {}) =>
    locks.alone(touched.map(nameOf), async () => {
      const before = told === undefined ? await Promise.all(touched.map(imageOf)) : [];
      const result = await write();
      const after = told === undefined ? await Promise.all(touched.map(imageOf)) : [];
      for (const [index, keys] of touched.entries()) {
        const record = recordOf({
          keys,
          ...(told?.(result) ?? { before: before[index], after: after[index] }),
          at: signed?.at ?? now(),
          nth: records.length + 1,
          streamArn: arn,
          region,
          signed: signed?.by ?? false,
        });
        if (record !== undefined) records.push(record);
      }
      return result;
    });

  const server = createServer((incoming, response) => {
    const handle = async () => {
      const body = await bodyOf(incoming);
      const pass = () => forward(upstream.endpoint, incoming, body);
      const target = incoming.headers["x-amz-target"];
      const touched = touchedKeys(target, body, table, keyNames);
      const answer =
        touched.length === 0 ? await pass() : await observe(touched, pass, { told: imagesOf(target, body) });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    };
    // The client sees a broken connection and tries again, as it would with the service.
    handle().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  const reader = () => {
    let next = 0;
    return (limit: number) => {
      const taken = records.slice(next, next + limit);
      next += taken.length;
      return taken;
    };
  };
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arn,
    take: reader(),
    reader,
    records: () => [...records],
    async expire(at, { signed = true } = {}) {
      let deleted = 0;
      for (const keys of await expired(upstream.client, table, keyNames, at)) {
        const seen = records.length;
        await observe([keys], () => removeExpired(upstream.client, table, keys, at), {
          signed: { at, by: signed },
        });
        deleted += records.length - seen;
      }
      return deleted;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function expired(client: DynamoDBClient, table: string, keyNames: readonly string[], at: number) {
  const found: Image[] = [];
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: table,
        ConsistentRead: true,
        FilterExpression: "#ttl < :now AND #ttl > :ancient",
        ExpressionAttributeNames: { "#ttl": "ttl" },
        ExpressionAttributeValues: times(at),
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    for (const row of page.Items ?? []) {
      found.push(onWire(Object.fromEntries(keyNames.map((name) => [name, row[name]!]))) as Image);
    }
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return found;
}

/** A row whose TTL was moved in between stays: the service, too, looks again. */
async function removeExpired(client: DynamoDBClient, table: string, keys: Image, at: number): Promise<void> {
  const command = new DeleteItemCommand({
    TableName: table,
    Key: keys as Record<string, AttributeValue>,
    ConditionExpression: "#ttl < :now AND #ttl > :ancient",
    ExpressionAttributeNames: { "#ttl": "ttl" },
    ExpressionAttributeValues: times(at),
  });
  await client.send(command).catch((error: unknown) => {
    if ((error as Error).name !== "ConditionalCheckFailedException") throw error;
  });
}

function times(at: number): Record<string, AttributeValue> {
  return { ":now": { N: String(at / 1000) }, ":ancient": { N: String(at / 1000 - FIVE_YEARS) } };
}

function nameOf(keys: Image): string {
  return JSON.stringify(Object.entries(keys).sort());
}

/** A value of the SDK in the wire's JSON. */
function onWire(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(onWire);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, onWire(each)]));
}

async function bodyOf(incoming: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function forward(endpoint: string, { method, url, headers }: IncomingMessage, body: Buffer) {
  return new Promise<{ status: number; headers: IncomingMessage["headers"]; body: Buffer }>((resolve, reject) => {
    const outgoing = request(new URL(url ?? "/", endpoint), { method, headers }, (answer) => {
      bodyOf(answer).then(
        (answered) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: answered }),
        reject,
      );
    });
    outgoing.on("error", reject).end(body);
  });
}
