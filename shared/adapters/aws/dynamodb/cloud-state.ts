/**
 * The cloud's state: everything that fleet2ban remembers, in three tables of DynamoDB, behind the same ports as one
 * machine's.
 *
 * There is no transaction. Each port's write is one conditional request that may come twice, and the order in which the
 * use cases write (ban before window) makes a crash in between come right with the next delivery.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Audit } from "../../../ports/audit.ts";
import type { Bans } from "../../../ports/bans.ts";
import type { Breakers } from "../../../ports/breakers.ts";
import type { Commands } from "../../../ports/commands.ts";
import type { Control } from "../../../ports/control.ts";
import type { Editions } from "../../../ports/editions.ts";
import type { Holds } from "../../../ports/holds.ts";
import type { Hosts } from "../../../ports/hosts.ts";
import type { LineStates } from "../../../ports/line-states.ts";
import type { Marks } from "../../../ports/marks.ts";
import type { Offenders } from "../../../ports/offenders.ts";
import type { Pace } from "../../../ports/pace.ts";
import type { Pool } from "../../../ports/pool.ts";
import type { Totals } from "../../../ports/totals.ts";
import type { Windows } from "../../../ports/windows.ts";
import { createBansTable } from "./bans-table.ts";
import { createBreakerRows } from "./breaker-rows.ts";
import { createCommandRows } from "./command-rows.ts";
import { createDeedRows } from "./deed-rows.ts";
import { createEditionRows } from "./edition-rows.ts";
import { createHeldRows } from "./held-rows.ts";
import { createHostRows } from "./host-rows.ts";
import { createLineStateRows } from "./line-state-rows.ts";
import { createMarkRows } from "./mark-rows.ts";
import { createOffenderRows } from "./offender-rows.ts";
import { createPoolRows } from "./pool-rows.ts";
import { createSettingsRows } from "./settings-rows.ts";
import { createSlotRows } from "./slot-rows.ts";
import { openTable, type Wait } from "./table.ts";
import { createTotalsRows } from "./totals-rows.ts";
import type { Unreadable } from "./unreadable.ts";
import { createWindowsTable } from "./windows-table.ts";

export interface CloudState {
  readonly windows: Windows;
  readonly bans: Bans;
  readonly offenders: Offenders;
  readonly breakers: Breakers;
  readonly holds: Holds;
  readonly totals: Totals;
  readonly lineStates: LineStates;
  readonly control: Control;
  readonly hosts: Hosts;
  readonly commands: Commands;
  readonly pace: Pace;
  readonly pool: Pool;
  readonly marks: Marks;
  readonly editions: Editions;
  readonly audit: Audit;
}

/** The tables' names, as the stack made them. */
export interface CloudTables {
  readonly windows: string;
  readonly bans: string;
  readonly control: string;
}

export interface CloudStateOptions {
  /** The clock, epoch ms. */
  readonly now?: () => number;
  /** Waits so many ms between two looks at keys that the service left unread. */
  readonly wait?: Wait;
  /** Hears of rows that cannot be read and are done without. Default: nobody. */
  readonly unreadable?: Unreadable;
}

/** Every port over the three tables. Their methods throw PortError (see errors.ts), and "too-busy" or "state-corrupt". */
export function createCloudState(
  client: DynamoDBClient,
  tables: CloudTables,
  { now = Date.now, wait = sleep as Wait, unreadable = () => undefined }: CloudStateOptions = {},
): CloudState {
  const control = openTable(client, tables.control, wait);
  return {
    windows: createWindowsTable(openTable(client, tables.windows, wait), now, unreadable),
    bans: createBansTable(openTable(client, tables.bans, wait)),
    offenders: createOffenderRows(control),
    breakers: createBreakerRows(control, unreadable),
    holds: createHeldRows(control),
    totals: createTotalsRows(control),
    lineStates: createLineStateRows(control, now, unreadable),
    control: createSettingsRows(control),
    hosts: createHostRows(control),
    commands: createCommandRows(control),
    pace: createSlotRows(control),
    pool: createPoolRows(control, now),
    marks: createMarkRows(control),
    editions: createEditionRows(control),
    audit: createDeedRows(control),
  };
}
