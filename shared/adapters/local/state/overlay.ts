/**
 * Batches of work on a store: reads within a batch see what it has changed so far, reads outside see only what is
 * durable, and everything a batch changed becomes durable in one write, or nothing does. Batches wait for each other.
 *
 * Which batch a call belongs to is known by its asynchronous context, so that a status command in the middle of
 * somebody else's batch neither sees half of it nor slips a change into it.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { KeyValue } from "./key-value.ts";

/** What the tables work on. Changes outside a batch are refused: nothing would make them durable. */
export interface Overlay {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
  delete(key: string): void;
  /** Entries with from ≤ key < to, in the order of the keys; changes made while walking may or may not show. */
  range(from: string, to: string): AsyncIterable<readonly [key: string, value: string]>;
  /** Runs `work` alone and writes what it changed; where it throws, nothing has changed. Not inside a batch. */
  batch<T>(work: () => Promise<T>): Promise<T>;
  /** Ends the tracking of contexts, which every promise of the process pays for. Nothing may be called after it. */
  close(): void;
}

type Table = Map<string, string | undefined>;

interface Batch {
  open: boolean;
  /** By table, the first letter of a key, so that a range looks at its own table's changes only. */
  readonly changes: Map<string, Table>;
}

export function createOverlay(store: KeyValue): Overlay {
  const scope = new AsyncLocalStorage<Batch>();
  let last: Promise<unknown> = Promise.resolve();
  const tableOf = (key: string) => scope.getStore()?.changes.get(key.slice(0, 1));
  const change = (key: string, value: string | undefined) => {
    const batch = scope.getStore();
    if (batch?.open !== true) throw new Error(`the state was changed outside a batch: ${key}`);
    const letter = key.slice(0, 1);
    const table = batch.changes.get(letter) ?? new Map<string, string | undefined>();
    batch.changes.set(letter, table.set(key, value));
  };
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    const batch: Batch = { open: true, changes: new Map() };
    const result = await scope.run(batch, work).finally(() => {
      batch.open = false;
    });
    const changes = new Map([...batch.changes.values()].flatMap((table) => [...table]));
    if (changes.size > 0) await store.write(changes);
    return result;
  };
  return {
    get: (key) => {
      const table = tableOf(key);
      return table?.has(key) ? table.get(key) : store.get(key);
    },
    set: change,
    delete: (key) => change(key, undefined),
    async *range(from, to) {
      const table: Table = tableOf(from) ?? new Map();
      const mine = [...table.keys()].filter((key) => key >= from && key < to).sort();
      let next = 0;
      for await (const [key, value] of store.range(from, to)) {
        while (next < mine.length && mine[next]! < key) yield* present(table, mine[next++]!);
        if (mine[next] === key) yield* present(table, mine[next++]!);
        else yield [key, value] as const;
      }
      while (next < mine.length) yield* present(table, mine[next++]!);
    },
    batch(work) {
      if (scope.getStore()?.open === true)
        return Promise.reject(new Error("a batch inside a batch would wait for itself"));
      const result = last.then(() => run(work));
      // The next batch waits for this one, whatever becomes of it.
      last = result.catch(() => undefined);
      return result;
    },
    close: () => scope.disable(),
  };
}

function* present(table: Table, key: string): Iterable<readonly [string, string]> {
  const value = table.get(key);
  if (value !== undefined) yield [key, value];
}
