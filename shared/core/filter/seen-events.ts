/**
 * Which events were taken in already: a redelivered one must change nothing a second time.
 *
 * The newest are known by a hash of their identity. What was pushed out leaves a horizon behind: an event received
 * before it can be neither known nor placed.
 */
import { MAX_SEEN, type SeenEvents } from "./line-state.ts";

export type Familiarity = "new" | "seen" | "too-old";

export interface SeenLog {
  /** Notes the event where it is new. */
  note(identity: string, at: number): Familiarity;
  /** What to keep; the same values again where nothing was new. */
  close(): { readonly seen: readonly SeenEvents[]; readonly horizon: number };
}

/** Characters of a hash. */
const LENGTH = 11;

export function openSeenLog(seen: readonly SeenEvents[], horizon: number): SeenLog {
  const known = new Set<string>();
  for (const { ids } of seen) for (let at = 0; at < ids.length; at += LENGTH) known.add(ids.slice(at, at + LENGTH));
  const fresh: { readonly id: string; readonly at: number }[] = [];
  return {
    note(identity, at) {
      const id = hash(identity);
      if (known.has(id)) return "seen";
      if (at < horizon) return "too-old";
      known.add(id);
      fresh.push({ id, at });
      return "new";
    },
    close() {
      if (fresh.length === 0) return { seen, horizon };
      const kept = fresh.slice(-MAX_SEEN);
      let edge = fresh.slice(0, -MAX_SEEN).reduce((latest, { at }) => Math.max(latest, at), horizon);
      const latest = kept.reduce((newest, { at }) => Math.max(newest, at), 0);
      const all = [...seen, { at: latest, ids: kept.map(({ id }) => id).join("") }];
      let count = all.reduce((sum, { ids }) => sum + ids.length / LENGTH, 0);
      while (all.length > 1 && count > MAX_SEEN) {
        const oldest = all.shift()!;
        count -= oldest.ids.length / LENGTH;
        edge = Math.max(edge, oldest.at);
      }
      return { seen: all, horizon: edge };
    },
  };
}

/**
 * 53 bits in base 36: two of 512 events are alike once in 10^10 batches. No client chooses identities, so it need not
 * be a cryptographic hash. (Two multiplicative hashes side by side, mixed at the end.)
 */
function hash(text: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2_654_435_761);
    low = Math.imul(low ^ code, 1_597_334_677);
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return (2 ** 32 * (low & 0x1f_ffff) + (high >>> 0)).toString(36).padStart(LENGTH, "0");
}
