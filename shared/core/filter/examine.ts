/**
 * One jail against one line whose date has been cut out: Fail2Ban's order of prefregex, failregex and ignoreregex.
 */
import type { CompiledRegex } from "../regex/compile.ts";
import { mergeGroups } from "../regex/host-tags.ts";
import type { JailFilter } from "./jail-filter.ts";
import type { Narrowed } from "./narrowing.ts";
import type { Groups } from "./suspect.ts";

/** What a line comes to: no failregex matched, an ignoreregex took it back, or a failure. Regexes count from 0. */
export type Verdict =
  | { readonly kind: "missed" }
  | { readonly kind: "ignored"; readonly by: number }
  | { readonly kind: "failed"; readonly regex: number; readonly groups: Groups };

/** What the prefregexes met so far made of one line, by their source; undefined = did not match. Jails often share one. */
export type KnownNarrowings = Map<string, Narrowed | undefined>;

/** `cut` is the line without its date and with exactly one "\n" at its end, which `$` stands before. */
export function examine(filter: JailFilter, cut: string, known: KnownNarrowings = new Map()): Verdict {
  if (filter.ignoresFirst) {
    const by = firstMatch(filter.ignoreregex, cut);
    if (by >= 0) return { kind: "ignored", by };
  }
  const narrowed = narrow(filter, cut, known);
  if (narrowed === undefined) return { kind: "missed" };
  let ignoredBy = -1;
  for (const [regex, failregex] of filter.failregex.entries()) {
    const groups = matchGroups(failregex, narrowed.content);
    if (groups === undefined) continue;
    ignoredBy = firstMatch(filter.ignoreregex, narrowed.content);
    if (ignoredBy >= 0) break;
    return { kind: "failed", regex, groups: join(narrowed.groups, groups) };
  }
  return ignoredBy >= 0 ? { kind: "ignored", by: ignoredBy } : { kind: "missed" };
}

/** What the failregexes see: all of the line, or what the prefregex names F-CONTENT; undefined where it does not match. */
export function narrow(
  { prefregex, narrowing }: JailFilter,
  cut: string,
  known: KnownNarrowings,
): Narrowed | undefined {
  if (prefregex === undefined || narrowing === undefined) return { content: cut, groups: {} };
  if (!known.has(prefregex.source)) known.set(prefregex.source, narrowing(cut));
  return known.get(prefregex.source);
}

/** Most lines fail, and some regexes have no groups: `test` is several times faster than `exec`. */
export function matchGroups(regex: CompiledRegex, text: string): Groups | undefined {
  if (!regex.test(text)) return undefined;
  if (regex.groupNames.length === 0) return {};
  const match = regex.exec(text);
  return match === undefined ? undefined : mergeGroups(match.groups);
}

/** The index of the first that matches, or -1. Doubt means no ban: an ignoreregex that spent its budget of steps on the text counts as one that matches. */
export function firstMatch(regexes: readonly CompiledRegex[], text: string): number {
  return regexes.findIndex((regex) => {
    const before = regex.exceeded();
    return regex.test(text) || regex.exceeded() > before;
  });
}

/** A prefregex's groups, and in place of those of the same name the failregex's, even where they took no part in its match. */
export function join(prefregex: Groups, failregex: Groups): Groups {
  return { ...prefregex, ...failregex };
}
