/** Totals in the local state. Names already added are remembered in a ring, so the memory of them does not grow. */
import { type JailTotals, NO_TOTALS, type Totals } from "../../../ports/totals.ts";
import { prefixRange } from "./keys.ts";
import type { Overlay } from "./overlay.ts";

const NAMES = 4096;

export function createTotalsTable(overlay: Overlay): Totals {
  return {
    async add(name, by) {
      if (overlay.get(`N/${name}`) !== undefined) return;
      remember(name, overlay);
      for (const [jail, more] of by) {
        const key = `t/${encodeURIComponent(jail)}`;
        const text = overlay.get(key);
        const sum: JailTotals = text === undefined ? NO_TOTALS : JSON.parse(text);
        overlay.set(
          key,
          JSON.stringify({
            failed: sum.failed + more.failed,
            banned: sum.banned + more.banned,
            ignored: sum.ignored + more.ignored,
          }),
        );
      }
    },
    async read() {
      const totals = new Map<string, JailTotals>();
      for await (const [key, text] of overlay.range(...prefixRange("t/"))) {
        totals.set(decodeURIComponent(key.slice(2)), JSON.parse(text));
      }
      return totals;
    },
  };
}

/** Takes the ring's next slot; the name that was there is forgotten. */
function remember(name: string, overlay: Overlay): void {
  const count = Number(overlay.get("m/names") ?? "0");
  const slot = `n/${count % NAMES}`;
  const oldest = overlay.get(slot);
  if (oldest !== undefined) overlay.delete(`N/${oldest}`);
  overlay.set(slot, name);
  overlay.set(`N/${name}`, slot);
  overlay.set("m/names", String(count + 1));
}
