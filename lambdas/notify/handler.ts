/** Tells people of the bans in a batch of the stream. What was mailed is marked, so a repeated batch mails what is lacking. */
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { decodeStreamRecord } from "../../shared/adapters/aws/dynamodb/stream-record.ts";
import { type NotifyDeps, notifyPeople } from "../../shared/app/notify-people.ts";
import type { BanChange } from "../../shared/core/ban.ts";
import type { Call } from "../runtime/invocation.ts";

export type NotifyHandlerDeps = Omit<NotifyDeps, "metrics" | "now" | "longest">;

/** What a mail's whois and publish take at most, ms: so much of the function's time is not spent on waiting for a slot. */
const TIME_TO_SEND = 45_000;

export function createHandler(deps: NotifyHandlerDeps) {
  return async (event: DynamoDBStreamEvent, call: Call): Promise<DynamoDBBatchResponse> => {
    const { log, metrics, now, remaining } = call;
    const longest = () => remaining() - TIME_TO_SEND;
    const report = await notifyPeople(changesOf(event.Records, call), { ...deps, metrics, now, longest });
    const { mails, digests, unserved, failed } = report;
    if (mails + digests > 0) log.info("people were told of bans", { mails, digests });
    if (unserved.length > 0) log.warn("no topic serves these addresses of mail actions: deploy again", { unserved });
    for (const { box, cause } of failed) log.error("mail comes when its batch comes again", cause, { topic: box });
    // All of the batch again and in the same company: then marks tell what has gone. Without a number it is all, too.
    const first = event.Records[0]?.dynamodb?.SequenceNumber ?? "";
    return { batchItemFailures: failed.length === 0 ? [] : [{ itemIdentifier: first }] };
  };
}

/** Rows that are no bans are set aside by enforce, which reads the same stream; here they are nobody's news. */
function changesOf(records: readonly DynamoDBRecord[], { log }: Call): readonly BanChange[] {
  const changes: BanChange[] = [];
  for (const record of records) {
    const found = decodeStreamRecord(record);
    if (found.kind === "change") changes.push(found.change);
    if (found.kind !== "malformed") continue;
    log.warn("nobody is told of a record that is no ban", { reason: found.reason, sequence: found.sequence });
  }
  return changes;
}
