/** What the local state needs of a store: ordered text keys, look-ups without waiting, and one atomic write. */

/** Keys to their new values; undefined = delete. */
export type Changes = ReadonlyMap<string, string | undefined>;

export interface KeyValue {
  get(key: string): string | undefined;
  /** Entries with from ≤ key < to, in the order of the keys, as of the call or later. */
  range(from: string, to: string): AsyncIterable<readonly [key: string, value: string]>;
  /** All of the changes become durable, or none of them, whatever kills the process. */
  write(changes: Changes): Promise<void>;
  close(): Promise<void>;
}
