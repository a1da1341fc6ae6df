/** Marks as rows of the control table that TTL takes away: a mark that is kept too long harms nobody. */
import type { Marks } from "../../../ports/marks.ts";
import { textOf, ttl } from "./attributes.ts";
import { at, KIND, NAME } from "./control-keys.ts";
import type { Table } from "./table.ts";

export function createMarkRows(table: Table): Marks {
  return {
    async noted(names) {
      const rows = await table.getMany(names.map((name) => at(KIND.mark, name)));
      return new Set(rows.map((row) => textOf(row, NAME)!));
    },
    async note(name, until) {
      await table.put({ ...at(KIND.mark, name), ...ttl(until) });
    },
  };
}
