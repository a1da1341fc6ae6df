/** The pool of commands as rows of the control table: one row for who leads, one for what each of the others left. */
import { gunzipSync, gzipSync } from "node:zlib";
import type { HostChange } from "../../../core/firewall/change.ts";
import { PortError } from "../../../ports/failure.ts";
import type { Deposit, Pool } from "../../../ports/pool.ts";
import { bytes, bytesOf, type FoundRow, number, text, textOf, ttl } from "./attributes.ts";
import { absent, atMost, either, equal } from "./clause.ts";
import { at, KIND, NAME, ofKind } from "./control-keys.ts";
import type { Table } from "./table.ts";

const DAY = 86_400_000;
/** A thousand changes are some 300 KB, and a twentieth of that packed; a row holds 400 KB. */
const MOST_BYTES = 64 * 1024 * 1024;

export function createPoolRows(table: Table): Pool {
  const leader = at(KIND.leader, "commands");
  return {
    async lead(who, now, until) {
      const nobodyLeads = absent(NAME);
      const itsTimeIsOver = atMost("until", number(now));
      const itIsMe = equal("who", text(who));
      const row = { ...leader, who: text(who), until: number(until), ...ttl(until + DAY) };
      return (await table.put(row, either(nobodyLeads, itsTimeIsOver, itIsMe))).kind === "written";
    },
    begin: async (who) => (await table.delete(leader, equal("who", text(who)))).kind === "written",
    async deposit({ who, changes }, now) {
      const packed = bytes(gzipSync(JSON.stringify(changes)));
      await table.put({ ...at(KIND.deposit, who), changes: packed, ...ttl(now + DAY) });
    },
    async deposits() {
      const found: Deposit[] = [];
      for await (const row of table.query({ key: ofKind(KIND.deposit), consistent: true })) found.push(depositOf(row));
      return found;
    },
    async remove(whose) {
      for (const who of whose) await table.delete(at(KIND.deposit, who));
    },
  };
}

function depositOf(row: FoundRow): Deposit {
  const who = textOf(row, NAME)!;
  try {
    const json = gunzipSync(bytesOf(row, "changes")!, { maxOutputLength: MOST_BYTES }).toString();
    return { who, changes: JSON.parse(json) as HostChange[] };
  } catch (cause) {
    const next = `Delete the row "${KIND.deposit}", "${who}" of the control table; a reconcile brings the hosts what it held.`;
    throw new PortError("state-corrupt", `what ${who} left to be sent cannot be read`, next, cause);
  }
}
