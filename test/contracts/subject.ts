/** What a contract suite runs on: one adapter of a port, fresh for each test. */
import type { BanChange } from "../../shared/core/ban.ts";

export interface Subject<Port> {
  readonly port: Port;
  /** What the adapter needs around its calls: a batch of the local state, nothing for a table. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** The changes of ban rows so far, oldest first, where the adapter's rows have a stream that the test can read. */
  changes?(): Promise<readonly BanChange[]>;
  close(): Promise<void>;
}

/** Opens a new, empty subject. */
export type OpenSubject<Port> = () => Promise<Subject<Port>>;

/** Runs a test on a fresh subject and closes it, whatever happens. */
export function on<Port>(
  open: OpenSubject<Port>,
  test: (subject: Subject<Port>) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const subject = await open();
    try {
      await test(subject);
    } finally {
      await subject.close();
    }
  };
}

/** Everything an iteration yields. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
