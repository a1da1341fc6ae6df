/**
 * One batch of work on a store: reads see what the batch has changed so far, and everything becomes durable in one
 * write, or nothing does. Batches wait for each other.
 */
import type { KeyValue } from "./key-value.ts";

/** What the tables work on. Changes outside a batch are refused: nothing would make them durable. */
export interface Overlay {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
  delete(key: string): void;
  /** Entries with from ≤ key < to, in the order of the keys; changes made while walking may or may not show. */
  range(from: string, to: string): AsyncIterable<readonly [key: string, value: string]>;
  /**
   * Runs `work` alone and writes what it changed; where it throws, nothing has changed. A batch inside a batch would
   * wait for itself.
   */
  batch<T>(work: () => Promise<T>): Promise<T>;
}

export function createOverlay(store: KeyValue): Overlay {
  // By table, the first letter of a key, so that a range looks at its own table's changes only.
  let changes = new Map<string, Map<string, string | undefined>>();
  const tableOf = (key: string) => {
    const letter = key.slice(0, 1);
    const table = changes.get(letter) ?? new Map<string, string | undefined>();
    changes.set(letter, table);
    return table;
  };
  let active = false;
  let last: Promise<unknown> = Promise.resolve();
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    active = true;
    try {
      const result = await work();
      if (changes.size > 0) await store.write(new Map([...changes.values()].flatMap((table) => [...table])));
      return result;
    } finally {
      active = false;
      changes = new Map();
    }
  };
  const change = (key: string, value: string | undefined) => {
    if (!active) throw new Error(`the state was changed outside a batch: ${key}`);
    tableOf(key).set(key, value);
  };
  return {
    get: (key) => {
      const table = changes.get(key.slice(0, 1));
      return table?.has(key) ? table.get(key) : store.get(key);
    },
    set: change,
    delete: (key) => change(key, undefined),
    async *range(from, to) {
      const table = changes.get(from.slice(0, 1)) ?? new Map<string, string | undefined>();
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
      const result = last.then(() => run(work));
      // The next batch waits for this one, whatever becomes of it.
      last = result.catch(() => undefined);
      return result;
    },
  };
}

function* present(table: ReadonlyMap<string, string | undefined>, key: string): Iterable<readonly [string, string]> {
  const value = table.get(key);
  if (value !== undefined) yield [key, value];
}
