/** Many regexes asked in one pass over the text: the time grows with the text, not with their number. */
import RE2 from "re2";

export interface RegexSet {
  readonly size: number;
  /** Indexes, ascending, of the sources that hit somewhere in the text. */
  match(text: string): number[];
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
      if (parts.length === 1) return parts[0]!.match(text, 0);
      return parts.flatMap((part) => part.match(text, part.offset));
    },
  };
}

interface Part {
  readonly offset: number;
  match(text: string, offset: number): number[];
}

function build(sources: readonly string[], offset: number): readonly Part[] {
  if (sources.length === 0) return [];
  try {
    const set = new RE2.Set([...sources], "u");
    return [{ offset, match: (text, shift) => shifted(set.match(text).sort(ascending), shift) }];
  } catch (error) {
    // Too large together: each half may fit. One alone that fails is the caller's to hear of.
    if (sources.length === 1) throw error;
    const half = sources.length >> 1;
    return [...build(sources.slice(0, half), offset), ...build(sources.slice(half), offset + half)];
  }
}

function ascending(left: number, right: number): number {
  return left - right;
}

function shifted(indexes: number[], offset: number): number[] {
  return offset === 0 ? indexes : indexes.map((index) => index + offset);
}
