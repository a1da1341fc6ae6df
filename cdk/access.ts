/**
 * What each function does with the tables, as its ports ask them: of `control` by kind of row, so that a function that is
 * taken over writes no allowlist, no ruleset and nobody's mail that it has no business with.
 */
import { KIND } from "../shared/adapters/aws/dynamodb/control-keys.ts";
import type { Target } from "../shared/core/address.ts";

/** What may be done with the items of a table. */
export type ItemAction = "BatchGetItem" | "GetItem" | "Query" | "PutItem" | "UpdateItem" | "DeleteItem";

/** Kinds of rows by what is done with them; "*" in a kind stands for any jail, id or name. */
export type ControlAccess = Readonly<Partial<Record<ItemAction, readonly string[]>>>;

export interface TableAccess {
  readonly windows?: readonly ItemAction[];
  readonly bans?: readonly ItemAction[];
  /** Indexes of bans that are queried. */
  readonly bansBy?: readonly ("byEnd" | "byJail")[];
  readonly control?: ControlAccess;
}

const { setting, breaker, totals, host, command, slot, leader, deposit, mark, edition } = KIND;
const [held, lines, editionText] = [KIND.held("*"), KIND.lines("*"), KIND.editionText("*")];
const offender = KIND.offender("*" as Target);

/** Counting failures and deciding bans; nobody who counts may lift a ban, or change what people set. */
const COUNTING = {
  windows: ["BatchGetItem", "PutItem"],
  bans: ["GetItem", "PutItem"],
  control: {
    BatchGetItem: [lines],
    GetItem: [breaker, totals],
    Query: [offender, setting],
    PutItem: [breaker, held, lines],
    UpdateItem: [offender, totals],
  },
} as const satisfies TableAccess;

/** Giving the ruleset its revision in the fleet, and sending commands one after another. */
const COMMANDING = {
  GetItem: [edition, slot],
  Query: [editionText],
  PutItem: [command, edition, editionText],
  UpdateItem: [slot],
  DeleteItem: [editionText],
} as const satisfies ControlAccess;

/** By function. */
export const ACCESS = {
  ingest: COUNTING,
  enforce: {
    ...COUNTING,
    control: together(COUNTING.control, COMMANDING, {
      Query: [deposit],
      PutItem: [leader, deposit],
      DeleteItem: [leader, deposit],
    }),
  },
  sweep: { bans: ["DeleteItem"], bansBy: ["byEnd"] },
  reconcile: {
    bansBy: ["byJail"],
    control: together(COMMANDING, { Query: [command, host], PutItem: [host], DeleteItem: [command, host] }),
  },
  notify: { control: { BatchGetItem: [mark], PutItem: [mark], GetItem: [slot], UpdateItem: [slot] } },
} as const satisfies Readonly<Record<string, TableAccess>>;

function together(...parts: readonly ControlAccess[]): ControlAccess {
  const sum: Partial<Record<ItemAction, readonly string[]>> = {};
  for (const [action, kinds] of parts.flatMap((part) => Object.entries(part) as [ItemAction, readonly string[]][])) {
    sum[action] = [...(sum[action] ?? []), ...kinds].sort();
  }
  return sum;
}
