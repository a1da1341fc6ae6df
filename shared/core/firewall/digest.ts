/**
 * One short text for all bans of a host, the same from a host's receipt and from the ban rows: where they differ, the
 * host has drifted and wants the full list.
 *
 * It is POSIX cksum's, the one checksum that every host has. It finds accidents, not enemies: who can write on a host as
 * root needs no collision.
 */

import { chainName } from "./chain-name.ts";
import type { HostBan } from "./change.ts";
import { expirySeconds } from "./encode.ts";

/** The digest of the bans that stand at `now` (epoch ms): a receipt's `digest`, for the receipt's `at`. */
export function digestOf(bans: Iterable<Pick<HostBan, "jail" | "target" | "expiresAt">>, now: number): string {
  const lines: string[] = [];
  const second = Math.floor(now / 1000);
  const chains = new Map<string, string>();
  const chainOf = (jail: string) => {
    const chain = chains.get(jail) ?? chainName(jail);
    chains.set(jail, chain);
    return chain;
  };
  for (const { jail, target, expiresAt } of bans) {
    const expiry = expirySeconds(expiresAt);
    if (expiry === 0 || expiry > second) lines.push(`${chainOf(jail)} ${target} ${expiry}\n`);
  }
  const text = lines.sort().join("");
  return `${cksum(text)}-${text.length}`;
}

/** The CRC of POSIX cksum over ASCII text: its bytes, then its length in bytes, lowest first. */
function cksum(text: string): number {
  let crc = 0;
  const feed = (byte: number) => {
    crc = (crc << 8) ^ TABLE[((crc >>> 24) ^ byte) & 0xff]!;
  };
  for (let i = 0; i < text.length; i++) feed(text.charCodeAt(i));
  for (let length = text.length; length > 0; length >>>= 8) feed(length & 0xff);
  return ~crc >>> 0;
}

const TABLE = Int32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value;
});
