/** Bans that a breaker held back, as rows of the control table, one partition a jail; they go when the ban would have ended. */
import type { Holds } from "../../../ports/holds.ts";
import { decodeBan, encodeBan, storable } from "./ban-row.ts";
import { at, isThere, KIND, ofKind } from "./control-keys.ts";
import type { Table } from "./table.ts";

export function createHeldRows(table: Table): Holds {
  return {
    async hold(ban) {
      await table.put({ ...encodeBan(storable(ban)), ...at(KIND.held(ban.jail), ban.id) });
    },
    async *inJail(jail) {
      for await (const row of table.query({ key: ofKind(KIND.held(jail)), consistent: true })) {
        const found = decodeBan(row);
        if (found.kind === "ban") yield found.ban;
      }
    },
    async drop({ jail, id }) {
      return (await table.delete(at(KIND.held(jail), id), isThere)).kind === "written";
    },
  };
}
