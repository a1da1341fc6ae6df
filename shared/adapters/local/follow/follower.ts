/**
 * Follows log files as they grow: batches of lines, each with the positions that hold after it.
 *
 * Whoever takes a batch saves what it led to and `positions` in one write, and only then asks for the next; a restart
 * from there repeats no line and leaves out none. Nothing is read ahead of the asking, so a slow consumer costs no memory.
 * Between files, and between the generations of one, the order of lines is not promised; within a generation it is.
 *
 * What no reader can do: lines that copytruncate cuts off between copying and truncating are in no file; a file that is
 * emptied and refilled while nobody looks is gone but for its copy; a writer that goes on in a rotated file after a
 * silence of `rotatedGrace` is not heard any more; bytes overwritten in the middle of what was read are not seen.
 */
import type { LogPath } from "../../../core/config/model.ts";
import { findEncoding } from "../../../core/encoding.ts";
import type { LogEvent } from "../../../core/filter/event.ts";
import { Changes, type Due } from "./changes.ts";
import type { Followed } from "./files.ts";
import type { ReadContext } from "./log-file.ts";
import { errorCode, FollowError, type FollowNotice, notWatched } from "./notice.ts";
import { NO_POSITIONS, type Positions } from "./position.ts";
import { Roster } from "./roster.ts";

/** A path or glob, read in its own encoding. */
export interface FollowPath extends LogPath {
  /** logencoding; `auto` (UTF-8) if absent. */
  readonly encoding?: string;
}

export interface FollowerOptions {
  readonly paths: readonly FollowPath[];
  /** The positions of the last batch that was saved; none = the first start. */
  readonly resume?: Positions;
  /** Epoch ms: becomes `at` of the events. */
  readonly now: () => number;
  /** Hears of files that are missing, unreadable, rotated … each once until it changes. */
  readonly report?: (notice: FollowNotice) => void;
  /** Milliseconds between looks at everything; changes are noticed at once besides. Default 1000. */
  readonly pollEvery?: number;
  /** How long a file that was rotated away must be silent before it is left, in ms. Default 60 000. */
  readonly rotatedGrace?: number;
  /** Longest line in bytes that is passed whole; of a longer one its first so many bytes are passed. Default 65 536. */
  readonly lineLimit?: number;
  /** About how many bytes of log a batch comes from at most. Default 1 MiB. */
  readonly batchBytes?: number;
  /** False = no inotify, the poll alone. Default true. */
  readonly watch?: boolean;
}

export interface Batch {
  /** May be empty, when only positions changed. */
  readonly events: readonly LogEvent[];
  /** Of all files; replaces what was saved before. */
  readonly positions: Positions;
}

export interface Follower extends AsyncIterable<Batch> {
  /** Paths that lead to a file being read now: the "File list" of status. */
  paths(): readonly string[];
  /** Lines that were longer than the limit and were cut, since the start. */
  linesCut(): number;
  /** Ends the iteration, closes every file, watch and timer. What was handed out last may still be saved. */
  stop(): Promise<void>;
}

const CHUNK = 256 * 1024;

/** A follower of these paths. Reading begins with the iteration, which only one consumer may do. Throws FollowError. */
export function createFollower(options: FollowerOptions): Follower {
  const reader = new Reader(options);
  return {
    paths: () => reader.roster.paths,
    linesCut: () => reader.linesCut,
    stop: () => reader.stop(),
    [Symbol.asyncIterator]: () => ({
      next: () => reader.next(),
      return: async () => {
        await reader.stop();
        return { done: true, value: undefined };
      },
    }),
  };
}

class Reader {
  readonly roster: Roster;
  linesCut = 0;
  readonly #options: FollowerOptions;
  readonly #changes: Changes;
  readonly #context: Omit<ReadContext, "events">;
  readonly #batchBytes: number;
  readonly #grace: number;
  #running: Promise<unknown> = Promise.resolve();
  #resumed = false;
  #stopped = false;
  /** Whose turn it is, so that one busy file does not starve the others. */
  #turn = 0;

  constructor(options: FollowerOptions) {
    const report = options.report ?? (() => {});
    const lineLimit = options.lineLimit ?? 64 * 1024;
    const chunk = Math.max(CHUNK, 4 * lineLimit);
    const wanted = options.paths.map(({ encoding = "auto", ...path }) => ({
      ...path,
      encoding: encodingOf(encoding, path),
    }));
    this.#options = options;
    this.#grace = options.rotatedGrace ?? 60_000;
    this.#context = { buffer: Buffer.allocUnsafe(chunk), now: options.now, lineLimit };
    this.#batchBytes = options.batchBytes ?? 1024 * 1024;
    this.roster = new Roster(wanted, options.resume ?? NO_POSITIONS, report);
    const told = new Set<string>();
    this.#changes = new Changes(options.pollEvery ?? 1000, (directory, cause) => {
      // One that is closed to us altogether is reported with the files in it.
      if (told.has(directory) || (errorCode(cause) === "EACCES" && !this.roster.readsIn(directory))) return;
      told.add(directory);
      report(notWatched(directory, cause));
    });
  }

  next(): Promise<IteratorResult<Batch, undefined>> {
    const result = this.#running.then(() => this.#next());
    this.#running = result.catch(() => {});
    return result;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#changes.close();
    await this.#running;
    await this.roster.close();
  }

  async #next(): Promise<IteratorResult<Batch, undefined>> {
    while (!this.#stopped) {
      const due = this.#changes.take();
      if (!this.#resumed) await this.roster.resume();
      this.#resumed = true;
      if (this.roster.isScanDue(due)) await this.#scan();
      this.#mark(due);
      const events = await this.#read();
      if (events.length > 0 || this.roster.changed) {
        this.roster.changed = false;
        return { done: false, value: { events, positions: this.roster.positions() } };
      }
      if (!this.roster.files.some(({ pending }) => pending)) await this.#changes.wait();
    }
    return { done: true, value: undefined };
  }

  async #scan(): Promise<void> {
    await this.roster.scan();
    if (this.#options.watch !== false) await this.#changes.cover(this.roster.directories);
  }

  #mark(due: Due): void {
    for (const followed of this.roster.files) {
      // Of a file that has lost its name nobody tells us; all others a scan compares with what was seen of them.
      if (followed.place !== "named" || isTold(followed, due)) followed.pending = true;
    }
  }

  /** One chunk of each file that may have something, in turn, up to a batch. */
  async #read(): Promise<LogEvent[]> {
    const events: LogEvent[] = [];
    let bytes = 0;
    while (bytes < this.#batchBytes && !this.#stopped) {
      const pending = this.roster.files.filter((followed) => followed.pending);
      if (pending.length === 0) break;
      for (let turn = 0; turn < pending.length && bytes < this.#batchBytes && !this.#stopped; turn++) {
        const next = pending[this.#turn++ % pending.length];
        if (next !== undefined) bytes += await this.#readFrom(next, events);
      }
    }
    return events;
  }

  /** How many bytes that took. */
  async #readFrom(followed: Followed, events: LogEvent[]): Promise<number> {
    const { file } = followed;
    const context = { ...this.#context, events };
    const cutBefore = file.cut;
    const offset = file.offset;
    const before = file.head.length === 0 ? file.position() : undefined;
    try {
      const look = await file.read(context);
      this.roster.succeeded(followed);
      this.linesCut += file.cut - cutBefore;
      followed.pending = look === "more";
      if (before !== undefined && file.head.length > 0) await this.roster.started(before);
      if (look === "restarted") await this.roster.restart(followed);
      if (look === "idle") await this.#endOf(followed, context);
      else followed.quietSince = performance.now();
      if (look === "read" || look === "more") this.roster.changed = true;
      return Math.max(0, file.offset - offset);
    } catch (error) {
      // A bad disk or a server that is away: nothing of the chunk was taken, and the next poll reads it again.
      followed.pending = false;
      this.roster.failed(followed, error);
      return 0;
    }
  }

  async #endOf(followed: Followed, context: ReadContext): Promise<void> {
    if (followed.place === "named" || performance.now() - followed.quietSince < this.#grace) return;
    if (await followed.file.finish(context)) this.roster.changed = true;
    if (followed.place === "gone") await this.roster.retire(followed);
  }
}

function isTold(followed: Followed, due: Due): boolean {
  if (due.paths.size === 0) return false;
  for (const path of followed.watched) if (due.paths.has(path)) return true;
  return false;
}

function encodingOf(name: string, { path }: LogPath) {
  const encoding = findEncoding(name);
  if (encoding !== undefined) return encoding;
  throw new FollowError(
    `logencoding ${JSON.stringify(name)} of ${path} is not known`,
    "Use a name such as utf-8, latin-1, cp1252, utf-16, shift_jis or koi8-r, or leave it out.",
  );
}
