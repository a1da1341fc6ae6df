/** Brings the fleet to what the ban rows say. Applying a change twice is harmless, so a repeated batch needs no bookkeeping. */
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import type { SetAside } from "../../shared/ports/set-aside.ts";
import type { Call } from "../runtime/invocation.ts";
import { type ActDeps, actOnChanges } from "./act-on-changes.ts";
import { type BrokenRecord, decodeRecords } from "./decode-records.ts";

export interface EnforceHandlerDeps extends ActDeps {
  readonly setAside: SetAside;
}

export function createHandler(deps: EnforceHandlerDeps) {
  return async (event: DynamoDBStreamEvent, call: Call): Promise<DynamoDBBatchResponse> => {
    const { changes, broken } = decodeRecords(event.Records);
    for (const record of broken) await putAside(record, deps, call);
    const again = await actOnChanges(changes, deps, call);
    return { batchItemFailures: again === undefined ? [] : [{ itemIdentifier: again.sequence }] };
  };
}

async function putAside(
  { sequence, reason, body }: BrokenRecord,
  { setAside }: EnforceHandlerDeps,
  { log, metrics }: Call,
) {
  log.warn("a record of the bans table was set aside", { reason, sequence });
  metrics.count("Malformed", 1);
  await setAside.put({ source: `record ${sequence} of the bans table's stream`, reason, body });
}
