/** Log lines for a row: hostile ones may be a megabyte each, a row is 400 KB, so long ones are cut to an even share. */

const MARK = "… (cut)";

/** The lines, of at most `limit` bytes together (and a mark for each that was cut); unchanged where they fit. */
export function cutLines(lines: readonly string[], limit: number): readonly string[] {
  const sizes = lines.map((line) => Buffer.byteLength(line));
  if (sizes.reduce((sum, size) => sum + size, 0) <= limit) return lines;
  const share = fairShare(sizes, limit);
  return lines.map((line, nth) => (sizes[nth]! <= share ? line : cut(line, share)));
}

/** The longest that a line may be so that all of them fit: short lines leave their rest to the long ones. */
function fairShare(sizes: readonly number[], limit: number): number {
  let left = limit;
  const ascending = sizes.toSorted((a, b) => a - b);
  for (const [nth, size] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - nth));
    if (size > share) return share;
    left -= size;
  }
  return limit;
}

function cut(line: string, size: number): string {
  // A character cut in half comes back as U+FFFD.
  return (
    Buffer.from(line)
      .subarray(0, size)
      .toString()
      .replace(/\uFFFD$/, "") + MARK
  );
}
