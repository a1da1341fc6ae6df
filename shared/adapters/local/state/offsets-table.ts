/** How far each log file has been read; the text is the follower's own. */
import { prefixRange } from "./keys.ts";
import type { Overlay } from "./overlay.ts";

export interface Offsets {
  /** Every file's position, by the name it was stored under. */
  all(): Promise<ReadonlyMap<string, string>>;
  /** Stores a position, or forgets it (undefined). Inside the batch that holds the lines' effects. */
  set(file: string, position: string | undefined): Promise<void>;
}

export function createOffsetsTable(overlay: Overlay): Offsets {
  return {
    async all() {
      const positions = new Map<string, string>();
      for await (const [key, text] of overlay.range(...prefixRange("f/"))) positions.set(key.slice(2), text);
      return positions;
    },
    async set(file, position) {
      if (position === undefined) overlay.delete(`f/${file}`);
      else overlay.set(`f/${file}`, position);
    },
  };
}
