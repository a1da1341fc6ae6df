/** The tables as both the stack that creates them and the adapters that use them know them. */

/** Failure windows. */
export const WINDOWS_TABLE = { partitionKey: "key", ttl: "ttl" } as const;

/**
 * Ban rows; the table has a stream with new and old images. `ttl` is epoch seconds, absent for a permanent ban.
 * `byEnd` finds what is due: its partition is a shard ("0" to "7") of the id, absent for a permanent ban. `byJail`
 * lists a jail's bans. Both indexes project everything.
 */
export const BANS_TABLE = {
  partitionKey: "id",
  sortKey: "jail",
  ttl: "ttl",
  byEnd: { name: "byEnd", partitionKey: "endShard", sortKey: "endsAt" },
  byJail: { name: "byJail", partitionKey: "jail", sortKey: "id" },
} as const;

/** Shards of the index by end. */
export const END_SHARDS = 8;

/**
 * Everything else, a kind of row per partition key: offenders, ignore entries, idle jails, breakers, held bans, totals,
 * hosts, commands, slots, the edition, deeds. Both keys are text.
 */
export const CONTROL_TABLE = { partitionKey: "kind", sortKey: "key", ttl: "ttl" } as const;

/** Every key of the three tables is text but `endsAt`, a number of epoch ms. */
export const NUMBER_KEYS: ReadonlySet<string> = new Set([BANS_TABLE.byEnd.sortKey]);
