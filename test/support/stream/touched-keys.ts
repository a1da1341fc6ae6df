/** Which rows of a table a request of DynamoDB's wire protocol may change. */
import type { Image } from "./record.ts";

interface Request {
  readonly TableName?: string;
  readonly Key?: Image;
  readonly Item?: Image;
  readonly RequestItems?: Readonly<
    Record<string, readonly { readonly PutRequest?: { Item: Image }; readonly DeleteRequest?: { Key: Image } }[]>
  >;
  readonly TransactItems?: readonly Readonly<Record<string, Request>>[];
}

/** The keys, each once; none for a read or for another table. */
export function touchedKeys(
  target: string | readonly string[] | undefined,
  body: Buffer,
  table: string,
  keyNames: readonly string[],
): readonly Image[] {
  const operation = String(target ?? "").split(".")[1];
  const rows = rowsOf(operation, body, table);
  const keys = rows.map((row) => Object.fromEntries(keyNames.map((name) => [name, row[name]!])));
  return [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
}

function rowsOf(operation: string | undefined, body: Buffer, table: string): readonly Image[] {
  switch (operation) {
    case "PutItem":
    case "UpdateItem":
    case "DeleteItem":
      return rowOf(parse(body), table);
    case "BatchWriteItem":
      return (parse(body).RequestItems?.[table] ?? []).flatMap(({ PutRequest, DeleteRequest }) => [
        ...(PutRequest === undefined ? [] : [PutRequest.Item]),
        ...(DeleteRequest === undefined ? [] : [DeleteRequest.Key]),
      ]);
    case "TransactWriteItems":
      return (parse(body).TransactItems ?? []).flatMap((item) =>
        ["Put", "Update", "Delete"].flatMap((action) => rowOf(item[action] ?? {}, table)),
      );
    default:
      return [];
  }
}

function rowOf({ TableName, Item, Key }: Request, table: string): readonly Image[] {
  const row = Item ?? Key;
  // A table may be named by its ARN.
  const named = TableName === table || TableName?.endsWith(`:table/${table}`) === true;
  return named && row !== undefined ? [row] : [];
}

function parse(body: Buffer): Request {
  return JSON.parse(body.toString()) as Request;
}
