/** What a CloudWatch Logs subscription of a busy fleet hands to a Lambda: base64 of gzip of JSON, near 1 MiB of it. */
import { gunzipSync, gzipSync } from "node:zlib";
import type { BenchLine } from "./lines.ts";

const EVENTS_PER_PAYLOAD = 2500;

/** Packs lines as the service does, keys in its order; ids are unique. */
export function toPayloads(lines: readonly BenchLine[]): string[] {
  const payloads: string[] = [];
  for (let from = 0; from < lines.length; from += EVENTS_PER_PAYLOAD) {
    const envelope = {
      messageType: "DATA_MESSAGE",
      owner: "123456789012",
      logGroup: "/var/log/haproxy",
      logStream: "i-0123456789abcdef0",
      subscriptionFilters: ["fleet2ban"],
      logEvents: lines.slice(from, from + EVENTS_PER_PAYLOAD).map(({ at, text }, index) => ({
        id: String(from + index).padStart(56, "3"),
        timestamp: at,
        message: text,
      })),
    };
    payloads.push(gzipSync(JSON.stringify(envelope)).toString("base64"));
  }
  return payloads;
}

/** base64 and gzip undone; a chunk size of 1 MiB saves a third of the time. */
export function unpack(payload: string): Buffer {
  return gunzipSync(Buffer.from(payload, "base64"), { chunkSize: 1 << 20 });
}
