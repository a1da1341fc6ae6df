/**
 * Where the rest of a log went: the old file under a new name, its copy, and whole generations that came and went unseen.
 *
 * Rename: the inode is looked for among the names that rotation gives (haproxy.log.1, haproxy.log-20251114,
 * haproxy-20251114.log), and every such file changed later is a generation between then and now.
 * Copytruncate: the copy is known by holding the same bytes at the start and before the offset, and is read on from there.
 * What cannot be had back: lines written between logrotate's last copied byte and its truncation are in no file at all;
 * a generation that was compressed or deleted while nobody read is gone; `olddir` puts it where we do not look.
 */
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { HEAD_BYTES, holds, readBytes } from "./fingerprint.ts";
import { keyOf, type Start } from "./log-file.ts";
import type { FilePosition } from "./position.ts";

/** A file with unread lines of a log, open, and where to begin in it. */
export interface Unread {
  readonly path: string;
  readonly handle: FileHandle;
  readonly start: Start;
}

/** An open file; what it is, is asked of the handle, since names move. */
interface Candidate {
  readonly path: string;
  readonly handle: FileHandle;
  readonly stats: BigIntStats;
}

/** Which files are being read already, by their keys. */
export type Taken = (key: string) => boolean;

const COMPRESSED_NAME = /\.(gz|bz2|xz|zst|lz4|lzma|Z|zip)$/i;
const ROTATION_MARK = /^[._-](\d[\w.:+-]*|old|prev)$/;

/** Whether rotating `path` could have given a file this name, uncompressed. */
export function isRotationOf(path: string, candidate: string): boolean {
  const extension = extname(path);
  const stem = path.slice(0, path.length - extension.length);
  // Asked for every pair of files under a glob, so the usual answer has to be quick.
  if (!candidate.startsWith(stem) || candidate.includes("/", stem.length) || COMPRESSED_NAME.test(candidate))
    return false;
  if (candidate.startsWith(path) && ROTATION_MARK.test(candidate.slice(path.length))) return true;
  if (extension === "" || !candidate.endsWith(extension)) return false;
  return ROTATION_MARK.test(candidate.slice(stem.length, candidate.length - extension.length));
}

/** Opens without ever waiting, as a pipe that took the place of a file would make us. */
export function openForReading(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

const COMPRESSED_START = /^(\x1f\x8b|\xfd7zXZ|\x28\xb5\x2f\xfd|BZh[1-9]1A)/;

/** Whether the file starts as gzip, xz, zstd or bzip2 does. */
export async function isCompressed(handle: FileHandle): Promise<boolean> {
  return COMPRESSED_START.test((await readBytes(handle, 0, 6)).toString("latin1"));
}

/**
 * Finds the file of a saved position under its own or a rotated name: the inode if it still holds what was read, else a
 * copy of it. Undefined = gone, or emptied with no copy. `elsewhere` lists other paths where the inode may be.
 */
export async function locate(
  position: FilePosition,
  taken: Taken,
  elsewhere: () => Promise<readonly string[]> = async () => [],
): Promise<Unread | undefined> {
  const [found] = await whileNamesRest(position, async () => {
    const own = await openAll(position.paths, taken);
    const rotated = await openAll(await rotatedNames(position), taken);
    const more = await openAll(await elsewhere(), taken);
    const isSame = ({ stats }: Candidate) => String(stats.ino) === position.inode;
    const candidates = [
      ...[...own, ...rotated, ...more].filter(isSame),
      ...rotated.filter((candidate) => !isSame(candidate) && position.offset > 0),
      // Another file under the same name that starts alike is most often the next generation with the same header.
      ...own.filter((candidate) => !isSame(candidate) && position.offset >= HEAD_BYTES),
    ];
    let fitting: Candidate | undefined;
    for (const candidate of candidates) {
      if (candidate.stats.size < position.offset || !(await holds(candidate.handle, position))) continue;
      fitting = candidate;
      break;
    }
    await closeAll([...own, ...rotated, ...more].filter((candidate) => candidate !== fitting));
    return fitting === undefined ? [] : [{ path: fitting.path, handle: fitting.handle, start: position }];
  });
  return found;
}

/**
 * Opens the generations of a log that were changed after `position`, oldest first. `startIn` says where the unread part
 * of one begins; undefined = nothing in it is ours to read.
 */
export async function unseenSince(
  position: FilePosition,
  taken: Taken,
  startIn: (handle: FileHandle, stats: BigIntStats) => Promise<Start | undefined>,
): Promise<readonly Unread[]> {
  return whileNamesRest(position, async () => {
    const unread: Unread[] = [];
    for (const { path, handle, stats } of await openAll(await rotatedNames(position), taken)) {
      const isNews = Number(stats.mtimeNs) / 1e6 >= position.modified && !(await isCompressed(handle));
      const start = isNews ? await startIn(handle, stats) : undefined;
      if (start === undefined) await handle.close();
      else unread.push({ path, handle, start });
    }
    return unread;
  });
}

/** Searches again when files were renamed meanwhile, since one that moves from .1 to .2 may be met twice or not at all. */
async function whileNamesRest(
  position: FilePosition,
  search: () => Promise<readonly Unread[]>,
): Promise<readonly Unread[]> {
  for (let attempt = 1; ; attempt++) {
    const before = await changesOf(position);
    const found = await search();
    if (attempt === 5 || (await changesOf(position)) === before) return found;
    await closeAll(found);
  }
}

/** Renaming, creating and deleting change the time of the directory. */
async function changesOf({ paths }: FilePosition): Promise<string> {
  const times = paths.map((path) =>
    stat(dirname(path), { bigint: true }).then(
      ({ mtimeNs }) => mtimeNs,
      () => "none",
    ),
  );
  return (await Promise.all(times)).join();
}

async function rotatedNames({ paths }: FilePosition): Promise<readonly string[]> {
  const lists = paths.map(async (path) => {
    // A directory that is not there (any more) holds nothing.
    const names = await readdir(dirname(path)).catch(() => []);
    return names.map((name) => join(dirname(path), name)).filter((candidate) => isRotationOf(join(path), candidate));
  });
  return [...new Set((await Promise.all(lists)).flat())];
}

/** Regular files that nobody reads yet, each once, in the order of their last change. */
async function openAll(paths: readonly string[], taken: Taken): Promise<readonly Candidate[]> {
  const found = new Map<string, Candidate>();
  for (const path of paths) {
    // Gone since it was listed, or not ours to read: not a place where the rest can be had.
    const handle = await openForReading(path).catch(() => undefined);
    if (handle === undefined) continue;
    const stats = await handle.stat({ bigint: true });
    const key = keyOf(stats);
    if (!stats.isFile() || taken(key) || found.has(key)) await handle.close();
    else found.set(key, { path, handle, stats });
  }
  return [...found.values()].sort((a, b) => Number(a.stats.mtimeNs - b.stats.mtimeNs));
}

async function closeAll(files: readonly { readonly handle: FileHandle }[]): Promise<void> {
  await Promise.all(files.map(({ handle }) => handle.close()));
}
