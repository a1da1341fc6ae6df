/**
 * A host's log shipper with the subscription behind it: what the CloudWatch agent collects becomes gzip envelopes that
 * the ingest function is invoked with, control messages and second deliveries included.
 *
 * Every line is sent; in the cloud the subscription's pattern leaves most of the good ones out.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";

export interface Shipper {
  /** Takes a line as it is written. */
  take(line: string): void;
  /** Hands over what is left and ends. */
  close(): Promise<void>;
}

export interface ShipperOptions {
  readonly host: string;
  readonly logGroup: string;
  /** Between two flushes, ms. */
  readonly flushEvery: number;
  /** Invokes ingest; false = it failed and wants the payload again. */
  readonly deliver: (event: unknown) => Promise<boolean>;
  /** Hears of each envelope and its lines. */
  readonly shipped: (lines: readonly string[], isAgain: boolean) => void;
}

/** Every so many envelopes one comes twice. */
const REDELIVERED = 4;
/** An asynchronous invocation is tried three times. */
const ATTEMPTS = 3;

export function startShipper({ host, logGroup, flushEvery, deliver, shipped }: ShipperOptions): Shipper {
  let waiting: { readonly at: number; readonly text: string }[] = [];
  let serial = 0;
  let envelopes = 0;
  let isOpen = true;
  const send = async (event: unknown) => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (await deliver(event)) return;
      await sleep(1_000);
    }
  };
  const envelope = (messageType: string, logEvents: readonly object[]) => {
    const payload = {
      messageType,
      ...{ owner: "123456789012", logGroup, logStream: `i-${host}`, subscriptionFilters: ["fleet2ban"], logEvents },
    };
    return { awslogs: { data: gzipSync(JSON.stringify(payload)).toString("base64") } };
  };
  const flush = async () => {
    const lines = waiting;
    waiting = [];
    if (lines.length === 0) return;
    const events = lines.map(({ at, text }) => {
      serial += 1;
      const id = `${host.replace(/\D/g, "")}${String(serial).padStart(55, "0")}`;
      return { id, timestamp: at, message: text };
    });
    const event = envelope("DATA_MESSAGE", events);
    const texts = lines.map(({ text }) => text);
    shipped(texts, false);
    await send(event);
    envelopes += 1;
    if (envelopes % REDELIVERED !== 0) return;
    shipped(texts, true);
    await send(event);
  };
  const work = (async () => {
    const checked = { id: "", timestamp: Date.now(), message: "CWL CONTROL MESSAGE: Checking health of destination." };
    await send(envelope("CONTROL_MESSAGE", [checked]));
    while (isOpen) {
      await sleep(flushEvery);
      await flush();
    }
    await flush();
  })();
  return {
    take: (text) => waiting.push({ at: Date.now(), text }),
    async close() {
      isOpen = false;
      await work;
    },
  };
}
