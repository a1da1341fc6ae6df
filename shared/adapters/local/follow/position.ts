/**
 * Where the reading of each file stands: plain JSON, for the caller to save with whatever the lines before it led to.
 *
 * A batch carries the positions that hold after its events. Saved in one write with the state, they make a restart go on
 * exactly after the last line that counted.
 */
import type { Fingerprint } from "./fingerprint.ts";

export interface FilePosition {
  /** The names by which the configuration asked for it; its present name may be another, after rotation. */
  readonly paths: readonly string[];
  /** Decimal, since both may exceed what a number holds. */
  readonly device: string;
  readonly inode: string;
  /** Bytes; always the start of a line, or inside one that is being skipped. */
  readonly offset: number;
  readonly skipping: boolean;
  /** How often this file was found emptied and filled again: part of the identity of its lines. */
  readonly restarts: number;
  readonly head: Fingerprint;
  readonly anchor: Fingerprint;
  /** Time of the file's last change when it was last looked at, epoch ms with a fraction. */
  readonly modified: number;
  /** Rotated away and read to its end: kept only so that it is not taken for a new file. */
  readonly done: boolean;
}

export interface Positions {
  readonly files: readonly FilePosition[];
  /** Paths and globs that have been followed before: what appears under them later is new, and read from its head. */
  readonly known: readonly string[];
}

/** Nothing was ever read. */
export const NO_POSITIONS: Positions = { files: [], known: [] };
