/**
 * What a subscription hands over, undone: base64 and gzip. Bounded, because gzip makes a thousand bytes of one, and
 * whoever writes log lines has a say in how well they compress.
 */
import { gunzipSync } from "node:zlib";

/**
 * The most JSON that one payload may hold, in bytes. A payload is at most 1 MB packed, and logs shrink to a tenth or a
 * twentieth; parsed whole, so much takes about five times its size of a function's memory.
 */
export const MOST_BYTES = 48 * 1024 * 1024;

export type Unpacked =
  | { readonly kind: "json"; readonly json: Buffer }
  | { readonly kind: "broken"; readonly reason: string };

/** `data` as it comes; a chunk size of 1 MiB saves a third of zlib's time. */
export function unpack(data: string, most = MOST_BYTES): Unpacked {
  const packed = Buffer.from(data, "base64");
  if (packed.length === 0) return { kind: "broken", reason: "the payload is empty, or no base64" };
  try {
    return { kind: "json", json: gunzipSync(packed, { maxOutputLength: most, chunkSize: 1 << 20 }) };
  } catch (error) {
    // Direction: the same bytes will never unpack, so nothing is retried.
    return { kind: "broken", reason: reasonOf(error as NodeJS.ErrnoException, most) };
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException, most: number): string {
  if (code === "ERR_BUFFER_TOO_LARGE") return `the payload unpacks to more than ${most} bytes`;
  if (code === "Z_BUF_ERROR") return "the payload's gzip is cut off";
  return `the payload is no gzip: ${message}`;
}
