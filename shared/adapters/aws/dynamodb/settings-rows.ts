/** What people changed at run time, as rows of the control table: one a setting, read consistently as a whole. */
import type { Control, ControlEntry, ControlSetting } from "../../../ports/control.ts";
import { type FoundRow, number, numberOf, optional, text, textOf } from "./attributes.ts";
import { at, isThere, KIND, ofKind } from "./control-keys.ts";
import type { Table } from "./table.ts";

export function createSettingsRows(table: Table): Control {
  return {
    async entries() {
      const entries: ControlEntry[] = [];
      for await (const row of table.query({ key: ofKind(KIND.setting), consistent: true })) {
        const entry = entryOf(row);
        // A row of a later version, or of nobody's: what we do not know, we do not do.
        if (entry !== undefined) entries.push(entry);
      }
      return entries;
    },
    async put(entry) {
      await table.put({
        ...at(KIND.setting, keyOf(entry)),
        setting: text(entry.kind),
        ...optional("jail", entry.jail === undefined ? undefined : text(entry.jail)),
        ...(entry.kind !== "idle" && { word: text(entry.word) }),
        actor: text(entry.actor),
        at: number(entry.at),
      });
    },
    async remove(setting) {
      return (await table.delete(at(KIND.setting, keyOf(setting)), isThere)).kind === "written";
    },
  };
}

/** JSON keeps a jail called "*", or with any separator in it, apart from every jail. */
function keyOf(setting: ControlSetting): string {
  return JSON.stringify([setting.kind, setting.jail ?? null, ...(setting.kind === "idle" ? [] : [setting.word])]);
}

function entryOf(row: FoundRow): ControlEntry | undefined {
  const [kind, jail, word] = [textOf(row, "setting"), textOf(row, "jail"), textOf(row, "word")];
  const asked = { actor: textOf(row, "actor") ?? "unknown", at: numberOf(row, "at") ?? 0 };
  if (kind === "idle" && jail !== undefined) return { kind, jail, ...asked };
  if ((kind === "ignore" || kind === "unignore") && word !== undefined) return { kind, jail, word, ...asked };
  return undefined;
}
