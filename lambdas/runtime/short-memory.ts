/**
 * A value that is read again after a while. A function's process serves many invocations; what people change rarely need
 * not be asked for by each. A read that fails is not remembered.
 */

export interface ShortMemory<T> {
  /** What was read less than `ttl` ago, or what is read now; those who ask meanwhile share the read. */
  get(): Promise<T>;
  /** Takes the value as read now. */
  set(value: T): void;
  forget(): void;
}

/** `ttl` in ms; `now` gives epoch ms. */
export function createShortMemory<T>(read: () => Promise<T>, ttl: number, now: () => number): ShortMemory<T> {
  let kept: { readonly value: Promise<T>; readonly at: number } | undefined;
  const keep = (value: Promise<T>): Promise<T> => {
    const entry = { value, at: now() };
    kept = entry;
    value.catch(() => {
      if (kept === entry) kept = undefined;
    });
    return value;
  };
  return {
    get: () => (kept !== undefined && Math.abs(now() - kept.at) < ttl ? kept.value : keep(read())),
    set: (value) => void keep(Promise.resolve(value)),
    forget() {
      kept = undefined;
    },
  };
}
