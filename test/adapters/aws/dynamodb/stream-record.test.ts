/** Which change a stream record means, on records as Lambda delivers them. */
import type { DynamoDBRecord } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { encodeBan } from "../../../../shared/adapters/aws/dynamodb/ban-row.ts";
import { decodeStreamRecord, type StreamFinding } from "../../../../shared/adapters/aws/dynamodb/stream-record.ts";
import { sampleBan, target } from "../../../contracts/samples.ts";

type Image = NonNullable<NonNullable<DynamoDBRecord["dynamodb"]>["NewImage"]>;

const ban = sampleBan({ since: 1_000, expiresAt: 600_000 });
const renewed = sampleBan({ since: 1_000, expiresAt: 900_000, generation: 1_001 });
const permanent = sampleBan({ expiresAt: undefined });
const BY_TTL = { type: "Service", principalId: "dynamodb.amazonaws.com" };

const image = (row = ban): Image => encodeBan(row) as Image;
const without = (name: string): Image => Object.fromEntries(Object.entries(image()).filter(([each]) => each !== name));

function record(
  eventName: DynamoDBRecord["eventName"],
  images: { readonly before?: Image; readonly after?: Image },
  { seconds = 300, userIdentity }: { readonly seconds?: number; readonly userIdentity?: unknown } = {},
): DynamoDBRecord {
  const { before, after } = images;
  return {
    eventID: "e",
    ...(eventName && { eventName }),
    dynamodb: {
      ApproximateCreationDateTime: seconds,
      SequenceNumber: "17",
      ...(after && { NewImage: after }),
      ...(before && { OldImage: before }),
    },
    ...(userIdentity !== undefined && { userIdentity }),
  };
}

const lifted = (reason: "expired" | "manual", row = ban): StreamFinding => ({
  kind: "change",
  change: { kind: "lifted", ban: row, reason },
  sequence: "17",
});

describe("a stream record", () => {
  it.each<{ name: string; record: DynamoDBRecord; expected: StreamFinding }>([
    {
      name: "INSERT",
      record: record("INSERT", { after: image() }),
      expected: { kind: "change", change: { kind: "banned", ban }, sequence: "17" },
    },
    {
      name: "MODIFY",
      record: record("MODIFY", { before: image(), after: image(renewed) }),
      expected: { kind: "change", change: { kind: "renewed", ban: renewed, previous: ban }, sequence: "17" },
    },
    {
      name: "MODIFY of an attribute that is none of a ban's",
      record: record("MODIFY", { before: image(), after: { ...image(), ttl: { N: "7" }, note: { S: "x" } } }),
      expected: { kind: "irrelevant", sequence: "17" },
    },
    {
      name: "MODIFY of a row that was no ban",
      record: record("MODIFY", { before: { id: { S: "?" } }, after: image() }),
      expected: { kind: "change", change: { kind: "banned", ban }, sequence: "17" },
    },
    { name: "REMOVE by a person", record: record("REMOVE", { before: image() }), expected: lifted("manual") },
    {
      name: "REMOVE of a permanent ban, however late",
      record: record("REMOVE", { before: image(permanent) }, { seconds: 1e9 }),
      expected: lifted("manual", permanent),
    },
    {
      name: "REMOVE by the TTL service",
      record: record("REMOVE", { before: image() }, { seconds: 1, userIdentity: BY_TTL }),
      expected: lifted("expired"),
    },
    {
      name: "REMOVE by the TTL service, as the stream's own API names it",
      record: record(
        "REMOVE",
        { before: image() },
        { seconds: 1, userIdentity: { Type: "Service", PrincipalId: "dynamodb.amazonaws.com" } },
      ),
      expected: lifted("expired"),
    },
    {
      name: "REMOVE by another service, before the end",
      record: record("REMOVE", { before: image() }, { userIdentity: { type: "Service", principalId: "x" } }),
      expected: lifted("manual"),
    },
    {
      name: "REMOVE after the end, unsigned, as a replica sends it",
      record: record("REMOVE", { before: image() }, { seconds: 601 }),
      expected: lifted("expired"),
    },
    {
      name: "REMOVE at the end, its time rounded down",
      record: record("REMOVE", { before: image(sampleBan({ expiresAt: 600_999 })) }, { seconds: 600 }),
      expected: lifted("expired", sampleBan({ expiresAt: 600_999 })),
    },
    {
      name: "REMOVE more than a second before the end",
      record: record("REMOVE", { before: image() }, { seconds: 599 }),
      expected: lifted("manual"),
    },
  ])("$name", ({ record, expected }) => expect(decodeStreamRecord(record)).toEqual(expected));

  it.each<{ name: string; record: DynamoDBRecord; reason: RegExp }>([
    { name: "no event name", record: record(undefined, { after: image() }), reason: /eventName/ },
    { name: "an unknown event", record: record("TRUNCATE" as "INSERT", {}), reason: /TRUNCATE/ },
    { name: "nothing at all", record: {}, reason: /eventName/ },
    { name: "keys only", record: record("INSERT", {}), reason: /no new image/ },
    { name: "a deletion without its old image", record: record("REMOVE", {}), reason: /no old image/ },
    { name: "a host name", record: record("INSERT", { after: { ...image(), id: { S: "evil.test" } } }), reason: /id/ },
    { name: "no id", record: record("INSERT", { after: without("id") }), reason: /id/ },
    { name: "999.1.1.1", record: record("INSERT", { after: { ...image(), id: { S: "999.1.1.1" } } }), reason: /id/ },
    {
      name: "an address that is not canonical",
      record: record("INSERT", { after: { ...image(), id: { S: "2001:DB8::0:1" } } }),
      reason: /id/,
    },
    { name: "no jail", record: record("INSERT", { after: without("jail") }), reason: /jail/ },
    { name: "no generation", record: record("INSERT", { after: without("generation") }), reason: /generation/ },
    { name: "since as text", record: record("INSERT", { after: { ...image(), since: { S: "1" } } }), reason: /since/ },
    {
      name: "an end as text",
      record: record("INSERT", { after: { ...image(), endsAt: { S: "1" } } }),
      reason: /endsAt/,
    },
    ...["1.5", "-1", "1e15"].map((N) => ({
      name: `a generation of ${N}, which no command could carry`,
      record: record("INSERT", { after: { ...image(), generation: { N } } }),
      reason: /generation/,
    })),
    {
      name: "an end in nanoseconds, which no command could carry",
      record: record("INSERT", { after: { ...image(), endsAt: { N: "1763830000000000000" } } }),
      reason: /endsAt/,
    },
    {
      name: "a beginning that is no date",
      record: record("INSERT", { after: { ...image(), since: { N: "1763830000000000000" } } }),
      reason: /since/,
    },
    {
      name: "lines as a number",
      record: record("INSERT", { after: { ...image(), matches: { N: "1" } } }),
      reason: /lines/,
    },
    {
      name: "a change into no ban",
      record: record("MODIFY", { before: image(), after: without("since") }),
      reason: /since/,
    },
  ])("is malformed with $name", ({ record, reason }) => {
    const found = decodeStreamRecord(record);
    expect(found).toMatchObject({ kind: "malformed", reason: expect.stringMatching(reason) });
  });

  it.each(["192.0.2.0/24", "2001:db8::/32", "2001:db8::1"])("keeps the id %s", (id) => {
    const row = sampleBan({ id: target(id) });
    expect(decodeStreamRecord(record("INSERT", { after: image(row) }))).toMatchObject({ change: { ban: row } });
  });
});
