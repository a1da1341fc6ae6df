/**
 * re2's addon as its author built it: from the release on GitHub, or a mirror, believed only by its hash.
 *
 * The hashes stand in the re2 package that npm verified against our lock file, so whoever holds the mirror or the road to
 * it cannot change what runs in the Lambdas.
 */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { type Architecture, TARGET_RUNTIME } from "./target-runtime.ts";

export interface PrebuiltSource {
  /** Version of re2. */
  readonly version: string;
  /** "linux-x64-137" → "sha256:…" of the bytes unpacked. */
  readonly hashes: Readonly<Record<string, string>>;
  /** Scheme and host, as $RE2_DOWNLOAD_MIRROR has it; the path below it is GitHub's. */
  readonly mirror: string;
  readonly timeoutMs: number;
}

export const GITHUB = "https://github.com";

/** No answer is larger: the packed addon has 0.6 MB, unpacked 1.6. */
const MAX_PACKED = 32 * 1024 * 1024;
const MAX_BYTES = 64 * 1024 * 1024;

/** The addon's bytes. Rejects with what was asked, and why it was not had. */
export async function fetchPrebuilt(architecture: Architecture, source: PrebuiltSource): Promise<Buffer> {
  const slot = `linux-${architecture}-${TARGET_RUNTIME.abi}`;
  const hash = source.hashes[slot];
  if (hash === undefined) throw new Error(`re2 ${source.version} publishes no hash for ${slot}`);
  const url = `${source.mirror.replace(/\/+$/, "")}/uhop/node-re2/releases/download/${source.version}/${slot}.br`;
  const bytes = await unpack(await download(url, source.timeoutMs), url);
  const actual = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  if (actual !== hash) throw new Error(`${url}: its hash is ${actual}, and re2's package says ${hash}`);
  return bytes;
}

async function download(url: string, timeoutMs: number): Promise<Buffer> {
  try {
    // The time-out holds for the body too.
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body) {
      length += chunk.length;
      if (length > MAX_PACKED) throw new Error(`it has more than ${MAX_PACKED / 2 ** 20} MB`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (cause) {
    // Gives up at the first failure: the compiler is the second try. fetch hides the reason in its cause.
    throw new Error(`${url}: ${innermost(cause)}`, { cause });
  }
}

async function unpack(packed: Buffer, url: string): Promise<Buffer> {
  try {
    return await promisify(brotliDecompress)(packed, { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    // Refused: a captive portal's page, or a bomb.
    throw new Error(`${url}: not brotli, or more than ${MAX_BYTES / 2 ** 20} MB: ${innermost(cause)}`, { cause });
  }
}

function innermost(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : innermost(error.cause);
}
