/**
 * Ban rows in DynamoDB; the table's stream tells their changes.
 *
 * A row that is no ban (a person's hands) is left out of what is read, so that one such row can stop neither sweep nor
 * status; the stream's readers set it aside when it is written.
 */
import { BANS_TABLE, END_SHARDS } from "../../../contract/tables.ts";
import type { Ban } from "../../../core/ban.ts";
import type { BanKey } from "../../../core/detect/key.ts";
import { keyText } from "../../../core/detect/key.ts";
import type { Bans, PutOutcome } from "../../../ports/bans.ts";
import { PortError } from "../../../ports/failure.ts";
import { type FoundRow, number, type Row, text } from "./attributes.ts";
import { decodeBan, encodeBan, storable } from "./ban-row.ts";
import { absent, atMost, below, both, type Clause, either, equal } from "./clause.ts";
import type { Table } from "./table.ts";

const { partitionKey: ID, sortKey: JAIL, byEnd, byJail } = BANS_TABLE;
/** A row that changes between each of our looks at it that often is fought over by more than bans. */
const ATTEMPTS = 10;

export function createBansTable(table: Table): Bans {
  return {
    async put(asked, replacing) {
      let ban = storable(asked);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const outcome = await table.put(encodeBan(ban), mayStand(ban, replacing), "before");
        if (outcome.kind === "written") return stored(ban, outcome.before);
        const found = outcome.found ?? (await table.get(keyOf(ban)));
        if (found === undefined) continue;
        const standing = banOf(found, ban);
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

/** Throws PortError "state-corrupt" where the row is no ban: whether one stands cannot be said. */
function banOf(row: FoundRow, key: BanKey): Ban {
  const found = decodeBan(row);
  if (found.kind === "ban") return found.ban;
  throw new PortError(
    "state-corrupt",
    `the row of ${keyText(key)} in the bans table is ${found.reason}`,
    "Delete that row: whoever wrote it was not fleet2ban.",
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
