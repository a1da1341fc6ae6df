/** A DynamoDB client whose requests are counted, and may fail as the service's would: before the work, or after it. */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";

export interface Requests {
  /** By operation: "PutItem" → 3. Attempts of ours; what the SDK repeats by itself is one. */
  readonly counts: ReadonlyMap<string, number>;
  /** Requests that ask for rows, and requests that change some. */
  readonly reads: () => number;
  readonly writes: () => number;
  readonly all: () => number;
  reset(): void;
}

/** "before" = nothing was done; "after" = it was done, and the answer is lost. */
export type Trouble = { readonly when: "before" | "after"; readonly error: Error } | undefined;

const READS = new Set(["GetItem", "BatchGetItem", "Query", "Scan"]);

/** Watches the client from now on; `trouble` is asked at each request. */
export function watchRequests(client: DynamoDBClient, trouble: () => Trouble = () => undefined): Requests {
  const counts = new Map<string, number>();
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const operation = context.commandName!.replace(/Command$/, "");
      counts.set(operation, (counts.get(operation) ?? 0) + 1);
      const found = trouble();
      if (found?.when === "before") throw found.error;
      const answer = await next(args);
      if (found?.when === "after") throw found.error;
      return answer;
    },
    { step: "initialize", name: "watchRequests", priority: "high" },
  );
  const sum = (wanted: (operation: string) => boolean) =>
    [...counts].reduce((total, [operation, count]) => total + (wanted(operation) ? count : 0), 0);
  return {
    counts,
    reads: () => sum((operation) => READS.has(operation)),
    writes: () => sum((operation) => !READS.has(operation)),
    all: () => sum(() => true),
    reset: () => counts.clear(),
  };
}

/** Errors as the SDK throws them. */
export const serviceError = (name: string, message = name) =>
  Object.assign(new Error(message), { name, $fault: "client", $metadata: { httpStatusCode: 400 } });

export const THROTTLED = serviceError("ProvisionedThroughputExceededException", "slow down");
export const EXPIRED = serviceError("ExpiredTokenException", "the security token included in the request is expired");
