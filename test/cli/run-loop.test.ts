import { describe, expect, it } from "vitest";
import { consume, type Feed, keepTime, type LoopDeps } from "../../cli/daemon/run-loop.ts";
import { createTurns } from "../../cli/daemon/turns.ts";

/** A feed of these batches; what is asked for after the last one never comes until it is stopped. */
function feedOf(...batches: string[]): Feed<string> & { readonly stops: () => number } {
  let stops = 0;
  let end = () => {};
  const stopped = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    stops: () => stops,
    stop: async () => {
      stops++;
      end();
    },
    async *[Symbol.asyncIterator]() {
      yield* batches;
      await stopped;
    },
  };
}

function rig(take: (batch: string) => void, tick: () => void = () => {}) {
  const waits: number[] = [];
  const errors: string[] = [];
  const deps: LoopDeps<string> = {
    turns: createTurns(),
    take: async (batch) => take(batch),
    tick: async () => tick(),
    wait: async (duration) => void waits.push(duration),
    failed: (error) => void errors.push(String(error)),
  };
  return { deps, waits, errors };
}

describe("the loop", () => {
  it("takes every batch once, in order, and ends its feed", async () => {
    const stop = new AbortController();
    const taken: string[] = [];
    const feed = feedOf("a", "b");
    const { deps, errors } = rig((batch) => {
      taken.push(batch);
      if (batch === "b") stop.abort();
    });
    await consume(feed, deps, stop.signal);
    expect({ taken, errors, stopped: feed.stops() > 0 }).toEqual({ taken: ["a", "b"], errors: [], stopped: true });
  });

  it("takes a batch that failed again before it reads on, and waits longer each time", async () => {
    const stop = new AbortController();
    const taken: string[] = [];
    const { deps, waits, errors } = rig((batch) => {
      taken.push(batch);
      if (taken.length < 8) throw new Error("not now");
      stop.abort();
    });
    await consume(feedOf("a", "b"), deps, stop.signal);
    expect(taken).toEqual(Array.from({ length: 8 }, () => "a"));
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000]);
    expect(errors).toHaveLength(7);
  });

  it("gives up a batch that fails when it is told to end: it is read again after the next start", async () => {
    const stop = new AbortController();
    const { deps } = rig(() => {
      stop.abort();
      throw new Error("not now");
    });
    await consume(feedOf("a", "b"), deps, stop.signal);
  });

  it("ticks once a second, and after a tick that failed too", async () => {
    const stop = new AbortController();
    let ticks = 0;
    const { deps, waits } = rig(
      () => {},
      () => {
        ticks++;
        if (ticks === 2) throw new Error("no");
        if (ticks === 4) stop.abort();
      },
    );
    await keepTime(deps, stop.signal);
    expect(ticks).toBe(4);
    expect(waits).toEqual([1_000, 1_000, 1_000, 1_000]);
  });
});

describe("turns", () => {
  it("are taken one after the other, whatever becomes of one", async () => {
    const turns = createTurns();
    const log: string[] = [];
    const slow = turns.take(async () => {
      log.push("slow begins");
      await new Promise((resolve) => setTimeout(resolve, 5));
      log.push("slow ends");
      throw new Error("slow failed");
    });
    const next = turns.take(async () => void log.push("next"));
    await expect(slow).rejects.toThrow("slow failed");
    await next;
    expect(log).toEqual(["slow begins", "slow ends", "next"]);
  });
});
