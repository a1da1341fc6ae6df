/** Small tables of the local state: control rows, breakers and held bans. */
import { ARMED, type BreakerState } from "../../../core/detect/breaker.ts";
import type { Breakers } from "../../../ports/breakers.ts";
import type { Control, ControlEntry, ControlSetting } from "../../../ports/control.ts";
import type { Holds } from "../../../ports/holds.ts";
import { decodeBan, encodeBan } from "./bans-table.ts";
import { jailRange, keyIn, prefixRange } from "./keys.ts";
import type { Overlay } from "./overlay.ts";

export function createControlTable(overlay: Overlay): Control {
  return {
    async entries() {
      const entries: ControlEntry[] = [];
      for await (const [, text] of overlay.range(...prefixRange("c/"))) {
        const entry = JSON.parse(text) as ControlEntry;
        // A setting for every jail has no jail in its JSON.
        entries.push(entry.kind === "idle" ? entry : { ...entry, jail: entry.jail });
      }
      return entries;
    },
    async put(entry) {
      overlay.set(settingKey(entry), JSON.stringify(entry));
    },
    async remove(setting) {
      const key = settingKey(setting);
      if (overlay.get(key) === undefined) return false;
      overlay.delete(key);
      return true;
    },
  };
}

function settingKey(setting: ControlSetting): string {
  const jail = setting.jail === undefined ? "*" : `=${encodeURIComponent(setting.jail)}`;
  switch (setting.kind) {
    case "ignore":
    case "unignore":
      return `c/${setting.kind}/${jail}/${setting.word}`;
    case "idle":
      return `c/idle/${jail}`;
  }
}

export function createBreakersTable(overlay: Overlay): Breakers {
  const read = (jail: string): { state: BreakerState; version: number } => {
    const text = overlay.get(`k/${jail}`);
    return text === undefined ? { state: ARMED, version: 0 } : JSON.parse(text);
  };
  return {
    load: async (jail) => read(jail),
    async save(jail, state, version) {
      if (read(jail).version !== version) return "conflict";
      overlay.set(`k/${jail}`, JSON.stringify({ state, version: version + 1 }));
      return "saved";
    },
  };
}

export function createHoldsTable(overlay: Overlay): Holds {
  return {
    async hold(ban) {
      overlay.set(keyIn("h", ban), encodeBan(ban));
    },
    async *inJail(jail) {
      for await (const [, text] of overlay.range(...jailRange("h", jail))) yield decodeBan(text);
    },
    async drop(key) {
      const rowKey = keyIn("h", key);
      if (overlay.get(rowKey) === undefined) return false;
      overlay.delete(rowKey);
      return true;
    },
  };
}
