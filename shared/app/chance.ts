/** The share of `bantime.rndtime` that a ban gets: decided by what the ban is about, so that a repeated batch decides the same. */
import { createHash } from "node:crypto";

/** The same number in [0, 1) for the same text. */
export function chance(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0) / 2 ** 32;
}
