/** Deeds of people as rows of the control table, in the order of time, kept for a year. */
import { createHash } from "node:crypto";
import type { Audit, Deed } from "../../../ports/audit.ts";
import { type FoundRow, number, numberOf, text, textOf, ttl } from "./attributes.ts";
import { at, KIND, ofKind } from "./control-keys.ts";
import { cutLines } from "./cut-lines.ts";
import type { Table } from "./table.ts";

const KEPT = 365 * 86_400_000;
const WORDS_LIMIT = 16 * 1024;

export function createDeedRows(table: Table): Audit {
  return {
    async note(deed) {
      const [command, outcome] = [deed.command, deed.outcome].map((words) => cutLines([words], WORDS_LIMIT)[0]!);
      await table.put({
        ...at(KIND.deed, keyOf(deed)),
        actor: text(deed.actor),
        at: number(deed.at),
        command: text(command!),
        outcome: text(outcome!),
        ...ttl(deed.at + KEPT),
      });
    },
    async recent(limit) {
      const deeds: Deed[] = [];
      if (limit <= 0) return deeds;
      const newest = { key: ofKind(KIND.deed), consistent: true, newestFirst: true, pageSize: Math.min(limit, 1_000) };
      for await (const row of table.query(newest)) {
        deeds.push(deedOf(row));
        if (deeds.length >= limit) break;
      }
      return deeds;
    },
  };
}

/** The order of the keys is the order of time; the same deed noted twice is one row. */
function keyOf({ actor, at: when, command, outcome }: Deed): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([actor, command, outcome]))
    .digest("base64url");
  return `${String(Math.max(0, Math.trunc(when))).padStart(16, "0")} ${digest.slice(0, 16)}`;
}

function deedOf(row: FoundRow): Deed {
  return {
    actor: textOf(row, "actor") ?? "unknown",
    at: numberOf(row, "at") ?? 0,
    command: textOf(row, "command") ?? "",
    outcome: textOf(row, "outcome") ?? "",
  };
}
