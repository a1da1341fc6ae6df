/**
 * What was read before, and what that means for a file that turns up: where in it the first unread line is.
 */
import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { type Beginning, beginningOf, fingerprint, HEAD_BYTES, holds, readBytes } from "./fingerprint.ts";
import { AT_HEAD, keyOf, type LogFile, type Start } from "./log-file.ts";
import type { FilePosition } from "./position.ts";
import { isRotationOf, openForReading } from "./rotation.ts";

/** Files that are done with are remembered for so many generations of a path, so that they are not taken for new ones. */
const REMEMBERED = 8;

/** It is there, and is read where it is: a copy has nothing to tell. */
interface Present {
  readonly kind: "present";
  readonly isCopy: CopyTest;
}

/** It is gone, but for its copy, in which `read` holds. */
interface Emptied {
  readonly kind: "emptied";
  readonly isCopy: CopyTest;
  readonly read: FilePosition;
}

/** Something that a rotated file may be a copy of. */
export type Original = Present | Emptied;

/** Takes a file, and the size that it had before the original was looked at. */
type CopyTest = (handle: FileHandle, size: number) => Promise<boolean>;

/** What a rotated file may be a copy of. */
export interface Relatives {
  /** What is known from elsewhere. */
  readonly given: readonly Original[];
  /** The files of the same log that are being read. */
  readonly live: readonly LogFile[];
  /** The names of the log; a file there may be so new that nobody reads it yet. */
  readonly names: readonly string[];
}

export class Past {
  /** Oldest first. */
  #done: readonly FilePosition[];
  /** Positions whose files were not found, or could not be opened, so far. */
  #lost: readonly FilePosition[] = [];
  /** What files held that were emptied; their copies may turn up later. Newest last. */
  #emptied: readonly Emptied[] = [];
  /** How often files were emptied that do not hold any more what was read of them. */
  readonly #restarts = new Map<string, number>();
  /** Sizes of files that are wanted from their tail, as they were at the first scan. */
  readonly #tails = new Map<string, number>();

  constructor(done: readonly FilePosition[]) {
    this.#done = done;
  }

  /** Positions of files that are not being read. */
  get positions(): readonly FilePosition[] {
    return [...this.#done, ...this.#lost];
  }

  /** The file is read to its end and nobody writes to it. */
  finish(position: FilePosition): void {
    // An empty one has nothing to be known by, and nothing that could be read twice.
    if (position.offset === 0) return;
    this.#done = [...this.#done, { ...position, done: true }];
    const alike = this.#done.filter(({ paths }) => paths[0] === position.paths[0]);
    const surplus = alike.slice(0, -REMEMBERED);
    this.#done = this.#done.filter((each) => !surplus.includes(each));
  }

  /** Keeps a position whose file cannot be found now, but perhaps when more can be opened. */
  lose(position: FilePosition): void {
    this.#lost = [...this.#lost, position];
  }

  /** The lost positions of a path, to look for once more; what is not found then is given up. */
  takeLost(path: string): readonly FilePosition[] {
    const taken = this.#lost.filter(({ paths }) => paths.includes(path));
    this.#lost = this.#lost.filter((position) => !taken.includes(position));
    return taken;
  }

  /** The inode of this position may hold something else by now, whose lines then need other identities. */
  replaced(position: FilePosition): void {
    this.#restarts.set(keyOfPosition(position), position.restarts + 1);
  }

  /** A file that held `head` at its start does so no more. */
  emptied(read: FilePosition, head: Buffer): void {
    this.#emptied = [...this.#emptied, emptiedOriginal(read, head)].slice(-REMEMBERED);
  }

  /** Remembers that only what comes after its present size is wanted of a file. */
  wantTail(key: string, size: number): void {
    if (!this.#tails.has(key)) this.#tails.set(key, size);
  }

  /** Where to begin in a file that a wanted path leads to; "wait" while it may be a copy in the making. */
  async startAt(
    path: string,
    handle: FileHandle,
    stats: BigIntStats,
    live: readonly LogFile[],
  ): Promise<Start | "wait"> {
    const finished = await this.#finished(handle, stats);
    if (finished !== undefined) {
      this.#done = this.#done.filter((position) => position !== finished);
      return finished;
    }
    for (const file of live) {
      const start = await startOfCopy(path, handle, stats, file);
      if (start !== undefined) return start;
    }
    for (const { read, isCopy } of this.#emptied) {
      if (!read.paths.some((name) => isRotationOf(name, path))) continue;
      const rest = await restIn(handle, Number(stats.size), read);
      if (rest !== undefined) return rest;
      if (await isCopy(handle, Number(stats.size))) return "wait";
    }
    for (const position of this.#done) {
      const isCopy = Number(stats.size) <= position.offset && position.paths.some((name) => isRotationOf(name, path));
      if (isCopy && (await startsLike(handle, position))) return "wait";
    }
    const restarts = this.#restarts.get(keyOf(stats)) ?? 0;
    const offset = this.#tails.get(keyOf(stats)) ?? 0;
    this.#tails.delete(keyOf(stats));
    if (offset === 0 || offset > Number(stats.size)) return { ...AT_HEAD, restarts };
    const before = (await readBytes(handle, offset - 2, 2)).toString("latin1");
    // The rest of a half-written line is no line: taken for one, it would let a client choose where a line starts.
    return { offset, restarts, skipping: !/\n\0?$|\0\n$/.test(before) };
  }

  /** Where to begin in a rotated file that nobody has met; undefined = nothing in it is left to read. */
  async startInUnseen(
    handle: FileHandle,
    stats: BigIntStats,
    { given, live, names }: Relatives,
  ): Promise<Start | undefined> {
    if ((await this.#finished(handle, stats)) !== undefined) return undefined;
    const size = Number(stats.size);
    // An empty one has nothing to tell, and may be a copy that is about to be made.
    if (size === 0) return undefined;
    const present = [
      ...(await Promise.all(names.map(presentOriginals))),
      ...(await Promise.all(live.map(openOriginals))),
    ];
    const originals = [...present.flat(), ...this.#emptied, ...given];
    const emptied = originals.filter((original) => original.kind === "emptied");
    for (const { read } of emptied) {
      const rest = await restIn(handle, size, read);
      if (rest !== undefined) return rest;
    }
    // A copy in the making of what is there now may have no more bytes yet than every line of a day starts with.
    for (const original of originals) {
      if (original.kind === "present" && (await original.isCopy(handle, size))) return undefined;
    }
    for (const { read, isCopy } of emptied) {
      // Followed from its end on, it is known, and will be remembered.
      if (size <= read.offset && (await isCopy(handle, size))) return { ...AT_HEAD, offset: size };
    }
    return AT_HEAD;
  }

  /** The newest position that is done with under this path. */
  latest(path: string): FilePosition | undefined {
    return this.#done.findLast(({ paths }) => paths.includes(path));
  }

  async #finished(handle: FileHandle, stats: BigIntStats): Promise<FilePosition | undefined> {
    const position = this.#done.find((each) => keyOfPosition(each) === keyOf(stats));
    if (position === undefined) return undefined;
    if (Number(stats.size) >= position.offset && (await holds(handle, position))) return position;
    this.replaced(position);
    return undefined;
  }
}

/** A file that was read to its end. */
export function doneOriginal(read: FilePosition): Original {
  return { kind: "present", isCopy: async (handle, size) => size <= read.offset && startsLike(handle, read) };
}

/** A file of which a saved position is all that is left. */
export function lostOriginal(read: FilePosition): Original {
  return { kind: "emptied", read, isCopy: (handle) => startsLike(handle, read) };
}

function emptiedOriginal(read: FilePosition, head: Buffer): Emptied {
  return { kind: "emptied", read, isCopy: (handle) => beginsAlike(handle, head) };
}

/**
 * An open file, and what it was if that was something else. It is asked only once the other file is open: a copy that
 * is there by then was made of what is there now, or is complete.
 */
async function openOriginals(file: LogFile): Promise<readonly Original[]> {
  const { now, before } = await file.lookAgain();
  const present: Original = { kind: "present", isCopy: (handle, size) => isPartOf(handle, size, now) };
  return before === undefined ? [present] : [emptiedOriginal(file.position(), before), present];
}

/** The file that has this name now, followed or not. */
async function presentOriginals(path: string): Promise<readonly Original[]> {
  const handle = await openForReading(path).catch(() => undefined);
  if (handle === undefined) return [];
  const now = await beginningOf(handle);
  await handle.close();
  return [{ kind: "present", isCopy: (other, size) => isPartOf(other, size, now) }];
}

/** Where to go on in a file that holds all that was read. */
async function restIn(handle: FileHandle, size: number, read: FilePosition): Promise<Start | undefined> {
  const isCopy = read.offset > 0 && size >= read.offset && (await holds(handle, read));
  return isCopy ? { ...AT_HEAD, offset: read.offset, skipping: read.skipping } : undefined;
}

/** The same first bytes, as far as both go; a file without bytes has no copy. */
async function beginsAlike(handle: FileHandle, own: Buffer): Promise<boolean> {
  const head = await readBytes(handle, 0, own.length);
  return own.length > 0 && head.equals(own.subarray(0, head.length));
}

/** A copy of what only grows is never longer. */
async function isPartOf(handle: FileHandle, size: number, whole: Beginning): Promise<boolean> {
  return size <= whole.size && (await beginsAlike(handle, whole.head));
}

async function startsLike(handle: FileHandle, position: FilePosition): Promise<boolean> {
  const head = fingerprint(await readBytes(handle, 0, position.head.length));
  return head.length > 0 && head.hash === position.head.hash;
}

/**
 * What copytruncate makes, seen through a glob that matches the copy as well: nothing to read while the original is
 * there, and what the original loses is fetched from the copy then. A file that was replaced by its own copy goes on.
 */
async function startOfCopy(
  path: string,
  handle: FileHandle,
  stats: BigIntStats,
  file: LogFile,
): Promise<Start | "wait" | undefined> {
  if (file.names.some((name) => isRotationOf(name, path))) {
    for (const { isCopy } of await openOriginals(file)) if (await isCopy(handle, Number(stats.size))) return "wait";
    return undefined;
  }
  const position = file.position();
  const isLong = position.offset >= HEAD_BYTES && Number(stats.size) >= position.offset;
  if (!file.names.includes(path) || !isLong || !(await holds(handle, position))) return undefined;
  return { ...AT_HEAD, offset: position.offset, skipping: position.skipping };
}

/** The key of the file that a position was saved of. */
export function keyOfPosition(position: FilePosition): string {
  return `${position.device}:${position.inode}`;
}
