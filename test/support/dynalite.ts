/**
 * An engine for the tests: dynalite in this process on loopback, or whatever `DYNAMODB_ENDPOINT` points at, with the
 * three tables as the contract describes them under names of their own.
 *
 * dynalite evaluates keys, conditions, updates and indexes over the real wire. It has no TTL, no streams, no
 * transactions, and does not hand back the item of a failed condition.
 */
import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import {
  type AttributeValue,
  BatchWriteItemCommand,
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DynamoDBClient,
  ScanCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { dynamoDBOptions, PERSON_PATIENCE } from "../../shared/adapters/aws/client.ts";
import { BANS_TABLE, CONTROL_TABLE, NUMBER_KEYS, WINDOWS_TABLE } from "../../shared/contract/tables.ts";

export interface TableNames {
  readonly windows: string;
  readonly bans: string;
  readonly control: string;
}

export interface Engine {
  /** URL; hand it to another process as DYNAMODB_ENDPOINT. */
  readonly endpoint: string;
  readonly client: DynamoDBClient;
  readonly tables: TableNames;
  /** A client of its own at this endpoint, or at another one (the stream stand-in's). */
  connect(endpoint?: string): DynamoDBClient;
  /** Deletes every row of the three tables. */
  empty(): Promise<void>;
  /** Deletes the tables and ends what was started. */
  close(): Promise<void>;
}

/** Starts the engine and creates the tables. */
export async function openEngine(): Promise<Engine> {
  const given = process.env.DYNAMODB_ENDPOINT;
  const server = given === undefined ? await startDynalite() : undefined;
  const endpoint = given ?? server!.endpoint;
  const clients: DynamoDBClient[] = [];
  const connect = (at = endpoint) => {
    const client = new DynamoDBClient(dynamoDBOptions({ ...process.env, DYNAMODB_ENDPOINT: at }, PERSON_PATIENCE));
    clients.push(client);
    return client;
  };
  const client = connect();
  const run = `fleet2ban-test-${randomUUID().slice(0, 8)}`;
  const tables = { windows: `${run}-windows`, bans: `${run}-bans`, control: `${run}-control` };
  await Promise.all(definitions(tables).map((definition) => create(client, definition)));
  return {
    endpoint,
    client,
    tables,
    connect,
    async empty() {
      await deleteAll(client, tables.windows, [WINDOWS_TABLE.partitionKey]);
      await deleteAll(client, tables.bans, [BANS_TABLE.partitionKey, BANS_TABLE.sortKey]);
      await deleteAll(client, tables.control, [CONTROL_TABLE.partitionKey, CONTROL_TABLE.sortKey]);
    },
    async close() {
      for (const TableName of Object.values(tables)) await client.send(new DeleteTableCommand({ TableName }));
      for (const each of clients) each.destroy();
      await server?.close();
    },
  };
}

async function startDynalite(): Promise<{ readonly endpoint: string; close(): Promise<void> }> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The three tables as CreateTable takes them; TTL is set apart and only where it works. */
export function definitions(tables: TableNames): readonly CreateTableCommandInput[] {
  return [
    definition(tables.windows, [WINDOWS_TABLE.partitionKey]),
    {
      ...definition(tables.bans, [BANS_TABLE.partitionKey, BANS_TABLE.sortKey], [BANS_TABLE.byEnd, BANS_TABLE.byJail]),
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    },
    definition(tables.control, [CONTROL_TABLE.partitionKey, CONTROL_TABLE.sortKey]),
  ];
}

type Index = { readonly name: string; readonly partitionKey: string; readonly sortKey: string };

function definition(TableName: string, keys: readonly string[], indexes: readonly Index[] = []) {
  const names = new Set([...keys, ...indexes.flatMap((index) => [index.partitionKey, index.sortKey])]);
  return {
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [...names].map((AttributeName) => ({
      AttributeName,
      AttributeType: NUMBER_KEYS.has(AttributeName) ? "N" : "S",
    })),
    KeySchema: keySchema(keys),
    ...(indexes.length > 0 && {
      GlobalSecondaryIndexes: indexes.map(({ name, partitionKey, sortKey }) => ({
        IndexName: name,
        KeySchema: keySchema([partitionKey, sortKey]),
        Projection: { ProjectionType: "ALL" },
      })),
    }),
  } satisfies CreateTableCommandInput;
}

function keySchema(keys: readonly string[]) {
  return keys.map((AttributeName, nth) => ({ AttributeName, KeyType: nth === 0 ? "HASH" : "RANGE" }) as const);
}

async function create(client: DynamoDBClient, input: CreateTableCommandInput): Promise<void> {
  await client.send(new CreateTableCommand(input));
  await waitUntilTableExists({ client, maxWaitTime: 120, minDelay: 0.05, maxDelay: 5 }, { TableName: input.TableName });
}

async function deleteAll(client: DynamoDBClient, table: string, keys: readonly string[]): Promise<void> {
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({ TableName: table, ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) }),
    );
    const rows = (page.Items ?? []).map((item) => Object.fromEntries(keys.map((key) => [key, item[key]!])));
    for (let first = 0; first < rows.length; first += 25) {
      let requests = { [table]: rows.slice(first, first + 25).map((Key) => ({ DeleteRequest: { Key } })) };
      while (Object.keys(requests).length > 0) {
        const { UnprocessedItems = {} } = await client.send(new BatchWriteItemCommand({ RequestItems: requests }));
        requests = UnprocessedItems as typeof requests;
      }
    }
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}
