/**
 * Tasks under a clock that moves only when all of them sleep: minutes pass in no time, and real work (requests, regexes)
 * takes none of them.
 */

export interface Simulation {
  /** Sleeps for so many ms of the clock. Only for tasks of `run`. */
  readonly sleep: (duration: number) => Promise<void>;
  /** Runs the tasks to their ends. */
  run(tasks: readonly (() => Promise<void>)[]): Promise<void>;
}

export function createSimulation(clock: { readonly now: () => number; advance(duration: number): void }): Simulation {
  const sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  let awake = 0;
  /** When nobody is awake, the one who sleeps least is woken. */
  const pass = () => {
    if (awake > 0 || sleepers.length === 0) return;
    sleepers.sort((a, b) => a.until - b.until);
    const { until, wake } = sleepers.shift()!;
    clock.advance(Math.max(0, until - clock.now()));
    awake++;
    wake();
  };
  return {
    sleep: (duration) =>
      new Promise((wake) => {
        sleepers.push({ until: clock.now() + duration, wake });
        awake--;
        pass();
      }),
    async run(tasks) {
      awake = tasks.length;
      await Promise.all(
        tasks.map(async (task) => {
          try {
            await task();
          } finally {
            awake--;
            pass();
          }
        }),
      );
    },
  };
}
