/** Commands on their way, as rows of the control table; one that nobody closes goes when its service forgets it, too. */
import type { Commands, OpenCommand } from "../../../ports/commands.ts";
import { type FoundRow, number, numberOf, optional, text, textOf, texts, textsOf, ttl } from "./attributes.ts";
import { absent } from "./clause.ts";
import { at, KIND, NAME, ofKind } from "./control-keys.ts";
import type { Table } from "./table.ts";

/** Run Command keeps its history for 30 days. */
const KEPT = 30 * 86_400_000;
const MODES = ["apply", "reconcile", "status", "clear"] as const;

export function createCommandRows(table: Table): Commands {
  return {
    async open({ id, sentAt, mode, hosts, changes }) {
      const notedFirst = absent(NAME);
      await table.put(
        {
          ...at(KIND.command, id),
          sentAt: number(sentAt),
          mode: text(mode),
          ...optional("hosts", hosts === undefined ? undefined : texts(hosts)),
          changes: number(changes),
          ...ttl(sentAt + KEPT),
        },
        notedFirst,
      );
    },
    async opened() {
      const commands: OpenCommand[] = [];
      for await (const row of table.query({ key: ofKind(KIND.command), consistent: true })) {
        const command = commandOf(row);
        // None of ours, so nobody waits for its receipts.
        if (command !== undefined) commands.push(command);
      }
      return commands.sort((a, b) => a.sentAt - b.sentAt);
    },
    async close(id) {
      await table.delete(at(KIND.command, id));
    },
  };
}

function commandOf(row: FoundRow): OpenCommand | undefined {
  const [id, sentAt] = [textOf(row, NAME), numberOf(row, "sentAt")];
  const mode = MODES.find((each) => each === textOf(row, "mode"));
  if (id === undefined || sentAt === undefined || mode === undefined) return undefined;
  return { id, sentAt, mode, hosts: textsOf(row, "hosts"), changes: numberOf(row, "changes") ?? 0 };
}
