/**
 * The pool of commands as rows of the control table: one row for who leads, one for what each of the others left.
 *
 * A row that is no deposit (a person's hands), or an old one, is left out of what is read: either would otherwise stop
 * every command, or come too late. A reconcile brings the hosts what it held.
 */
import { gunzipSync, gzipSync } from "node:zlib";
import type { HostChange } from "../../../core/firewall/change.ts";
import type { Deposit, Pool } from "../../../ports/pool.ts";
import { bytes, bytesOf, type FoundRow, number, numberOf, text, textOf, ttl } from "./attributes.ts";
import { absent, atMost, either, equal } from "./clause.ts";
import { at, KIND, NAME, ofKind } from "./control-keys.ts";
import type { Table } from "./table.ts";

const DAY = 86_400_000;
/**
 * So long (ms) a deposit counts: its sender lives for minutes, and the stream or a reconcile has brought the same changes
 * since. Far below the day for which hosts remember what ended: an older change would bring a lifted ban back.
 */
const KEPT = 3_600_000;
/** A thousand changes are some 300 KB, and a twentieth of that packed; a row holds 400 KB. */
const MOST_BYTES = 64 * 1024 * 1024;

/** `now` = the clock, epoch ms: TTL takes a row away days too late. */
export function createPoolRows(table: Table, now: () => number): Pool {
  const leader = at(KIND.leader, "commands");
  return {
    async lead(who, since, until) {
      const nobodyLeads = absent(NAME);
      const itsTimeIsOver = atMost("until", number(since));
      const itIsMe = equal("who", text(who));
      const row = { ...leader, who: text(who), until: number(until), ...ttl(until + DAY) };
      return (await table.put(row, either(nobodyLeads, itsTimeIsOver, itIsMe))).kind === "written";
    },
    begin: async (who) => (await table.delete(leader, equal("who", text(who)))).kind === "written",
    async deposit({ who, changes }, since) {
      const packed = bytes(gzipSync(JSON.stringify(changes)));
      await table.put({ ...at(KIND.deposit, who), changes: packed, since: number(since), ...ttl(since + DAY) });
    },
    async deposits() {
      const found: Deposit[] = [];
      const oldest = now() - KEPT;
      for await (const row of table.query({ key: ofKind(KIND.deposit), consistent: true })) {
        const deposit = (numberOf(row, "since") ?? 0) > oldest ? depositOf(row) : undefined;
        if (deposit !== undefined) found.push(deposit);
      }
      return found;
    },
    async remove(whose) {
      for (const who of whose) await table.delete(at(KIND.deposit, who));
    },
  };
}

function depositOf(row: FoundRow): Deposit | undefined {
  try {
    const json = gunzipSync(bytesOf(row, "changes")!, { maxOutputLength: MOST_BYTES }).toString();
    return { who: textOf(row, NAME)!, changes: JSON.parse(json) as HostChange[] };
  } catch {
    // Direction: the commands go on without it.
    return undefined;
  }
}
