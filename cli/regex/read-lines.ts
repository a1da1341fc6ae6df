/** The lines that `regex` and `demo` look at: of a file, of standard input, or the text given on the command line. */
import { createReadStream, statSync } from "node:fs";
import type { Readable } from "node:stream";
import { splitLines } from "../../shared/adapters/local/follow/lines.ts";
import { findEncoding } from "../../shared/core/encoding.ts";
import { CliFailure, EXIT_USAGE, reasonOf } from "../failure.ts";
import { journalLines, type LogLine, meansJournal, whichJournal } from "./journal-source.ts";

export type LineSource =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "stdin" }
  /** `which`: options of journalctl (journal-source.ts). */
  | { readonly kind: "journal"; readonly which: readonly string[] }
  | { readonly kind: "text"; readonly lines: readonly string[] }
  /** From somewhere else, as they come; `name` is for people. */
  | { readonly kind: "stream"; readonly name: string; readonly lines: AsyncIterable<string> };

/** Sources of bare text. */
export type WrittenSource = Exclude<LineSource, { readonly kind: "journal" }>;

/** What LOG means: "-" standard input, systemd-journal the journal, the path of a file, else the line itself (several, if it has line ends). */
export function sourceOf(log: string): LineSource {
  if (log === "-") return { kind: "stdin" };
  if (!log.includes("\0") && statSync(log, { throwIfNoEntry: false })?.isFile()) return { kind: "file", path: log };
  if (meansJournal(log)) return { kind: "journal", which: whichJournal(log) };
  return { kind: "text", lines: log.split("\n") };
}

/** Of a longer line so many bytes are looked at: a file without line ends must not fill the memory. */
const LIMIT = 1 << 20;

/** Lines of any source; `journalmatch` says which entries of a journal. Throws a CliFailure for what cannot be read. */
export async function* readLogLines(
  source: LineSource,
  { encoding, journalmatch, stdin }: { encoding: string; journalmatch: readonly string[]; stdin: Readable },
): AsyncGenerator<LogLine> {
  if (source.kind === "journal") yield* journalLines(source.which, journalmatch);
  else for await (const text of readLines(source, encoding, stdin)) yield { text };
}

/** Lines without their line ends. Throws a CliFailure for an encoding that is not known or a file that cannot be read. */
export async function* readLines(source: WrittenSource, encodingName: string, stdin: Readable): AsyncGenerator<string> {
  if (source.kind === "text" || source.kind === "stream") {
    yield* source.lines;
    return;
  }
  const encoding = findEncoding(encodingName);
  if (encoding === undefined) {
    throw new CliFailure(`there is no encoding '${encodingName}' here`, {
      exitCode: EXIT_USAGE,
      next: "Use UTF-8, latin-1, ascii, utf-16, or another name of the WHATWG's encoding standard.",
    });
  }
  const stream = source.kind === "stdin" ? stdin : createReadStream(source.path);
  let rest: Buffer = Buffer.alloc(0);
  let decoder: ReturnType<typeof encoding.decoderFor> | undefined;
  let skipping = false;
  try {
    for await (const chunk of stream) {
      const bytes = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
      const first = decoder === undefined;
      decoder ??= encoding.decoderFor(bytes);
      const { lineFeed, unit } = decoder;
      const lines: string[] = [];
      const { decode } = decoder;
      const split = splitLines(
        bytes,
        first ? decoder.markLength(bytes) : 0,
        skipping,
        { unit, lineFeed, limit: LIMIT },
        (start, end) => lines.push(decode(bytes, start, end, false)),
      );
      skipping = split.skipping;
      rest = bytes.subarray(split.consumed);
      yield* lines;
    }
  } catch (error) {
    if (source.kind === "stdin") throw error;
    throw new CliFailure(`cannot read ${source.path}: ${reasonOf(error)}`, { cause: error });
  }
  if (decoder !== undefined && rest.length > 0 && !skipping) {
    const last = decoder.decode(rest, 0, rest.length, false).replace(/\r+$/, "");
    if (last !== "") yield last;
  }
}
