/** Records of the bans table's stream, told apart: changes to act on, and rows that somebody wrote who is not us. */
import type { DynamoDBRecord } from "aws-lambda";
import { decodeStreamRecord } from "../../shared/adapters/aws/dynamodb/stream-record.ts";
import type { BanChange } from "../../shared/core/ban.ts";

/** A change and the record that it stands in. */
export interface RecordedChange {
  readonly change: BanChange;
  /** The number by which the record is asked for again. */
  readonly sequence: string;
  /** When the row was written, epoch ms; the service rounds it to a second. Undefined where it does not say. */
  readonly writtenAt: number | undefined;
}

export interface BrokenRecord {
  readonly sequence: string;
  readonly reason: string;
  readonly body: string;
}

export interface DecodedRecords {
  /** In the order of the stream. */
  readonly changes: readonly RecordedChange[];
  readonly broken: readonly BrokenRecord[];
}

export function decodeRecords(records: readonly DynamoDBRecord[]): DecodedRecords {
  const changes: RecordedChange[] = [];
  const broken: BrokenRecord[] = [];
  for (const record of records) {
    const found = decodeStreamRecord(record);
    const { sequence } = found;
    switch (found.kind) {
      case "change": {
        const seconds = record.dynamodb?.ApproximateCreationDateTime;
        changes.push({ change: found.change, sequence, writtenAt: seconds === undefined ? undefined : seconds * 1000 });
        break;
      }
      case "malformed":
        broken.push({ sequence, reason: found.reason, body: JSON.stringify(record) });
        break;
      case "irrelevant":
        break;
    }
  }
  return { changes, broken };
}
