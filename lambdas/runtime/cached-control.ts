/** Control rows and breakers, asked for once in a while: a batch in which nobody fails or is banned costs no request. */
import type { Breakers } from "../../shared/ports/breakers.ts";
import type { Control } from "../../shared/ports/control.ts";
import { createShortMemory, type ShortMemory } from "./short-memory.ts";

/** What people change holds everywhere after so long, ms. */
export const CONTROL_TTL = 10_000;

/** `now` gives epoch ms. A read that fails throws: doubt means no ban. */
export function cacheControl(control: Control, now: () => number, ttl = CONTROL_TTL): Control {
  const memory = createShortMemory(() => control.entries(), ttl, now);
  const forgetting = <T>(change: Promise<T>): Promise<T> => change.finally(() => memory.forget());
  return {
    entries: () => memory.get(),
    put: (entry) => forgetting(control.put(entry)),
    remove: (setting) => forgetting(control.remove(setting)),
  };
}

type Loaded = Awaited<ReturnType<Breakers["load"]>>;

/**
 * A breaker that another process tripped stops this one within `ttl` ms, or at its next own ban: that one's save
 * conflicts, and the state is read anew. A tripped one is read each time: what is held must be held before the person
 * looks who arms it again.
 */
export function cacheBreakers(breakers: Breakers, now: () => number, ttl = CONTROL_TTL): Breakers {
  const memories = new Map<string, ShortMemory<Loaded>>();
  const memoryOf = (jail: string) => {
    const memory = memories.get(jail) ?? createShortMemory(() => breakers.load(jail), ttl, now);
    memories.set(jail, memory);
    return memory;
  };
  return {
    async load(jail) {
      const memory = memoryOf(jail);
      const loaded = await memory.get();
      if (loaded.state.kind === "armed") return loaded;
      memory.forget();
      return breakers.load(jail);
    },
    async save(jail, state, version) {
      const memory = memoryOf(jail);
      // Not known how a save that throws ended: the next load finds out.
      memory.forget();
      const outcome = await breakers.save(jail, state, version);
      if (outcome === "saved") memory.set({ state, version: version + 1 });
      return outcome;
    },
  };
}
