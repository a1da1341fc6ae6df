/**
 * Hears of changes at once through inotify (fs.watch on the directories), and in any case once per poll interval.
 *
 * A directory watch tells of writes, new names and renames in it. It can be missing (network file systems, the inotify
 * limit, a directory that does not exist yet): then the poll alone finds everything, a little later.
 */
import { type FSWatcher, watch } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";

/** What changed since the last look. */
export interface Due {
  /** Look at everything: the poll interval is over, or something changed without a name. */
  readonly all: boolean;
  /** Absolute paths that were written to or changed otherwise. */
  readonly paths: ReadonlySet<string>;
  /** Those of them that were created, renamed or removed. */
  readonly renamed: ReadonlySet<string>;
}

interface Watched {
  readonly watcher: FSWatcher;
  readonly inode: bigint;
}

/** Writers of many small lines would otherwise wake us for each of them. Milliseconds. */
const SETTLE = 10;

export class Changes {
  readonly #pollEvery: number;
  readonly #unwatched: (directory: string, cause: unknown) => void;
  readonly #watched = new Map<string, Watched>();
  #paths = new Set<string>();
  #renamed = new Set<string>();
  #nextPoll = 0;
  #lastTaken = 0;
  #wake: (() => void) | undefined;
  /** Whether a change ends the present sleep; closing always does. */
  #listening = false;
  #closed = false;

  /** `unwatched` hears of directories that exist and cannot be watched. */
  constructor(pollEvery: number, unwatched: (directory: string, cause: unknown) => void) {
    this.#pollEvery = pollEvery;
    this.#unwatched = unwatched;
  }

  /** What is due now; it counts as dealt with. */
  take(): Due {
    const now = performance.now();
    const all = now >= this.#nextPoll;
    if (all) this.#nextPoll = now + this.#pollEvery;
    this.#lastTaken = now;
    const due = { all, paths: this.#paths, renamed: this.#renamed };
    this.#paths = new Set();
    this.#renamed = new Set();
    return due;
  }

  /** Resolves when something is due, or on close. */
  async wait(): Promise<void> {
    if (this.#paths.size === 0) await this.#sleep(this.#nextPoll - performance.now(), true);
    await this.#sleep(this.#lastTaken + Math.min(SETTLE, this.#pollEvery) - performance.now(), false);
  }

  /** Watches these directories and no others; true if one is watched anew, in which something may have happened before. */
  async cover(directories: ReadonlySet<string>): Promise<boolean> {
    for (const directory of this.#watched.keys()) if (!directories.has(directory)) this.#drop(directory);
    let anew = false;
    for (const directory of directories) {
      const inode = await inodeOf(directory);
      if (this.#watched.get(directory)?.inode === inode) continue;
      this.#drop(directory);
      if (inode !== undefined && !this.#closed && this.#watch(directory, inode)) anew = true;
    }
    if (anew) this.#nextPoll = 0;
    return anew;
  }

  close(): void {
    this.#closed = true;
    for (const directory of this.#watched.keys()) this.#drop(directory);
    this.#wake?.();
  }

  #watch(directory: string, inode: bigint): boolean {
    try {
      const watcher = watch(directory, { persistent: true }, (kind, name) => {
        if (name === null) this.#nextPoll = 0;
        const path = name === null ? directory : join(directory, name);
        this.#paths.add(path);
        if (kind === "rename") this.#renamed.add(path);
        if (this.#listening) this.#wake?.();
      });
      // The directory is gone, or the watch is: the next cover() tries again.
      watcher.on("error", () => this.#drop(directory));
      this.#watched.set(directory, { watcher, inode });
      return true;
    } catch (cause) {
      // The limit on watches or open files, or a file system without them: the poll goes on.
      this.#unwatched(directory, cause);
      return false;
    }
  }

  #drop(directory: string): void {
    this.#watched.get(directory)?.watcher.close();
    this.#watched.delete(directory);
  }

  #sleep(milliseconds: number, listening: boolean): Promise<void> {
    if (this.#closed || milliseconds <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        this.#listening = false;
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.#wake = wake;
      this.#listening = listening;
    });
  }
}

async function inodeOf(directory: string): Promise<bigint | undefined> {
  try {
    return (await stat(directory, { bigint: true })).ino;
  } catch {
    // Not there (yet): nothing to watch until the next look.
    return undefined;
  }
}
