/**
 * The daemon's loop: batches of lines as they come, and once a second what falls due. Small on purpose: everything it
 * does is handed in, and what it decides is only when.
 */
import type { Turns } from "./turns.ts";

export interface Feed<Batch> extends AsyncIterable<Batch> {
  /** Ends the iteration. */
  stop(): Promise<void>;
}

export interface LoopDeps<Batch> {
  readonly turns: Turns;
  /** Stores a batch; throws where it has to come again. */
  readonly take: (batch: Batch) => Promise<void>;
  /** Acts on what is stored and due. */
  readonly tick: () => Promise<void>;
  /** Waits so many ms, or less if the signal ends it. */
  readonly wait: (duration: number, signal: AbortSignal) => Promise<void>;
  /** Hears of a batch or a tick that failed, and will be tried again in `again` ms. */
  readonly failed: (error: unknown, again: number) => void;
}

const TICK = 1_000;
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 60_000;

/** Reads the feed to its end or until `signal`; a batch that fails is tried again, and nothing is read meanwhile. */
export async function consume<Batch>(feed: Feed<Batch>, deps: LoopDeps<Batch>, signal: AbortSignal): Promise<void> {
  const stop = () => void feed.stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const batch of feed) {
      await repeat(() => deps.turns.take(() => deps.take(batch)), deps, signal);
      if (signal.aborted) return;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    await feed.stop();
  }
}

/** Ticks once a second until `signal`; a tick that fails waits longer for the next. */
export async function keepTime<Batch>(deps: LoopDeps<Batch>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await repeat(() => deps.turns.take(deps.tick), deps, signal);
    await deps.wait(TICK, signal);
  }
}

async function repeat<Batch>(work: () => Promise<void>, deps: LoopDeps<Batch>, signal: AbortSignal): Promise<void> {
  for (let again = FIRST_WAIT; !signal.aborted; again = Math.min(2 * again, LONGEST_WAIT)) {
    try {
      await work();
      return;
    } catch (error) {
      // Direction: the same again, later. A batch that is not stored is read again after a restart too.
      deps.failed(error, again);
      await deps.wait(again, signal);
    }
  }
}
