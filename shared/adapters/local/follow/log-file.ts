/**
 * One open log file: knows how far it has been read, whether it is still the file it was, and who its lines are.
 *
 * The identity of a line is device:inode:generation:offset. The generation is a hash over the first line and the time of
 * the inode's birth, so it is the same for whoever reads the file, and another when an inode is used again; a count is
 * added each time that the file is found emptied and refilled.
 */
import { isAscii } from "node:buffer";
import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { Decoder, Encoding } from "../../../core/encoding.ts";
import type { LogEvent } from "../../../core/filter/event.ts";
import {
  ANCHOR_BYTES,
  type Beginning,
  beginningOf,
  fingerprint,
  HEAD_BYTES,
  hashOf,
  readBytes,
} from "./fingerprint.ts";
import { type Split, splitLines } from "./lines.ts";
import type { FilePosition } from "./position.ts";

/** Where to begin in a file; a FilePosition is one. */
export type Start = Pick<FilePosition, "offset" | "skipping" | "restarts">;

export const AT_HEAD: Start = { offset: 0, skipping: false, restarts: 0 };

/** What one look at a file came to: nothing new, lines (or skipped bytes) with perhaps more to come, or another content. */
export type Look = "idle" | "read" | "more" | "restarted";

export interface ReadContext {
  /** Reused from read to read; longer than twice the line limit. */
  readonly buffer: Buffer;
  readonly now: () => number;
  readonly lineLimit: number;
  readonly events: LogEvent[];
}

/** A file on this machine, whatever its name. */
export function keyOf(stats: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${stats.dev}:${stats.ino}`;
}

export class LogFile {
  readonly key: string;
  /** Lines of this file that were cut at the limit. */
  cut = 0;
  readonly #handle: FileHandle;
  readonly #encoding: Encoding;
  readonly #born: bigint;
  readonly #names: string[];
  #decoder: Decoder | undefined;
  #offset: number;
  #skipping: boolean;
  #restarts: number;
  /** The first bytes of the file, at most HEAD_BYTES, as far as they have been seen; they may reach beyond the offset. */
  #head: Buffer = Buffer.alloc(0);
  /** The last bytes before the offset, at most ANCHOR_BYTES. */
  #anchor: Buffer = Buffer.alloc(0);
  #generation: string | undefined;
  #catchUpTo: number;
  #seen: { size: number; mtime: bigint };
  /** All that there is has been looked at, as of #seen. */
  #idle = false;
  /** Hashing what has not changed would cost more than the rest of a small batch. */
  #position: FilePosition | undefined;

  private constructor(
    handle: FileHandle,
    stats: BigIntStats,
    names: readonly string[],
    encoding: Encoding,
    start: Start,
  ) {
    this.#handle = handle;
    this.#encoding = encoding;
    this.#born = stats.birthtimeNs;
    this.#names = [...names];
    this.#offset = start.offset;
    this.#skipping = start.skipping;
    this.#restarts = start.restarts;
    this.#catchUpTo = Number(stats.size);
    this.#seen = { size: Number(stats.size), mtime: stats.mtimeNs };
    this.key = keyOf(stats);
  }

  /** Takes over an open handle. `start.offset` must not lie beyond the end. */
  static async begin(handle: FileHandle, names: readonly string[], encoding: Encoding, start: Start): Promise<LogFile> {
    const file = new LogFile(handle, await handle.stat({ bigint: true }), names, encoding, start);
    file.#head = await readBytes(handle, 0, HEAD_BYTES);
    const length = Math.min(start.offset, ANCHOR_BYTES);
    file.#anchor = await readBytes(handle, start.offset - length, length);
    return file;
  }

  /** The names by which it was asked for: streams of its events. They stay when rotation gives it another. */
  get names(): readonly string[] {
    return this.#names;
  }

  addName(path: string): void {
    if (this.#names.includes(path)) return;
    this.#names.push(path);
    this.#position = undefined;
  }

  /** The first bytes of the file, as far as they have been seen. */
  get head(): Buffer {
    return this.#head;
  }

  get offset(): number {
    return this.#offset;
  }

  position(): FilePosition {
    const [device = "", inode = ""] = this.key.split(":");
    this.#position ??= {
      paths: [...this.#names],
      device,
      inode,
      offset: this.#offset,
      skipping: this.#skipping,
      restarts: this.#restarts,
      head: fingerprint(this.#head),
      anchor: fingerprint(this.#anchor),
      modified: Number(this.#seen.mtime) / 1e6,
      done: false,
    };
    return this.#position;
  }

  /** Whether all that a file with these stats holds has been looked at. */
  hasSeen(stats: BigIntStats): boolean {
    return this.#idle && Number(stats.size) === this.#seen.size && stats.mtimeNs === this.#seen.mtime;
  }

  /** Reads at most one buffer. Throws what the file system throws; nothing is then lost or half done. */
  async read(context: ReadContext): Promise<Look> {
    const stats = await this.#handle.stat({ bigint: true });
    if (this.hasSeen(stats)) return "idle";
    const size = Number(stats.size);
    if (size < this.#offset || size < this.#seen.size) return "restarted";
    const { bytesRead } = await this.#handle.read(context.buffer, 0, context.buffer.length, this.#offset);
    const bytes = context.buffer.subarray(0, bytesRead);
    // Only now, since the file may have been emptied and refilled until the bytes were read.
    const head = this.#headWith(bytes);
    if (!(await this.#isIntact(head))) return "restarted";
    // The size that these bytes tell, since that of the stats may already be another generation's.
    this.#see({ size: this.#offset + bytesRead, mtime: stats.mtimeNs });
    this.#head = head;
    const before = this.#offset;
    if (bytesRead > 0) this.#take(bytes, context);
    // A file that grew meanwhile changes the next look's stats, so only a full buffer means that there is more.
    this.#idle = bytesRead < context.buffer.length;
    if (this.#offset === before) return "idle";
    return this.#idle ? "read" : "more";
  }

  /** The last line of a file that nobody writes to any more, which has no end. What may still follow in it is skipped. */
  async finish(context: ReadContext): Promise<boolean> {
    const bytes = await readBytes(this.#handle, this.#offset, context.lineLimit);
    if (bytes.length === 0 || this.#skipping) return false;
    const decoder = this.#decoderFor(bytes);
    const ended = Buffer.concat([
      bytes.subarray(0, bytes.length - (bytes.length % decoder.unit)),
      Buffer.from(decoder.lineFeed),
    ]);
    const { lines } = this.#split(ended, decoder, context);
    const start = this.#offset;
    this.#advance(bytes, bytes.length, true);
    this.#emit(ended, lines, start, decoder, context);
    return true;
  }

  /** The file as it is now, and its first bytes as they were when it was read, where that is something else. */
  async lookAgain(): Promise<{ readonly now: Beginning; readonly before: Buffer | undefined }> {
    const now = await beginningOf(this.#handle);
    const before = this.#head;
    return { now, before: now.head.subarray(0, before.length).equals(before) ? undefined : before };
  }

  /** Begins again at the head of the same file, as a new generation. */
  async restart(): Promise<void> {
    const stats = await this.#handle.stat({ bigint: true });
    this.#offset = 0;
    this.#skipping = false;
    this.#restarts++;
    this.#head = await readBytes(this.#handle, 0, HEAD_BYTES);
    this.#anchor = Buffer.alloc(0);
    this.#generation = undefined;
    this.#decoder = undefined;
    this.#catchUpTo = Number(stats.size);
    this.#see({ size: Number(stats.size), mtime: stats.mtimeNs });
    this.#idle = false;
  }

  /** No name leads to it any more. */
  async isUnlinked(): Promise<boolean> {
    return (await this.#handle.stat()).nlink === 0;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #see(seen: { size: number; mtime: bigint }): void {
    this.#seen = seen;
    this.#position = undefined;
  }

  /** The head as far as it is known with these bytes, which stand at the offset. */
  #headWith(bytes: Buffer): Buffer {
    if (this.#offset >= HEAD_BYTES || this.#head.length >= HEAD_BYTES) return this.#head;
    const longer = Buffer.concat([this.#head.subarray(0, this.#offset), bytes.subarray(0, HEAD_BYTES - this.#offset)]);
    return longer.length > this.#head.length ? longer : this.#head;
  }

  /** Whether the file holds what was seen of it, now and before: at its start, and before the offset. */
  async #isIntact(head: Buffer): Promise<boolean> {
    if (!head.subarray(0, this.#head.length).equals(this.#head)) return false;
    const now = await readBytes(this.#handle, 0, head.length);
    if (!now.equals(head)) return false;
    const anchor = await readBytes(this.#handle, this.#offset - this.#anchor.length, this.#anchor.length);
    return anchor.equals(this.#anchor);
  }

  #take(bytes: Buffer, context: ReadContext): void {
    const decoder = this.#decoderFor(bytes);
    const { lines, split } = this.#split(bytes, decoder, context);
    const start = this.#offset;
    this.#advance(bytes, split.consumed, split.skipping);
    this.cut += split.cut;
    if (lines.length > 0) this.#emit(bytes, lines, start, decoder, context);
  }

  #decoderFor(bytes: Buffer): Decoder {
    const first = this.#offset === 0 ? bytes : this.#head;
    const decoder = this.#decoder ?? this.#encoding.decoderFor(first);
    // A byte order mark takes two bytes to be seen.
    if (first.length >= 2) this.#decoder = decoder;
    return decoder;
  }

  /** Starts and ends of the lines, alternating. */
  #split(bytes: Buffer, decoder: Decoder, context: ReadContext): { lines: readonly number[]; split: Split } {
    const mark = this.#offset === 0 ? decoder.markLength(bytes) : 0;
    const lines: number[] = [];
    const rules = { unit: decoder.unit, lineFeed: decoder.lineFeed, limit: context.lineLimit };
    const split = splitLines(bytes, mark, this.#skipping, rules, (start, end) => {
      lines.push(start, end);
    });
    return { lines, split };
  }

  #advance(bytes: Buffer, consumed: number, skipping: boolean): void {
    const offset = this.#offset + consumed;
    const newest = bytes.subarray(Math.max(0, consumed - ANCHOR_BYTES), consumed);
    this.#anchor = Buffer.concat([this.#anchor, newest]).subarray(-ANCHOR_BYTES);
    this.#offset = offset;
    this.#skipping = skipping;
    this.#position = undefined;
  }

  #emit(bytes: Buffer, lines: readonly number[], origin: number, decoder: Decoder, context: ReadContext): void {
    const ascii = isAscii(bytes);
    const prefix = `${this.key}:${this.#generationName()}:`;
    const at = context.now();
    for (let index = 0; index < lines.length; index += 2) {
      const start = lines[index] ?? 0;
      const end = lines[index + 1] ?? 0;
      const text = decoder.decode(
        bytes,
        start,
        end - start === context.lineLimit ? decoder.cutAt(bytes, end) : end,
        ascii,
      );
      const id = `${prefix}${origin + start}`;
      const catchUp = origin + start < this.#catchUpTo;
      for (const stream of this.#names) {
        context.events.push(catchUp ? { id, stream, at, text, catchUp } : { id, stream, at, text });
      }
    }
  }

  #generationName(): string {
    if (this.#generation === undefined) {
      const end = this.#head.indexOf(0x0a);
      const line = end < 0 ? this.#head : this.#head.subarray(0, end);
      const name = hashOf(String(this.#born), line).slice(0, 8);
      this.#generation = this.#restarts === 0 ? name : `${name}.${this.#restarts}`;
    }
    return this.#generation;
  }
}
