/**
 * How a file is known again: by the bytes at its start and the bytes just before the place where reading stopped.
 *
 * Device and inode alone do not tell: copytruncate keeps them, a file system gives a freed inode to the next file, and a
 * reboot may renumber devices. Fail2Ban compares the first line, which a header makes the same in every generation of a
 * log; the bytes before the offset nearly always hold a date. Only hashes are kept, so the saved state holds no log text.
 */
import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";

/** The hash of a run of bytes, and how many they are. */
export interface Fingerprint {
  readonly length: number;
  readonly hash: string;
}

export const HEAD_BYTES = 1024;
export const ANCHOR_BYTES = 256;

export const NOTHING: Fingerprint = { length: 0, hash: "" };

export function fingerprint(bytes: Uint8Array): Fingerprint {
  return bytes.length === 0 ? NOTHING : { length: bytes.length, hash: hashOf(bytes) };
}

/** 96 bits of SHA-256: enough that no two logs of a machine meet. */
export function hashOf(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("base64url").slice(0, 16);
}

/** Whether the file still holds, before `offset`, what was read there. */
export async function holds(
  handle: FileHandle,
  read: { readonly offset: number; readonly head: Fingerprint; readonly anchor: Fingerprint },
): Promise<boolean> {
  const head = await readBytes(handle, 0, read.head.length);
  if (fingerprint(head).hash !== read.head.hash) return false;
  const anchor = await readBytes(handle, read.offset - read.anchor.length, read.anchor.length);
  return fingerprint(anchor).hash === read.anchor.hash;
}

/** The first bytes of a file, and how long it was just before they were read. */
export interface Beginning {
  readonly head: Buffer;
  readonly size: number;
}

/** The beginning of an open file as it is now. Of a file emptied meanwhile, it is the size that is out of date. */
export async function beginningOf(handle: FileHandle): Promise<Beginning> {
  const { size } = await handle.stat();
  return { size, head: await readBytes(handle, 0, HEAD_BYTES) };
}

/** Up to `length` bytes at `position`; fewer where the file ends. */
export async function readBytes(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  if (length <= 0) return Buffer.alloc(0);
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
