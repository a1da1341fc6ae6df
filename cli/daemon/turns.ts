/** One thing at a time: batches, sweeps, people's commands and reloads take turns, in the order in which they ask. */
export interface Turns {
  /** Runs `work` when everything asked for before is done; a failure is the asker's alone. */
  take<T>(work: () => Promise<T>): Promise<T>;
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(work) {
      const result = last.then(work);
      last = result.catch(() => undefined);
      return result;
    },
  };
}
