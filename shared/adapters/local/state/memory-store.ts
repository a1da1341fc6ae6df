/** A store that dies with the process: for the demo, dry runs and tests. Ordered like the durable one. */
import type { KeyValue } from "./key-value.ts";

/** Keys of one table (their first letter), kept sorted only as far as ranges ask. */
interface Table {
  readonly values: Map<string, string>;
  sorted: string[];
  /** Keys in `values` that are not in `sorted` yet. */
  readonly fresh: Set<string>;
  /** Keys in `sorted` that are no longer in `values`. */
  stale: number;
}

export function createMemoryStore(): KeyValue {
  const tables = new Map<string, Table>();
  const tableOf = (key: string) => {
    const letter = key.slice(0, 1);
    const table = tables.get(letter) ?? { values: new Map(), sorted: [], fresh: new Set(), stale: 0 };
    tables.set(letter, table);
    return table;
  };
  return {
    get: (key) => tables.get(key.slice(0, 1))?.values.get(key),
    async *range(from, to) {
      const table = tableOf(from);
      sort(table);
      const { sorted, values } = table;
      for (let index = lowerBound(sorted, from); index < sorted.length && sorted[index]! < to; index++) {
        const value = values.get(sorted[index]!);
        if (value !== undefined) yield [sorted[index]!, value];
      }
    },
    async write(changes) {
      for (const [key, value] of changes) {
        const table = tableOf(key);
        if (value !== undefined) {
          if (!table.values.has(key)) table.fresh.add(key);
          table.values.set(key, value);
        } else if (table.values.delete(key) && !table.fresh.delete(key)) table.stale++;
      }
    },
    async close() {
      tables.clear();
    },
  };
}

/** Brings `sorted` up to date in a new array, so that a range under way keeps the one it walks. */
function sort(table: Table): void {
  if (table.fresh.size === 0 && table.stale * 2 <= table.sorted.length) return;
  const kept = table.sorted.filter((key) => table.values.has(key) && !table.fresh.has(key));
  const fresh = [...table.fresh].sort();
  table.fresh.clear();
  table.stale = 0;
  table.sorted = [];
  let next = 0;
  for (const key of kept) {
    while (next < fresh.length && fresh[next]! < key) table.sorted.push(fresh[next++]!);
    table.sorted.push(key);
  }
  while (next < fresh.length) table.sorted.push(fresh[next++]!);
}

function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
