/**
 * The CloudWatch agent's way with one log file: lines become events, stamped with the time at which they were read, and a
 * batch goes some seconds after its first event, or when it is full.
 */
import { follow } from "./tail.ts";

export interface LogEvent {
  /** Epoch ms. */
  readonly timestamp: number;
  readonly message: string;
}

export interface LogAgent {
  /** Sends what is left and ends. */
  close(): Promise<void>;
}

export interface LogAgentOptions {
  readonly path: string;
  /** From the first line of a batch until it is sent, ms. */
  readonly flush: () => number;
  readonly put: (events: readonly LogEvent[]) => void;
  /** Hears each line as it is read. */
  readonly hear?: ((line: string) => void) | undefined;
}

/** What PutLogEvents takes at once: events, and bytes with so many more for each. */
export const MOST_EVENTS = 10_000;
export const MOST_BYTES = 1_048_576;
const EVENT_BYTES = 26;

export function startLogAgent({ path, flush, put, hear }: LogAgentOptions): LogAgent {
  let batch: LogEvent[] = [];
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    const events = batch;
    batch = [];
    bytes = 0;
    if (events.length > 0) put(events);
  };
  const tail = follow(path, (message) => {
    hear?.(message);
    // The agent sends no empty lines.
    if (message === "") return;
    const size = Buffer.byteLength(message) + EVENT_BYTES;
    if (batch.length === MOST_EVENTS || bytes + size > MOST_BYTES) send();
    timer ??= setTimeout(send, flush());
    batch.push({ timestamp: Date.now(), message });
    bytes += size;
  });
  return {
    async close() {
      await tail.close();
      send();
    },
  };
}
