/** Follows a log file from its begin: each line once it is whole. */
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { repeat } from "./event-source.ts";

export interface Tail {
  /** Reads what is there, and ends. */
  close(): Promise<void>;
}

/** Between two looks, ms. */
const LOOK = 100;
const CHUNK = 1 << 16;

/** The file need not exist yet; nobody may truncate it. */
export function follow(path: string, hear: (line: string) => void): Tail {
  const chunk = Buffer.alloc(CHUNK);
  const decoder = new StringDecoder("utf8");
  let file: number | undefined;
  let begun = "";
  const read = () => {
    if (file === undefined && existsSync(path)) file = openSync(path, "r");
    if (file === undefined) return;
    for (let size = readSync(file, chunk); size > 0; size = readSync(file, chunk)) {
      const lines = (begun + decoder.write(chunk.subarray(0, size))).split("\n");
      begun = lines.pop() ?? "";
      for (const line of lines) hear(line);
    }
  };
  const looking = repeat(async () => {
    read();
    return LOOK;
  });
  return {
    async close() {
      await looking.pause();
      read();
      if (file !== undefined) closeSync(file);
    },
  };
}
