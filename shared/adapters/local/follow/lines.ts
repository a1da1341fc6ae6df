/**
 * Bytes of a log file into lines.
 *
 * A chunk starts at the start of a line (or inside one that is being skipped) and what it leaves over is read again with
 * the next chunk: the file itself is the buffer of the unfinished line, so nothing is carried in memory, and the saved
 * offset is always the start of a line that nobody has been given yet.
 */
import type { Decoder } from "../../../core/encoding.ts";

export interface LineRules extends Pick<Decoder, "unit" | "lineFeed"> {
  /** Longest line that is passed whole, in bytes without its end; of a longer one, so much is passed and the rest skipped. */
  readonly limit: number;
}

export interface Split {
  /** Bytes of the chunk that are done with. */
  readonly consumed: number;
  /** What follows belongs to a line that was cut: it is to be skipped up to the next line end. */
  readonly skipping: boolean;
  /** Lines that were cut. */
  readonly cut: number;
}

/**
 * Splits `bytes` from `from` on (what is before is a byte order mark). Calls `line(start, end)` for every line in `bytes`, without its line end (`\n`, with any `\r` before it).
 * NUL bytes at the start of a line are left out: a writer without O_APPEND leaves them after copytruncate.
 */
export function splitLines(
  bytes: Buffer,
  from: number,
  skipping: boolean,
  rules: LineRules,
  line: (start: number, end: number) => void,
): Split {
  let at = from;
  let cut = 0;
  if (skipping) {
    const end = lineFeedAt(bytes, from, rules);
    if (end < 0) return { consumed: whole(bytes.length, rules), skipping: true, cut };
    at = end + rules.unit;
  }
  for (;;) {
    if (rules.unit === 1) while (bytes[at] === 0) at++;
    const end = lineFeedAt(bytes, at, rules);
    if (end < 0) break;
    const stop = withoutReturn(bytes, at, end, rules);
    if (stop - at > rules.limit) {
      cut++;
      line(at, at + rules.limit);
    } else {
      line(at, stop);
    }
    at = end + rules.unit;
  }
  // A mark alone is not worth a position of its own.
  if (bytes.length - at <= rules.limit) return { consumed: at === from ? 0 : at, skipping: false, cut };
  line(at, at + rules.limit);
  return { consumed: whole(bytes.length, rules), skipping: true, cut: cut + 1 };
}

function lineFeedAt(bytes: Buffer, from: number, rules: LineRules): number {
  if (rules.unit === 1) return bytes.indexOf(0x0a, from);
  const [first, second] = rules.lineFeed;
  // U+0A0A and its like hold the byte 0x0a too: only an aligned pair is a line feed.
  for (let at = bytes.indexOf(0x0a, from); at >= 0; at = bytes.indexOf(0x0a, at + 1)) {
    const pair = at & ~1;
    if (pair >= from && bytes[pair] === first && bytes[pair + 1] === second) return pair;
  }
  return -1;
}

function withoutReturn(bytes: Buffer, start: number, end: number, rules: LineRules): number {
  if (rules.unit === 1) {
    let stop = end;
    while (stop > start && bytes[stop - 1] === 0x0d) stop--;
    return stop;
  }
  const low = rules.lineFeed[0] === 0x0a ? 0 : 1;
  let stop = end;
  while (stop - 2 >= start && bytes[stop - 2 + low] === 0x0d && bytes[stop - 1 - low] === 0) stop -= 2;
  return stop;
}

/** The largest even number of bytes, in UTF-16. */
function whole(length: number, rules: LineRules): number {
  return rules.unit === 1 ? length : length & ~1;
}
