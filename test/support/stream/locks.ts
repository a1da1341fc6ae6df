/** Locks by name: work on the same rows waits for its turn, work on different rows does not. */

export interface Locks {
  /** Runs `work` when nobody else works on any of the names. */
  alone<T>(names: readonly string[], work: () => Promise<T>): Promise<T>;
}

export function createLocks(): Locks {
  const last = new Map<string, Promise<unknown>>();
  return {
    alone(names, work) {
      // All names are queued for in one step, so two of us never wait for each other.
      const before = Promise.all(names.map((name) => last.get(name)));
      const result = before.then(work);
      const done = result.then(
        () => undefined,
        () => undefined,
      );
      for (const name of names) last.set(name, done);
      return result.finally(() => {
        for (const name of names) if (last.get(name) === done) last.delete(name);
      });
    },
  };
}
