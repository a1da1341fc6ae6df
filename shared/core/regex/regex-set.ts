/** Many regexes asked in one pass over the text: the time grows with the text, not with their number. */
import RE2 from "re2";

export interface RegexSet {
  readonly size: number;
  /** Indexes, ascending, of the sources that hit somewhere in the text (a string, or UTF-8, which spares a conversion). */
  match(text: string | Buffer): number[];
}

/**
 * Compiles RE2 sources (`CompiledRegex.screen`) into one set; where RE2 has no room for all of them, into halves, and so
 * on. Throws RE2's SyntaxError for a single source that cannot be compiled.
 */
export function compileSet(sources: readonly string[]): RegexSet {
  const parts = build(sources, 0);
  return {
    size: sources.length,
    match(text) {
      // One conversion for all parts; from a Buffer RE2 reads without copying.
      const bytes = typeof text === "string" ? Buffer.from(text) : text;
      return parts.length === 1 ? ask(parts[0]!, bytes) : parts.flatMap((part) => ask(part, bytes));
    },
  };
}

interface Part {
  /** The index of its first source. */
  readonly offset: number;
  readonly set: Pick<InstanceType<typeof RE2.Set>, "match" | "size">;
}

function build(sources: readonly string[], offset: number): readonly Part[] {
  if (sources.length === 0) return [];
  try {
    return [{ offset, set: new RE2.Set([...sources], "u") }];
  } catch (error) {
    // Too large together: each half may fit. One alone that fails is the caller's to hear of.
    if (sources.length === 1) throw error;
    const half = sources.length >> 1;
    return [...build(sources.slice(0, half), offset), ...build(sources.slice(half), offset + half)];
  }
}

function ask({ set, offset }: Part, bytes: Buffer): number[] {
  try {
    const hits = set.match(bytes);
    return offset === 0 ? hits : hits.map((index) => index + offset);
  } catch {
    // RE2 ran out of memory for its states on this text. A set only screens: all of it may hit, and nothing is lost.
    return Array.from({ length: set.size }, (_, index) => index + offset);
  }
}
