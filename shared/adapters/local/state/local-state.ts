/**
 * The local state: everything fleet2ban remembers on one machine, behind the same ports as the cloud's tables.
 *
 * What one batch of lines changes (windows, bans, histories, totals, journal, and the offsets of the log files) is
 * written at once. Killed at any moment, the process finds either all of a batch or none of it, and reads the lines
 * of a missing batch again.
 */
import type { Bans } from "../../../ports/bans.ts";
import type { Breakers } from "../../../ports/breakers.ts";
import type { Control } from "../../../ports/control.ts";
import { PortError } from "../../../ports/failure.ts";
import type { Holds } from "../../../ports/holds.ts";
import type { LineStates } from "../../../ports/line-states.ts";
import type { Offenders } from "../../../ports/offenders.ts";
import type { Totals } from "../../../ports/totals.ts";
import type { Windows } from "../../../ports/windows.ts";
import { createBansTable } from "./bans-table.ts";
import { createBreakersTable, createControlTable, createHoldsTable } from "./control-tables.ts";
import { appendToJournal, createJournal, type Journal } from "./journal-table.ts";
import type { KeyValue } from "./key-value.ts";
import { openLevelStore } from "./level-store.ts";
import { createLineStatesTable } from "./line-states-table.ts";
import { createMemoryStore } from "./memory-store.ts";
import { createOffendersTable } from "./offenders-table.ts";
import { createOffsetsTable, type Offsets } from "./offsets-table.ts";
import { createOverlay, type Overlay } from "./overlay.ts";
import { createPruner } from "./prune.ts";
import { createTotalsTable } from "./totals-table.ts";
import { createWindowsTable } from "./windows-table.ts";

export interface LocalState {
  readonly windows: Windows;
  readonly bans: Bans;
  readonly offenders: Offenders;
  readonly control: Control;
  readonly breakers: Breakers;
  readonly holds: Holds;
  readonly totals: Totals;
  readonly lineStates: LineStates;
  readonly offsets: Offsets;
  readonly journal: Journal;
  /**
   * Runs `work` alone; what it changes through the tables becomes durable at once, or not at all where it throws.
   * Reads that belong together go here too. Never call it inside itself.
   */
  batch<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Looks at up to `limit` rows and drops those that say nothing any more to an event of `before` (epoch ms) or
   * later; goes on where it stopped. Inside a batch; resolves to the number dropped.
   */
  prune(before: number, limit: number): Promise<number>;
  /** Waits for the batch under way, then closes the store. */
  close(): Promise<void>;
}

const FORMAT = "1";

/** Opens or creates the state in a folder. Throws PortError: state-locked, state-corrupt, state-version, state-unusable. */
export async function openLocalState(folder: string): Promise<LocalState> {
  return createLocalState(await openLevelStore(folder), folder);
}

/** A state that dies with the process: for the demo, dry runs and tests. */
export function createMemoryState(): Promise<LocalState> {
  return createLocalState(createMemoryStore(), "memory");
}

async function createLocalState(store: KeyValue, place: string): Promise<LocalState> {
  const overlay = createOverlay(store);
  try {
    await checkFormat(overlay, place);
  } catch (error) {
    // Nobody can use it: give the lock back.
    await store.close();
    throw error;
  }
  return {
    windows: createWindowsTable(overlay),
    bans: createBansTable(overlay, (change) => appendToJournal(change, overlay)),
    offenders: createOffendersTable(overlay),
    control: createControlTable(overlay),
    breakers: createBreakersTable(overlay),
    holds: createHoldsTable(overlay),
    totals: createTotalsTable(overlay),
    lineStates: createLineStatesTable(overlay),
    offsets: createOffsetsTable(overlay),
    journal: createJournal(overlay),
    batch: overlay.batch,
    prune: createPruner(overlay),
    close: async () => {
      await overlay.batch(async () => undefined);
      overlay.close();
      await store.close();
    },
  };
}

async function checkFormat(overlay: Overlay, place: string): Promise<void> {
  const format = overlay.get("m/format");
  if (format === FORMAT) return;
  if (format === undefined) return overlay.batch(async () => overlay.set("m/format", FORMAT));
  throw new PortError(
    "state-version",
    `the state in ${place} has format ${format}; this fleet2ban knows ${FORMAT}`,
    "Use the fleet2ban that wrote it, or give this one a new state folder.",
  );
}
