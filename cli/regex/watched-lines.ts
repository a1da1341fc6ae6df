/** Lines of a long log with a progress line below them: half a minute without a word looks like a hang. */
import type { Progress } from "../progress.ts";
import type { LogLine } from "./journal-source.ts";

/** So many lines take a good tenth of a second. */
const EVERY = 2_000;

/** The lines as they are; `size` is that of the whole log, in bytes, against which its characters are held. */
export async function* watchedLines(
  lines: AsyncIterable<LogLine>,
  size: number,
  progress: Progress,
): AsyncGenerator<LogLine> {
  let count = 0;
  let read = 0;
  try {
    for await (const line of lines) {
      count++;
      read += line.text.length + 1;
      if (count % EVERY === 0) progress.show(Math.min(read, size), size, `${count} lines`);
      yield line;
    }
  } finally {
    progress.clear();
  }
}
