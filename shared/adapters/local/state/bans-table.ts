/**
 * Ban rows in the local state, and the journal of their changes: both are written in the same batch, so a change is
 * never lost and never invented.
 */
import type { Ban, BanChange } from "../../../core/ban.ts";
import type { Bans } from "../../../ports/bans.ts";
import { banOfEndKey, endKey, idKey, idRange, jailOfIdKey, jailRange, keyIn, sortable } from "./keys.ts";
import type { Overlay } from "./overlay.ts";

export function createBansTable(overlay: Overlay, journal: (change: BanChange) => void): Bans {
  const read = (key: string): Ban | undefined => {
    const text = overlay.get(key);
    return text === undefined ? undefined : decodeBan(text);
  };
  const unindex = (ban: Ban) => {
    overlay.delete(idKey("i", ban));
    if (ban.expiresAt !== undefined) overlay.delete(endKey(ban.expiresAt, ban));
  };
  const store = (ban: Ban) => {
    overlay.set(keyIn("b", ban), encodeBan(ban));
    overlay.set(idKey("i", ban), "");
    if (ban.expiresAt !== undefined) overlay.set(endKey(ban.expiresAt, ban), "");
  };
  return {
    async put(ban, replacing) {
      const previous = read(keyIn("b", ban));
      if (previous === undefined) {
        store(ban);
        journal({ kind: "banned", ban });
        return { kind: "created", ban };
      }
      const over = previous.expiresAt !== undefined && previous.expiresAt <= ban.since;
      if (!over && previous.generation !== replacing) return { kind: "standing", ban: previous };
      const renewed = { ...ban, generation: Math.max(ban.generation, previous.generation + 1) };
      unindex(previous);
      store(renewed);
      journal({ kind: "renewed", ban: renewed, previous });
      return { kind: "renewed", ban: renewed, previous };
    },
    async lift(key, at) {
      const ban = read(keyIn("b", key));
      if (ban === undefined || ban.generation !== key.generation) return false;
      overlay.delete(keyIn("b", ban));
      unindex(ban);
      const over = ban.expiresAt !== undefined && ban.expiresAt <= at;
      journal({ kind: "lifted", ban, reason: over ? "expired" : "manual" });
      return true;
    },
    async ofId(id) {
      const bans: Ban[] = [];
      for await (const [key] of overlay.range(...idRange("i", id))) {
        const ban = read(keyIn("b", { id, jail: jailOfIdKey(key) }));
        if (ban !== undefined) bans.push(ban);
      }
      return bans;
    },
    async due(now, limit) {
      const bans: Ban[] = [];
      for await (const [key] of overlay.range("e/", `e/${sortable(now + 1)}`)) {
        const ban = read(banOfEndKey(key));
        if (ban !== undefined) bans.push(ban);
        if (bans.length >= limit) break;
      }
      return bans;
    },
    async *inJail(jail) {
      for await (const [, text] of overlay.range(...jailRange("b", jail))) yield decodeBan(text);
    },
  };
}

/** A ban as JSON; what is undefined is left out and comes back undefined. */
export function encodeBan(ban: Ban): string {
  return JSON.stringify(ban);
}

export function decodeBan(text: string): Ban {
  const ban = JSON.parse(text) as Ban;
  return { ...ban, expiresAt: ban.expiresAt, source: ban.source };
}
