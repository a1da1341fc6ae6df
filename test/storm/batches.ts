/** Failures as payloads: by host and flush, seconds or minutes late, some twice, some of them in other company. */
import { MINUTE } from "./rulesets.ts";
import { type Logged, START } from "./story.ts";
import type { World } from "./world.ts";

export interface Payloads {
  /** Each with its delay from the story's start, ms. */
  readonly batches: readonly { readonly batch: readonly Logged[]; readonly delay: number }[];
  /** Whether failures came again in other company. */
  readonly regrouped: boolean;
}

export function batchesOf(failures: readonly Logged[], world: World): Payloads {
  const byFlush = new Map<string, Logged[]>();
  for (const failure of failures) {
    const { stream, at } = failure.event;
    const flush = `${stream} ${Math.floor(at / 5_000)}`;
    byFlush.set(flush, [...(byFlush.get(flush) ?? []), failure]);
  }
  const batches: { batch: readonly Logged[]; delay: number }[] = [];
  let regrouped = false;
  // Agents that flush at the same moment make functions that work on the same rows at the same moment.
  const together = new Map<number, number>();
  for (const batch of byFlush.values()) {
    const at = Math.max(...batch.map(({ event }) => event.at)) - START;
    const flush = Math.floor(at / 5_000);
    const usual = together.get(flush) ?? world.between(1_000, 12_000);
    together.set(flush, usual);
    const delay = world.chance(0.1)
      ? at + world.between(MINUTE, 10 * MINUTE)
      : (flush + 1) * 5_000 + usual + world.between(0, 60);
    batches.push({ batch, delay });
    if (world.chance(0.2)) batches.push({ batch, delay: delay + world.between(0, 5 * MINUTE) });
    const other = world.chance(0.1) ? world.pick(batches) : undefined;
    if (other === undefined) continue;
    regrouped = true;
    const joined = [...batch, ...other.batch];
    batches.push({ batch: joined, delay: Math.max(delay, other.delay) + world.between(0, MINUTE) });
  }
  return { batches, regrouped };
}
