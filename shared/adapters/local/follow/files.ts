/**
 * The files that are being read. A file is its device and inode, whatever its name; its place says whether a wanted path
 * still leads to it.
 */
import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import type { LogPath } from "../../../core/config/model.ts";
import type { Encoding } from "../../../core/encoding.ts";
import { LogFile } from "./log-file.ts";
import type { Unread } from "./rotation.ts";

/** A path or glob of the configuration with its encoding. */
export interface Wanted extends LogPath {
  readonly encoding: Encoding;
}

/** A file that is being read. */
export interface Followed {
  readonly file: LogFile;
  readonly wanted: Wanted;
  /** Absolute names under which changes of it are told. */
  readonly watched: Set<string>;
  /** `renamed` = under another name that is wanted too; `gone` = under none, so it is read out and then left. */
  place: "named" | "renamed" | "gone";
  /** It may have something to read. */
  pending: boolean;
  /** performance.now() of the last sign of life. */
  quietSince: number;
}

export class Files {
  /** By key, oldest generation first. */
  readonly #followed = new Map<string, Followed>();

  get all(): readonly Followed[] {
    return [...this.#followed.values()];
  }

  get(key: string): Followed | undefined {
    return this.#followed.get(key);
  }

  readonly has = (key: string): boolean => this.#followed.has(key);

  /** Generations of the same log: files that were asked for by one of these names. */
  relatives(names: readonly string[]): readonly LogFile[] {
    return this.all.map(({ file }) => file).filter((file) => file.names.some((name) => names.includes(name)));
  }

  /** Takes over the handle; a file that is being read already stays as it is. */
  async add(unread: Unread, names: readonly string[], wanted: Wanted): Promise<LogFile> {
    const file = await LogFile.begin(unread.handle, names, wanted.encoding, unread.start);
    const known = this.#followed.get(file.key);
    if (known !== undefined) {
      // Renamed while we looked, and met by both names.
      await file.close();
      return known.file;
    }
    const watched = new Set([...names, unread.path].map((path) => resolve(path)));
    watched.add(await realpath(unread.path).catch(() => resolve(unread.path)));
    this.#followed.set(file.key, {
      file,
      wanted,
      watched,
      place: "named",
      pending: true,
      quietSince: performance.now(),
    });
    return file;
  }

  async remove(followed: Followed): Promise<void> {
    this.#followed.delete(followed.file.key);
    await followed.file.close();
  }

  /** Finds out the place of each file from where the wanted paths lead (path to key); gives those that have left theirs. */
  place(at: ReadonlyMap<string, string>): readonly Followed[] {
    const leading = new Set(at.values());
    const left: Followed[] = [];
    for (const followed of this.#followed.values()) {
      const { file } = followed;
      const isNamed = file.names.some((name) => at.get(name) === file.key);
      const place = isNamed ? "named" : leading.has(file.key) ? "renamed" : "gone";
      if (place === followed.place) continue;
      if (followed.place === "named") left.push(followed);
      followed.place = place;
      followed.pending = true;
      followed.quietSince = performance.now();
    }
    return left;
  }

  async close(): Promise<void> {
    const all = this.all;
    this.#followed.clear();
    await Promise.all(all.map(({ file }) => file.close()));
  }
}
