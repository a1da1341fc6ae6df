/** One at a time by name, within one process: writers of one row that would only be in each other's way. */

/** Runs `work` after everything of the same name that was asked for before; a failure is the asker's alone. */
export type TakeTurn = <T>(name: string, work: () => Promise<T>) => Promise<T>;

export function createTurns(): TakeTurn {
  const last = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const result = (last.get(name) ?? Promise.resolve()).then(work);
    const settled = result.catch(() => undefined);
    last.set(name, settled);
    // Nobody came after: the name may go.
    void settled.then(() => last.get(name) === settled && last.delete(name));
    return result;
  };
}
