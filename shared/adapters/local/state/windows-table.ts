/** Windows in the local state. */
import { EMPTY_WINDOW } from "../../../core/detect/window.ts";
import type { Windows } from "../../../ports/windows.ts";
import { jailRange, keyIn } from "./keys.ts";
import type { Overlay } from "./overlay.ts";
import { decodeWindow, encodeWindow, versionOf } from "./window-row.ts";

export function createWindowsTable(overlay: Overlay): Windows {
  return {
    async load(keys) {
      return keys.map((key) => {
        const text = overlay.get(keyIn("w", key));
        return text === undefined ? { window: EMPTY_WINDOW, version: 0 } : decodeWindow(text);
      });
    },
    async save(key, window, version, forgetAt) {
      const rowKey = keyIn("w", key);
      const text = overlay.get(rowKey);
      const current = text === undefined ? 0 : versionOf(text);
      if (current !== version) return "conflict";
      overlay.set(rowKey, encodeWindow({ window, version: version + 1, forgetAt }));
      return "saved";
    },
    async watched(jail, after) {
      let count = 0;
      for await (const [, text] of overlay.range(...jailRange("w", jail))) {
        const newest = decodeWindow(text).window.failures.at(-1);
        if (newest !== undefined && newest.at > after) count++;
      }
      return count;
    },
  };
}
