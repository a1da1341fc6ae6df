/** The journal: changes of ban rows that are still to be acted on, in their order; the local equivalent of a stream. */
import type { BanChange } from "../../../core/ban.ts";
import { decodeBan } from "./bans-table.ts";
import { prefixRange, sortable } from "./keys.ts";
import type { Overlay } from "./overlay.ts";

/** A change and its place in the journal; later changes have greater numbers. */
export interface JournalEntry {
  readonly sequence: number;
  readonly change: BanChange;
}

export interface Journal {
  /** The oldest changes that nobody has settled, at most `limit`. */
  pending(limit: number): Promise<readonly JournalEntry[]>;
  /** Forgets the changes up to and including `sequence`: they were acted on. Inside a batch. */
  settle(sequence: number): Promise<void>;
}

/** Appends a change; called by the ban table inside its batch. */
export function appendToJournal(change: BanChange, overlay: Overlay): void {
  const sequence = Number(overlay.get("m/journal") ?? "0") + 1;
  overlay.set("m/journal", String(sequence));
  overlay.set(`x/${sortable(sequence)}`, JSON.stringify(change));
}

export function createJournal(overlay: Overlay): Journal {
  return {
    async pending(limit) {
      const entries: JournalEntry[] = [];
      for await (const [key, text] of overlay.range(...prefixRange("x/"))) {
        entries.push({ sequence: Number(key.slice(2)), change: decodeChange(text) });
        if (entries.length >= limit) break;
      }
      return entries;
    },
    async settle(sequence) {
      for await (const [key] of overlay.range("x/", `x/${sortable(sequence + 1)}`)) overlay.delete(key);
    },
  };
}

function decodeChange(text: string): BanChange {
  const change = JSON.parse(text) as BanChange;
  const ban = decodeBan(JSON.stringify(change.ban));
  switch (change.kind) {
    case "banned":
      return { kind: "banned", ban };
    case "renewed":
      return { kind: "renewed", ban, previous: decodeBan(JSON.stringify(change.previous)) };
    case "lifted":
      return { kind: "lifted", ban, reason: change.reason };
  }
}
