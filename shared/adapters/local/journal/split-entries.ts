/** The entries in journalctl's output, one JSON text a line; an entry longer than a mebibyte is left out, not kept. */
import type { Readable } from "node:stream";

const LIMIT = 1 << 20;
const LINE_FEED = 0x0a;

/** The whole lines of each chunk; a last line without its end is no entry. */
export async function* splitEntries(stream: Readable): AsyncGenerator<readonly string[]> {
  let rest: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const lines: string[] = [];
    let from = 0;
    for (let feed = chunk.indexOf(LINE_FEED); feed >= 0; feed = chunk.indexOf(LINE_FEED, from)) {
      const line = Buffer.concat([...rest, chunk.subarray(from, feed)]);
      if (length <= LIMIT) lines.push(line.toString("utf8"));
      rest = [];
      length = 0;
      from = feed + 1;
    }
    const last = chunk.subarray(from);
    length += last.length;
    if (length > LIMIT) rest = [];
    else if (last.length > 0) rest.push(last);
    if (lines.length > 0) yield lines;
  }
}
