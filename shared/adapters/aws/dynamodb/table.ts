/**
 * One table: the calls that the adapters make on it, with errors in the ports' words, every page fetched and every
 * unprocessed key asked for again.
 *
 * A write that the client repeats because its first answer was lost meets its own work and is "refused"; so whoever
 * is refused looks at the row before drawing conclusions.
 */
import {
  type AttributeValue,
  BatchGetItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { PortError } from "../../../ports/failure.ts";
import { calling, isConditionFailure } from "../errors.ts";
import type { FoundRow, Row } from "./attributes.ts";
import { type Clause, merged } from "./clause.ts";

/** What came of a conditional write. */
export type Written =
  /** `before` = what stood there, where it was asked for; of an update, what it replaced. */
  | { readonly kind: "written"; readonly before: FoundRow | undefined }
  /** The condition does not hold; `found` = the row that stands, where the engine tells it. */
  | { readonly kind: "refused"; readonly found: FoundRow | undefined };

/** An update expression; its own placeholders must differ from those of the condition. */
export type Change = Clause;

export interface Ask {
  readonly key: Clause;
  readonly index?: string;
  /** Indexes cannot be read consistently. */
  readonly consistent?: boolean;
  readonly newestFirst?: boolean;
  /** Rows of one page; the caller stops when it has enough. */
  readonly pageSize?: number;
}

export interface Table {
  /** The row of the key, read consistently. */
  get(key: Row): Promise<FoundRow | undefined>;
  /** The rows that exist among those of the keys, read consistently, in no promised order. No key twice. */
  getMany(keys: readonly Row[]): Promise<readonly FoundRow[]>;
  /** `before` = also tell what stood there. */
  put(row: Row, condition?: Clause, tell?: "before"): Promise<Written>;
  update(key: Row, change: Change, condition: Clause): Promise<Written>;
  delete(key: Row, condition?: Clause): Promise<Written>;
  query(ask: Ask): AsyncIterable<FoundRow>;
  /** Every row that fulfils the filter, with these attributes only. Reads the whole table. */
  scan(filter: Clause, attributes: readonly string[]): AsyncIterable<FoundRow>;
}

/** Waits so many ms. */
export type Wait = (duration: number) => Promise<void>;

/** Limit of the service. */
const KEYS_PER_BATCH = 100;
/** Rounds in a row that bring nothing before we give up. */
const FRUITLESS_ROUNDS = 6;

export function openTable(client: DynamoDBClient, name: string, wait: Wait): Table {
  const doing = (operation: string) => ({ operation, on: `table ${name}` });
  const write = async (operation: string, send: () => Promise<{ readonly Attributes?: Row | undefined }>) => {
    try {
      const { Attributes: before } = await send();
      return { kind: "written", before } as const;
    } catch (error) {
      // A refusal is an answer; anything else is translated.
      if (isConditionFailure(error)) return { kind: "refused", found: (error as { Item?: Row }).Item } as const;
      return calling(doing(operation), () => Promise.reject(error));
    }
  };
  return {
    async get(Key) {
      const { Item } = await calling(doing("GetItem"), () =>
        client.send(new GetItemCommand({ TableName: name, Key, ConsistentRead: true })),
      );
      return Item;
    },
    async getMany(keys) {
      const rows: FoundRow[] = [];
      for (let first = 0; first < keys.length; first += KEYS_PER_BATCH) {
        let left: readonly Row[] = keys.slice(first, first + KEYS_PER_BATCH);
        for (let fruitless = 0; left.length > 0; ) {
          const { Responses, UnprocessedKeys } = await calling(doing("BatchGetItem"), () =>
            client.send(
              new BatchGetItemCommand({ RequestItems: { [name]: { Keys: [...left], ConsistentRead: true } } }),
            ),
          );
          rows.push(...(Responses?.[name] ?? []));
          const still = UnprocessedKeys?.[name]?.Keys ?? [];
          fruitless = still.length < left.length ? 0 : fruitless + 1;
          left = still;
          if (fruitless === FRUITLESS_ROUNDS) throw unread(name, left.length);
          if (left.length > 0) await wait(50 * 2 ** fruitless);
        }
      }
      return rows;
    },
    put: (Item, condition, tell) =>
      write("PutItem", () =>
        client.send(
          new PutItemCommand({
            TableName: name,
            Item,
            ...(tell === "before" && { ReturnValues: "ALL_OLD" }),
            ...conditional(condition),
          }),
        ),
      ),
    update: (Key, change, condition) =>
      write("UpdateItem", () =>
        client.send(
          new UpdateItemCommand({
            TableName: name,
            Key,
            UpdateExpression: change.text,
            ReturnValues: "UPDATED_OLD",
            ...conditional(condition, change),
          }),
        ),
      ),
    delete: (Key, condition) =>
      write("DeleteItem", () =>
        client.send(
          new DeleteItemCommand({ TableName: name, Key, ReturnValues: "ALL_OLD", ...conditional(condition) }),
        ),
      ),
    query: ({ key, index, consistent = false, newestFirst = false, pageSize }) =>
      pages((start) =>
        calling(doing("Query"), () =>
          client.send(
            new QueryCommand({
              TableName: name,
              KeyConditionExpression: key.text,
              ...placeholders(key),
              ConsistentRead: consistent,
              ScanIndexForward: !newestFirst,
              ...(index !== undefined && { IndexName: index }),
              ...(pageSize !== undefined && { Limit: pageSize }),
              ...start,
            }),
          ),
        ),
      ),
    scan(filter, attributes) {
      const names = Object.fromEntries(attributes.map((attribute) => [`#${attribute}`, attribute]));
      return pages((start) =>
        calling(doing("Scan"), () =>
          client.send(
            new ScanCommand({
              TableName: name,
              FilterExpression: filter.text,
              ProjectionExpression: Object.keys(names).join(", "),
              ...placeholders(filter, { text: "", names, values: {} }),
              ...start,
            }),
          ),
        ),
      );
    },
  };
}

type Start = { readonly ExclusiveStartKey?: Row };
type Page = { readonly Items?: Row[] | undefined; readonly LastEvaluatedKey?: Row | undefined };

async function* pages(fetch: (start: Start) => Promise<Page>): AsyncIterable<FoundRow> {
  let from: Row | undefined;
  do {
    const page = await fetch(from === undefined ? {} : { ExclusiveStartKey: from });
    yield* page.Items ?? [];
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}

function conditional(condition: Clause | undefined, ...others: readonly Clause[]) {
  if (condition === undefined) return placeholders(...others);
  return {
    ConditionExpression: condition.text,
    ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
    ...placeholders(condition, ...others),
  };
}

/** The service refuses an empty set of placeholders. */
function placeholders(...clauses: readonly Clause[]) {
  const names = merged(...clauses.map((clause) => clause.names));
  const values = merged<AttributeValue>(...clauses.map((clause) => clause.values));
  return {
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
  };
}

function unread(name: string, keys: number): PortError {
  return new PortError(
    "unavailable",
    `BatchGetItem on table ${name} left ${keys} keys unread ${FRUITLESS_ROUNDS} times in a row`,
    "Try again in a moment; where it stays, look at the table's throttling metrics.",
  );
}
