/** Keys of the control table: what partitions there are, so that no two kinds of row ever meet. */
import { CONTROL_TABLE } from "../../../contract/tables.ts";
import type { Target } from "../../../core/address.ts";
import { type Row, text } from "./attributes.ts";
import { type Clause, equal, present } from "./clause.ts";

/** The partition of each kind of row. A jail or an id may stand in a partition's name only after the first space. */
export const KIND = {
  /** What people changed at run time; one partition, since it is always read as a whole. */
  setting: "setting",
  breaker: "breaker",
  /** Held bans of one jail. */
  held: (jail: string) => `held ${jail}`,
  /** Histories of one id. */
  offender: (id: Target) => `offender ${id}`,
  /** What a jail remembers of log streams. */
  lines: (jail: string) => `lines ${jail}`,
  totals: "totals",
  host: "host",
  command: "command",
  slot: "slot",
  /** Who sends the next command, and what others left for it to carry. */
  leader: "leader",
  deposit: "deposit",
  mark: "mark",
  edition: "edition",
  /** Pieces of one edition's ruleset that does not fit its row. */
  editionText: (name: string) => `edition-text ${name}`,
  deed: "deed",
} as const;

const { partitionKey, sortKey: SORT } = CONTROL_TABLE;

/** The attribute that holds a row's kind. */
export const PARTITION = partitionKey;

/** The key of a row. */
export function at(kind: string, key: string): Row {
  return { [PARTITION]: text(kind), [SORT]: text(key) };
}

/** Every row of a kind, as a key clause. */
export function ofKind(kind: string): Clause {
  return equal(PARTITION, text(kind));
}

/** The attribute that holds a row's own name. */
export const NAME = SORT;

/** There is such a row, as a condition. */
export const isThere: Clause = present(PARTITION);
