/** What each host said last, as rows of the control table; an earlier answer never replaces a later one. */
import type { HostReply } from "../../../core/firewall/receipt.ts";
import type { HostRecord, Hosts } from "../../../ports/hosts.ts";
import { type FoundRow, number, numberOf, optional, text, textOf } from "./attributes.ts";
import { below, either, noNumber } from "./clause.ts";
import { at, KIND, NAME, ofKind } from "./control-keys.ts";
import { cutLines } from "./cut-lines.ts";
import type { Table } from "./table.ts";

/** Bytes of what a host says in words; it is for people, and a host may be hostile. */
const WORDS_LIMIT = 16 * 1024;

export function createHostRows(table: Table): Hosts {
  return {
    async note({ host, reply, command, at: when, differsSince, revision }) {
      const nothingKept = noNumber("at");
      const onlyEarlierKept = below("at", number(when));
      await table.put(
        {
          ...at(KIND.host, host),
          reply: text(JSON.stringify(bounded(reply))),
          command: text(command),
          at: number(when),
          ...optional("differsSince", differsSince === undefined ? undefined : number(differsSince)),
          ...optional("revision", revision === undefined ? undefined : number(revision)),
        },
        either(nothingKept, onlyEarlierKept),
      );
    },
    async all() {
      const records: HostRecord[] = [];
      for await (const row of table.query({ key: ofKind(KIND.host), consistent: true })) records.push(recordOf(row));
      return records;
    },
    async forget(host) {
      await table.delete(at(KIND.host, host));
    },
  };
}

function recordOf(row: FoundRow): HostRecord {
  const [differsSince, revision] = [numberOf(row, "differsSince"), numberOf(row, "revision")];
  return {
    host: textOf(row, NAME)!,
    reply: replyOf(textOf(row, "reply")),
    command: textOf(row, "command") ?? "",
    at: numberOf(row, "at") ?? 0,
    ...(differsSince === undefined ? {} : { differsSince }),
    ...(revision === undefined ? {} : { revision }),
  };
}

/** A row that cannot be read says as little about the host as an answer that cannot: the host is asked again. */
function replyOf(json: string | undefined): HostReply {
  try {
    const reply = JSON.parse(json ?? "") as HostReply;
    if (reply.kind === "done" || reply.kind === "failed" || reply.kind === "unreadable") return reply;
  } catch {
    // As below.
  }
  return { kind: "unreadable", message: "the stored answer cannot be read" };
}

function bounded(reply: HostReply): HostReply {
  switch (reply.kind) {
    case "done":
      return {
        ...reply,
        faults: cutLines(reply.faults, WORDS_LIMIT),
        refusals: cutLines(reply.refusals, WORDS_LIMIT),
        notes: cutLines(reply.notes, WORDS_LIMIT),
      };
    case "failed":
    case "unreadable":
      return { ...reply, message: cutLines([reply.message], WORDS_LIMIT)[0]! };
  }
}
