/** Time that passes only where everybody waits: a minute of a fleet's work takes as long as its computing. */

export interface VirtualTime {
  readonly now: () => number;
  readonly wait: (duration: number) => Promise<void>;
  /** Lets time pass until the work is done; its result. */
  run<T>(work: Promise<T>): Promise<T>;
}

export function createVirtualTime(start: number): VirtualTime {
  let now = start;
  let order = 0;
  let sleepers: { readonly until: number; readonly order: number; readonly wake: () => void }[] = [];
  const idle = async () => {
    // Work in memory goes on in microtasks: a few turns of the event loop are enough for all of it.
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  };
  return {
    now: () => now,
    wait: (duration) =>
      new Promise((wake) => {
        sleepers.push({ until: now + duration, order: order++, wake });
      }),
    async run(work) {
      let done = false;
      const settle = () => {
        done = true;
      };
      work.then(settle, settle);
      await idle();
      while (!done) {
        const next = sleepers.sort((a, b) => a.until - b.until || a.order - b.order)[0];
        if (next === undefined) throw new Error("everybody waits, and for nothing");
        sleepers = sleepers.filter((sleeper) => sleeper !== next);
        now = Math.max(now, next.until);
        next.wake();
        await idle();
      }
      return work;
    },
  };
}
