/**
 * Regexes that span lines: the last `maxlines` lines of a stream as one text, in which each new line may complete a match.
 *
 * As Fail2Ban does it: what matched leaves the buffer, lines that `<SKIPLINES>` skipped stay in it, and what a prefregex
 * names F-CONTENT takes the place of all. The buffer is bounded, so that a line costs no more than a buffer's search.
 */
import type { CompiledRegex } from "../regex/compile.ts";
import { mergeGroups } from "../regex/host-tags.ts";
import type { RegexMatch } from "../regex/match.ts";
import { firstMatch, join } from "./examine.ts";
import type { JailFilter } from "./jail-filter.ts";
import { type BufferedLine, MAX_BUFFER, MAX_LINES } from "./line-state.ts";
import type { Hit } from "./session.ts";
import type { Groups } from "./suspect.ts";

export type BufferVerdict =
  | { readonly kind: "missed" }
  | { readonly kind: "ignored"; readonly by: number }
  | { readonly kind: "failed"; readonly regex: number; readonly hit: Hit };

export interface Buffered {
  /** The lines to look at again with the next one. */
  readonly buffer: readonly BufferedLine[];
  readonly verdict: BufferVerdict;
  /** What was searched: lines, and their text without dates. */
  readonly looked: { readonly lines: readonly BufferedLine[]; readonly text: string };
  /** What the failregexes saw of it; undefined where they were not asked. */
  readonly narrowed: { readonly text: string; readonly groups: Groups } | undefined;
}

/** Appends a line and searches; the filter was compiled for texts of several lines. */
export function searchLines(filter: JailFilter, before: readonly BufferedLine[], line: BufferedLine): Buffered {
  const searched = search(filter, before, line);
  // A line longer than a buffer is looked at, and not kept.
  return { ...searched, buffer: searched.buffer.filter(({ text }) => text.length <= MAX_BUFFER) };
}

function search(filter: JailFilter, before: readonly BufferedLine[], line: BufferedLine): Buffered {
  const lines = bounded([...before, line], filter.jail.filter.maxlines);
  const text = textOf(lines);
  const looked = { lines, text };
  if (filter.ignoresFirst) {
    const by = firstMatch(filter.ignoreregex, text);
    if (by >= 0) return { buffer: lines, verdict: { kind: "ignored", by }, looked, narrowed: undefined };
  }
  const narrowed = narrow(filter.prefregex, lines, text);
  if (narrowed === undefined) return { buffer: lines, verdict: { kind: "missed" }, looked, narrowed };
  for (const [regex, failregex] of filter.failregex.entries()) {
    const match = failregex.test(narrowed.text) ? failregex.exec(narrowed.text) : undefined;
    if (match === undefined) continue;
    const { matched, others } = split(lines, narrowed.text, match);
    const by = firstMatch(filter.ignoreregex, textOf(matched));
    if (by >= 0) return { buffer: others, verdict: { kind: "ignored", by }, looked, narrowed };
    const hit = { groups: join(narrowed.groups, mergeGroups(match.groups)), lines: matched.map(({ text }) => text) };
    return { buffer: others, verdict: { kind: "failed", regex, hit }, looked, narrowed };
  }
  return { buffer: narrowed.buffer, verdict: { kind: "missed" }, looked, narrowed };
}

/** The newest lines, as many as may be; the newest of all in any case. */
function bounded(lines: readonly BufferedLine[], maxlines: number): readonly BufferedLine[] {
  const kept = lines.slice(-Math.min(maxlines, MAX_LINES));
  let length = kept.reduce((sum, { text }) => sum + text.length, 0);
  let first = 0;
  while (length > MAX_BUFFER && first < kept.length - 1) length -= kept[first++]!.text.length;
  return kept.slice(first);
}

/** What regexes see of a line: all but its date. */
function cut({ text, start, end }: BufferedLine): string {
  return text.slice(0, start) + text.slice(end);
}

function textOf(lines: readonly BufferedLine[]): string {
  return `${lines.map(cut).join("\n")}\n`;
}

interface NarrowedLines {
  readonly buffer: readonly BufferedLine[];
  readonly text: string;
  readonly groups: Groups;
}

function narrow(
  prefregex: CompiledRegex | undefined,
  buffer: readonly BufferedLine[],
  text: string,
): NarrowedLines | undefined {
  if (prefregex === undefined) return { buffer, text, groups: {} };
  const match = prefregex.exec(text);
  if (match === undefined) return undefined;
  const { content, ...groups } = mergeGroups(match.groups);
  if (!content) return { buffer, text, groups };
  return { buffer: [{ text: content, start: 0, end: 0 }], text: `${content}\n`, groups };
}

/** The lines that the match touches without those that were skipped in it, and all others. */
function split(
  lines: readonly BufferedLine[],
  text: string,
  { index, end, groups }: RegexMatch,
): { readonly matched: readonly BufferedLine[]; readonly others: readonly BufferedLine[] } {
  if (lines.length <= 1) return { matched: lines, others: [] };
  const begin = text.lastIndexOf("\n", index) + 1;
  const feed = end === 0 ? -1 : text.indexOf("\n", end - 1);
  const first = count(text, begin);
  const last = count(text, feed < 0 ? text.length : feed + 1);
  const matched = lines.slice(first, last);
  const others = lines.slice(0, first);
  let from = 0;
  for (const skipped of skippedLines(groups)) {
    const at = matched.slice(from).findIndex((line) => cut(line) === skipped);
    if (at < 0) continue;
    others.push(...matched.splice(from + at, 1));
    from += at;
  }
  return { matched, others: [...others, ...lines.slice(last)] };
}

/** Line ends before `end`. */
function count(text: string, end: number): number {
  let found = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) found += 1;
  return found;
}

function skippedLines(groups: Groups): readonly string[] {
  let text = "";
  for (let nth = 0; `skiplines${nth}` in groups; nth++) text += groups[`skiplines${nth}`] ?? "";
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
