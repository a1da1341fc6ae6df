/**
 * Ids known to be banned, so that an attacker whom every batch sees costs no read: failures during a ban belong to it.
 *
 * A cache that may be lost. An entry is believed for a short time only, because a person may have lifted the ban
 * somewhere else; within one process, forget() makes that instant.
 */
import { type BanKey, keyText } from "../core/detect/key.ts";

export interface KnownBans {
  /** Until when the id is banned as far as known at `now` (both epoch ms); undefined = not known to be; Infinity = for ever. */
  until(key: BanKey, now: number): number | undefined;
  /** Believes from `now` on that the id is banned until `until`; undefined = for ever. */
  remember(key: BanKey, until: number | undefined, now: number): void;
  forget(key: BanKey): void;
}

/** Believes an entry for `ttl` ms of event time, and keeps at most `capacity` of them, dropping the oldest. */
export function createKnownBans({ ttl = 30_000, capacity = 100_000 } = {}): KnownBans {
  const entries = new Map<string, { readonly until: number; readonly seenAt: number }>();
  return {
    until(key, now) {
      const entry = entries.get(keyText(key));
      if (entry === undefined) return undefined;
      return Math.abs(now - entry.seenAt) < ttl ? entry.until : undefined;
    },
    remember(key, until, now) {
      const text = keyText(key);
      entries.delete(text);
      entries.set(text, { until: until ?? Number.POSITIVE_INFINITY, seenAt: now });
      if (entries.size > capacity) entries.delete(entries.keys().next().value!);
    },
    forget: (key) => void entries.delete(keyText(key)),
  };
}
