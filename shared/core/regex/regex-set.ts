/** Many regexes asked in one pass over the text: the time grows with the text, not with their number. */
import RE2 from "re2";

export interface RegexSet {
  readonly size: number;
  /** Indexes, ascending, of the sources that hit somewhere in the text (a string, or UTF-8, which spares a conversion). */
  match(text: string | Buffer): number[];
}

/**
 * Compiles RE2 sources (`CompiledRegex.screen`) into one set; where RE2 has no room for all of them, into halves, and so
 * on. A single source too large for RE2 counts as hitting always. Throws RE2's SyntaxError for a source with a mistake.
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
  /** The index of its first source, and how many it has. */
  readonly offset: number;
  readonly size: number;
  match(bytes: Buffer): number[];
}

function build(sources: readonly string[], offset: number): readonly Part[] {
  if (sources.length === 0) return [];
  const size = sources.length;
  try {
    const set = new RE2.Set([...sources], "u");
    return [{ offset, size, match: (bytes) => set.match(bytes) }];
  } catch {
    // Too large together: each half may fit, and one alone may fit as a plain regex.
    if (size === 1) return [{ offset, size, match: single(sources[0]!) }];
    const half = size >> 1;
    return [...build(sources.slice(0, half), offset), ...build(sources.slice(half), offset + half)];
  }
}

function single(source: string): Part["match"] {
  try {
    const re2 = new RE2(source, "u");
    return (bytes) => (re2.test(bytes) ? [0] : []);
  } catch (error) {
    // A mistake in the source is the caller's to hear of; what is merely too large must not screen anything away.
    if (error instanceof Error && error.message.includes("too large")) return () => [0];
    throw error;
  }
}

function ask({ offset, size, match }: Part, bytes: Buffer): number[] {
  try {
    const hits = match(bytes);
    return offset === 0 ? hits : hits.map((index) => index + offset);
  } catch {
    // RE2 ran out of memory for its states on this text. A set only screens: all of it may hit, and nothing is lost.
    return Array.from({ length: size }, (_, index) => index + offset);
  }
}
