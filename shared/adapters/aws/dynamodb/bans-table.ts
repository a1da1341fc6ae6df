/**
 * Ban rows in DynamoDB; the table's stream tells their changes.
 *
 * A row that is no ban (a person's hands) is left out of what is read and replaced by a ban of its id, so that one such
 * row can stop neither sweep nor status nor the payloads in which its id fails; the stream's readers set it aside when
 * it is written.
 */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { BANS_TABLE, END_SHARDS } from "../../../contract/tables.ts";
import type { Ban } from "../../../core/ban.ts";
import { type BanKey, keyText } from "../../../core/detect/key.ts";
import type { Bans, PutOutcome } from "../../../ports/bans.ts";
import { PortError } from "../../../ports/failure.ts";
import { type FoundRow, number, type Row, text } from "./attributes.ts";
import { decodeBan, encodeBan, generationIn, storable } from "./ban-row.ts";
import { absent, atMost, below, both, type Clause, either, equal } from "./clause.ts";
import type { Table } from "./table.ts";

const { partitionKey: ID, sortKey: JAIL, byEnd, byJail } = BANS_TABLE;
/** What of a row says whether a ban stands. */
const DECIDING = ["since", "generation", byEnd.sortKey];
/** A row that changes between each of our looks at it that often is fought over by more than bans. */
const ATTEMPTS = 10;

export function createBansTable(table: Table): Bans {
  return {
    async put(asked, replacing) {
      let ban = storable(asked);
      let may: Clause | undefined;
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const outcome = await table.put(encodeBan(ban), may ?? mayStand(ban, replacing), "before");
        if (outcome.kind === "written") return stored(ban, outcome.before);
        const found = outcome.found ?? (await table.get(keyOf(ban)));
        may = undefined;
        if (found === undefined) continue;
        const decoded = decodeBan(found);
        if (decoded.kind === "malformed") {
          may = isStill(found);
          ban = { ...ban, generation: Math.max(ban.generation, generationIn(found) + 1) };
          continue;
        }
        const standing = decoded.ban;
        const over = standing.expiresAt !== undefined && standing.expiresAt <= ban.since;
        if (!over && standing.generation !== replacing) return { kind: "standing", ban: standing };
        ban = { ...ban, generation: Math.max(ban.generation, standing.generation + 1) };
      }
      throw new PortError("too-busy", `the ban row of ${keyText(asked)} never rested`, "Deliver the batch again.");
    },
    async lift(ban) {
      const nobodyRenewedIt = equal("generation", number(ban.generation));
      return (await table.delete(keyOf(ban), nobodyRenewedIt)).kind === "written";
    },
    ofId: async (id) => collect(bans(table.query({ key: equal(ID, text(id)), consistent: true }))),
    async due(now, limit) {
      const shards = Array.from({ length: END_SHARDS }, (_, shard) => {
        const ofShard = equal(byEnd.partitionKey, text(String(shard)));
        const isOver = atMost(byEnd.sortKey, number(now));
        const ask = { index: byEnd.name, key: both(ofShard, isOver), pageSize: Math.min(limit, 1_000) };
        return collect(bans(table.query(ask)), limit);
      });
      const due = (await Promise.all(shards)).flat();
      return due.sort((a, b) => a.expiresAt! - b.expiresAt!).slice(0, limit);
    },
    inJail: (jail) => bans(table.query({ index: byJail.name, key: equal(byJail.partitionKey, text(jail)) })),
  };
}

/** No ban stands, or the one that may be replaced does, with a smaller generation. */
function mayStand(ban: Ban, replacing: number | undefined): Clause {
  const noRow = absent(ID);
  const itIsOver = atMost(byEnd.sortKey, number(ban.since));
  const itIsOlder = below("generation", number(ban.generation));
  if (replacing === undefined) return either(noRow, both(itIsOver, itIsOlder));
  const itIsTheOneNamed = equal("generation", number(replacing));
  return either(noRow, both(either(itIsOver, itIsTheOneNamed), itIsOlder));
}

/** What was replaced and was no ban is nobody's loss. */
function stored(ban: Ban, before: FoundRow | undefined): PutOutcome {
  const previous = before === undefined ? undefined : decodeBan(before);
  return previous?.kind === "ban" ? { kind: "renewed", ban, previous: previous.ban } : { kind: "created", ban };
}

/** The row is as it was found, as far as it could be a ban. */
function isStill(row: FoundRow): Clause {
  return both(
    ...DECIDING.map((name) => (row[name] === undefined ? absent(name) : equal(name, row[name] as AttributeValue))),
  );
}

function keyOf({ id, jail }: BanKey): Row {
  return { [ID]: text(id), [JAIL]: text(jail) };
}

async function* bans(rows: AsyncIterable<FoundRow>): AsyncIterable<Ban> {
  for await (const row of rows) {
    const found = decodeBan(row);
    if (found.kind === "ban") yield found.ban;
  }
}

async function collect<T>(items: AsyncIterable<T>, limit = Number.POSITIVE_INFINITY): Promise<T[]> {
  const list: T[] = [];
  if (limit <= 0) return list;
  for await (const item of items) {
    list.push(item);
    if (list.length >= limit) break;
  }
  return list;
}
