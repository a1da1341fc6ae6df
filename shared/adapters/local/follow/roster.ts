/**
 * Which files are followed: what the paths and globs lead to now, and what rotation has moved away and is not read out
 * yet. A file is its device and inode, whatever its name.
 */
import type { BigIntStats } from "node:fs";
import { type FileHandle, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Due } from "./changes.ts";
import { Files, type Followed, type Wanted } from "./files.ts";
import { expandGlob, isGlob, leadsTo, literalDirectory, matchesGlob } from "./glob.ts";
import { keyOf } from "./log-file.ts";
import {
  Announcer,
  compressed,
  conflict,
  errorCode,
  type FollowNotice,
  lost,
  missing,
  notAFile,
  rotated,
  truncated,
  unreadable,
} from "./notice.ts";
import { doneOriginal, keyOfPosition, lostOriginal, type Original, Past } from "./past.ts";
import type { FilePosition, Positions } from "./position.ts";
import { isCompressed, locate, openForReading, unseenSince } from "./rotation.ts";

export class Roster {
  readonly #wanted: readonly Wanted[];
  readonly #announcer: Announcer;
  readonly #past: Past;
  readonly #files = new Files();
  /** Wanted paths that lead to a file, and the key of that file. */
  readonly #at = new Map<string, string>();
  /** Paths and globs that were followed before this start. */
  readonly #known: ReadonlySet<string>;
  readonly #unfinished: readonly FilePosition[];
  #scanned = false;
  /** Something happened that positions tell and no event does; whoever saves them sets it back. */
  changed = false;

  constructor(wanted: readonly Wanted[], resume: Positions, report: (notice: FollowNotice) => void) {
    this.#wanted = wanted;
    this.#announcer = new Announcer(report);
    this.#known = new Set(resume.known);
    const ours = resume.files.filter((position) => this.#wantedFor(position) !== undefined);
    this.#unfinished = ours.filter((position) => !position.done);
    this.#past = new Past(ours.filter((position) => position.done));
  }

  get files(): readonly Followed[] {
    return this.#files.all;
  }

  /** Wanted paths that lead to a file which is being read, sorted. */
  get paths(): readonly string[] {
    return [...this.#at.keys()].sort();
  }

  /** Whether a file in this directory is being read. */
  readsIn(directory: string): boolean {
    return this.files.some(({ watched }) => [...watched].some((path) => dirname(path) === directory));
  }

  /** Directories in which a change concerns us. */
  get directories(): ReadonlySet<string> {
    const files = this.files.flatMap(({ watched }) => [...watched].map((path) => dirname(path)));
    return new Set([...this.#wanted.map(({ path }) => resolve(literalDirectory(path))), ...files]);
  }

  /** Whether what changed may have changed where the wanted paths lead. */
  isScanDue({ all, paths, renamed }: Due): boolean {
    if (all) return true;
    const watched = new Set(this.files.flatMap((followed) => [...followed.watched]));
    return [...paths].some((path) => (renamed.has(path) || !watched.has(path)) && this.#concerns(path));
  }

  positions(): Positions {
    const known = new Set(this.#wanted.map(({ path }) => path));
    return { files: [...this.#past.positions, ...this.files.map(({ file }) => file.position())], known: [...known] };
  }

  /** Opens what the saved positions tell of, wherever rotation has put it. Call it once; it ends with a scan. */
  async resume(): Promise<void> {
    const moved: FilePosition[] = [];
    for (const position of this.#unfinished) {
      const found = await this.#recover(position);
      if (found === undefined) this.#past.lose(position);
      else if (!position.paths.includes(found.path) || found.isStarted) moved.push(position);
    }
    // The files of today come first: what is a copy of one of them is no generation of its own.
    await this.scan();
    for (const position of moved) await this.#followUnseen(position, []);
  }

  /** Looks where the paths and globs lead now. */
  async scan(): Promise<void> {
    const present = new Set<string>();
    for (const wanted of this.#wanted) {
      let found = 0;
      for (const path of isGlob(wanted.path) ? await expandGlob(wanted.path) : [wanted.path]) {
        const stats = await this.#look(path);
        if (stats === "absent") continue;
        found++;
        if (stats !== "closed" && (await this.#meet(path, stats, wanted))) present.add(path);
      }
      // Between two generations a path is missing for a moment; that is nothing to speak of.
      if (found === 0 && !this.#isReadFor(wanted)) this.#announcer.sayOnce(missing(wanted.path));
      if (found > 0 && isGlob(wanted.path)) this.#announcer.sayFound(wanted.path);
    }
    for (const path of this.#at.keys()) if (!present.has(path)) this.#at.delete(path);
    this.#place();
    if (!this.#scanned) this.changed = true;
    this.#scanned = true;
  }

  /** The file was emptied or refilled: it begins again, and the rest of what it held is read from a copy, if there is one. */
  async restart(followed: Followed): Promise<void> {
    const { file } = followed;
    const before = file.position();
    this.#past.emptied(before, file.head);
    // First, so that being emptied again while we search is seen at the next look.
    await file.restart();
    followed.pending = true;
    this.changed = true;
    const found = await this.#followUnseen(before, []);
    this.#place();
    this.#announcer.say(truncated(before.paths[0] ?? "", found));
  }

  /**
   * A file that was empty, as of `before`, has its first bytes. Had it been filled, copied and emptied in between, nothing
   * of that could be seen in the file itself.
   */
  async started(before: FilePosition): Promise<void> {
    await this.#followUnseen(before, []);
  }

  /** Lets go of a file that rotation has moved away and that is read to its end. */
  async retire(followed: Followed): Promise<void> {
    // One that was deleted cannot turn up again.
    if (!(await followed.file.isUnlinked())) this.#past.finish(followed.file.position());
    this.changed = true;
    await this.#files.remove(followed);
  }

  /** A file could not be read; it stays, and is tried again. */
  failed(followed: Followed, error: unknown): void {
    this.#announcer.sayOnce(unreadable(followed.file.names[0] ?? "", error));
  }

  /** A file could be read. */
  succeeded(followed: Followed): void {
    this.#announcer.sayFound(followed.file.names[0] ?? "");
  }

  close(): Promise<void> {
    return this.#files.close();
  }

  #concerns(path: string): boolean {
    return this.#wanted.some((wanted) => leadsTo(resolve(wanted.path), path));
  }

  #wantedFor(position: FilePosition): Wanted | undefined {
    return this.#wanted.find(({ path }) => position.paths.some((name) => matchesGlob(path, name)));
  }

  #isReadFor(wanted: Wanted): boolean {
    return this.files.some(({ file }) => file.names.some((name) => matchesGlob(wanted.path, name)));
  }

  async #look(path: string): Promise<BigIntStats | "absent" | "closed"> {
    try {
      return await stat(path, { bigint: true });
    } catch (error) {
      // Absent is the ordinary case between two generations; anything else somebody should hear of.
      if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return "absent";
      this.#announcer.sayOnce(unreadable(path, error));
      return "closed";
    }
  }

  /** True if the path leads to a file that is being read. */
  async #meet(path: string, stats: BigIntStats, wanted: Wanted): Promise<boolean> {
    if (!stats.isFile()) {
      this.#announcer.sayOnce(notAFile(path));
      return false;
    }
    const key = keyOf(stats);
    const isNew = !this.#scanned && !this.#known.has(wanted.path);
    if (isNew && wanted.from === "tail") this.#past.wantTail(key, Number(stats.size));
    if (!this.#files.has(key)) await this.#adopt(path, wanted);
    const followed = this.#files.get(key);
    if (followed === undefined) return false;
    if (!this.#at.has(path)) this.#announcer.sayFound(path);
    this.#at.set(path, key);
    followed.watched.add(resolve(path));
    if (!followed.file.hasSeen(stats)) followed.pending = true;
    if (!followed.file.names.some((name) => matchesGlob(wanted.path, name))) followed.file.addName(path);
    const used = followed.wanted.encoding.name;
    if (used !== wanted.encoding.name) this.#announcer.sayOnce(conflict(path, used, wanted.encoding.name));
    return true;
  }

  /** Opens a file that turned up under a wanted path. */
  async #adopt(path: string, wanted: Wanted): Promise<void> {
    let handle: FileHandle | undefined;
    try {
      handle = await openForReading(path);
      if (!(await this.#begin(path, handle, wanted))) await handle.close();
    } catch (error) {
      // Gone again, closed to us, or a bad disk: the next scan tries again, and the other files go on.
      await handle?.close();
      if (errorCode(error) !== "ENOENT") this.#announcer.sayOnce(unreadable(path, error));
    }
  }

  /** Begins where the first unread line is, after the generations that nobody has read; false = not (yet). */
  async #begin(path: string, handle: FileHandle, wanted: Wanted): Promise<boolean> {
    const stats = await handle.stat({ bigint: true });
    for (const position of this.#past.takeLost(path)) await this.#recoverOrGiveUp(position);
    // Another file may have taken the name since it was looked at: then the next scan sees to it.
    if (!stats.isFile() || this.#files.has(keyOf(stats))) return false;
    if (await isCompressed(handle)) {
      this.#announcer.sayOnce(compressed(path));
      return false;
    }
    const live = this.files.map(({ file }) => file);
    const start = await this.#past.startAt(path, handle, stats, live);
    if (start === "wait") return false;
    const before = live.findLast(({ names }) => names.includes(path));
    // First, so that a rotation meanwhile does not make us open it a second time.
    await this.#files.add({ path, handle, start }, [path], wanted);
    this.changed = true;
    const done = this.#past.latest(path);
    if (before !== undefined) await this.#followUnseen(before.position(), []);
    else if (done !== undefined) await this.#followUnseen(done, [doneOriginal(done)]);
    return true;
  }

  /** Finds the file of a saved position and reads on in it. `isStarted`: it was empty then, and is not now. */
  async #recover(position: FilePosition): Promise<{ path: string; isStarted: boolean } | undefined> {
    const wanted = this.#wantedFor(position);
    if (wanted === undefined) return undefined;
    try {
      // A file that a glob found as a.log.1 may be a.log.2 by now: no rotated name of its own name.
      const elsewhere = async () => (isGlob(wanted.path) ? expandGlob(wanted.path) : []);
      const unread = await locate(position, this.#files.has, elsewhere);
      if (unread === undefined) return undefined;
      const file = await this.#files.add(unread, position.paths, wanted);
      this.changed = true;
      if (file.key !== keyOfPosition(position)) this.#past.replaced(position);
      return { path: unread.path, isStarted: position.head.length === 0 && file.head.length > 0 };
    } catch (error) {
      // A bad disk: as if it were not there, until something can be read under its name.
      this.#announcer.sayOnce(unreadable(position.paths[0] ?? "", error));
      return undefined;
    }
  }

  /** Something can be read under the name of a lost position: it is found now, or its rest is gone. */
  async #recoverOrGiveUp(position: FilePosition): Promise<void> {
    if ((await this.#recover(position)) !== undefined) return;
    this.#past.replaced(position);
    this.#announcer.say(lost(position.paths[0] ?? "", position.offset));
    await this.#followUnseen(position, [lostOriginal(position)]);
  }

  /** Follows the generations of a log that were changed after `read` was, and that nobody reads; gives their names. */
  async #followUnseen(read: FilePosition, given: readonly Original[]): Promise<readonly string[]> {
    const wanted = this.#wantedFor(read);
    if (wanted === undefined) return [];
    const names = read.paths;
    const unseen = await unseenSince(read, this.#files.has, (handle, stats) =>
      // Any file of the same log may have been copied and emptied while we were busy with another.
      this.#past.startInUnseen(handle, stats, { given, names, live: this.#files.relatives(names) }),
    );
    for (const unread of unseen) await this.#files.add(unread, names, wanted);
    if (unseen.length > 0) this.changed = true;
    return unseen.map(({ path }) => path);
  }

  #place(): void {
    for (const { file } of this.#files.place(this.#at)) this.#announcer.say(rotated(file.names[0] ?? ""));
  }
}
