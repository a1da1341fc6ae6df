/**
 * Records of the bans table's stream, as Lambda delivers them, become changes of bans.
 *
 * A record has three outcomes: a change, nothing that matters to anybody, or malformed (somebody wrote a row that is no
 * ban), which is set aside and never retried. Whoever deleted a row, its ban is lifted; the reason is for people.
 */
import { isDeepStrictEqual } from "node:util";
import type { DynamoDBRecord } from "aws-lambda";
import type { Ban, BanChange } from "../../../core/ban.ts";
import type { FoundRow } from "./attributes.ts";
import { decodeBan, type FoundBan } from "./ban-row.ts";

/** What a record says; `sequence` = the number by which a failed one is reported. */
export type StreamFinding =
  | { readonly kind: "change"; readonly change: BanChange; readonly sequence: string }
  | { readonly kind: "malformed"; readonly reason: string; readonly sequence: string }
  | { readonly kind: "irrelevant"; readonly sequence: string };

/** Decodes one record; never throws, whatever JSON it is. */
export function decodeStreamRecord(given: DynamoDBRecord | null): StreamFinding {
  const record = given ?? {};
  const number: unknown = record.dynamodb?.SequenceNumber;
  const sequence = typeof number === "string" ? number : "";
  const before = imageOf(record.dynamodb?.OldImage, "old");
  const after = imageOf(record.dynamodb?.NewImage, "new");
  const change = (found: BanChange): StreamFinding => ({ kind: "change", change: found, sequence });
  const malformed = (reason: string): StreamFinding => ({ kind: "malformed", reason, sequence });
  switch (record.eventName) {
    case "INSERT":
      return after.kind === "ban" ? change({ kind: "banned", ban: after.ban }) : malformed(after.reason);
    case "MODIFY": {
      if (after.kind === "malformed") return malformed(after.reason);
      // What was replaced was no ban, so this is a first one.
      if (before.kind === "malformed") return change({ kind: "banned", ban: after.ban });
      if (isDeepStrictEqual(before.ban, after.ban)) return { kind: "irrelevant", sequence };
      return change({ kind: "renewed", ban: after.ban, previous: before.ban });
    }
    case "REMOVE":
      if (before.kind === "malformed") return malformed(before.reason);
      return change({ kind: "lifted", ban: before.ban, reason: reasonOf(before.ban, record) });
    case undefined:
      return malformed("a record without eventName");
  }
  const name: unknown = record.eventName;
  return malformed(
    `eventName ${typeof name === "string" ? JSON.stringify(name) : `of type ${typeof name}`} is unknown`,
  );
}

function imageOf(row: FoundRow | null | undefined, which: string): FoundBan {
  if (row !== undefined && row !== null) return decodeBan(row);
  return { kind: "malformed", reason: `no ${which} image: the stream must have new and old images` };
}

/**
 * The TTL service signs what it deletes, but not in a replica of the table; there, and for sweep, the time tells: the
 * ban was over. The record's time is rounded to a second, so a second before the end counts as the end.
 */
function reasonOf({ expiresAt }: Ban, record: DynamoDBRecord): "expired" | "manual" {
  if (isByTtl(record.userIdentity)) return "expired";
  const deletedAt = (record.dynamodb?.ApproximateCreationDateTime ?? 0) * 1000;
  return expiresAt !== undefined && expiresAt < deletedAt + 1000 ? "expired" : "manual";
}

/** Lambda writes the names of the identity small, the stream's own API with a capital. */
function isByTtl(identity: unknown): boolean {
  if (typeof identity !== "object" || identity === null) return false;
  const { type, Type, principalId, PrincipalId } = identity as Readonly<Record<string, unknown>>;
  return (type ?? Type) === "Service" && (principalId ?? PrincipalId) === "dynamodb.amazonaws.com";
}
