/**
 * Why a line is, or is not, a failure in a jail: every step that the matcher takes, kept, and every regex asked rather
 * than only those up to the first hit. What `fleet2ban regex` and `check` show.
 */

import { cutDate } from "../date/detector.ts";
import { join, matchGroups, narrow } from "./examine.ts";
import { EMPTY_LINE_STATE } from "./line-state.ts";
import type { CompiledFilter } from "./matcher.ts";
import { type Groups, type Identity, identify } from "./suspect.ts";
import { openFollower } from "./thread.ts";

export interface RegexHit {
  /** Counts from 0 in the order of the filter's failregexes. */
  readonly regex: number;
  readonly groups: Groups;
  readonly identity: Identity;
}

export interface LineExplanation {
  readonly date:
    | {
        readonly text: string;
        readonly template: string /** Epoch ms; undefined where it is no instant. */;
        readonly at: number | undefined;
      }
    | undefined;
  /** The line without its date: what the regexes see. */
  readonly cut: string;
  /** Undefined where the filter has none, or it did not match. */
  readonly prefregex: { readonly matched: boolean; readonly groups: Groups } | undefined;
  /** What the failregexes saw; undefined where the prefregex did not match. */
  readonly content: string | undefined;
  /** All failregexes that hit; the first one decides. */
  readonly hits: readonly RegexHit[];
  /** Indexes of the ignoreregexes that hit. */
  readonly ignoredBy: readonly number[];
  readonly outcome: "matched" | "ignored" | "missed";
  /**
   * Why a line that a failregex hits is no failure yet, where its connection decides (outcome "ignored"): it only tells
   * something, or it waits for a line that says from where.
   */
  readonly connection?: "told" | "waits";
}

/** Explains lines of one log, one after another: a filter with connections judges each with those before it. */
export function createExplainer(filter: CompiledFilter): (text: string, now: number) => LineExplanation {
  if (filter.span !== "session") return (text, now) => explainLine(filter, text, now);
  let state = EMPTY_LINE_STATE;
  let count = 0;
  return (text, now) => {
    const alone = explainLine(filter, text, now);
    const [first] = alone.hits;
    if (alone.outcome !== "matched" || first === undefined) return alone;
    const follower = openFollower(filter, state);
    const event = { id: String(count++), stream: "", at: now, text };
    const hit = { groups: first.groups, lines: [text] };
    const judgement = follower.take({ event, at: now, seen: { kind: "hit", hit } });
    state = follower.close();
    if (judgement.kind === "failed") {
      const { groups } = judgement.hit;
      return { ...alone, hits: [{ ...first, groups, identity: identify(groups, filter.jail.usedns) }] };
    }
    const waits = state.sessions.some(({ id, pending }) => id === first.groups.mlfid && pending);
    return { ...alone, hits: [first], outcome: "ignored", connection: waits ? "waits" : "told" };
  };
}

/** Explains one line without a line end, and without any before it; `now` (epoch ms) completes dates without a year or a day. */
export function explainLine(filter: CompiledFilter, text: string, now: number): LineExplanation {
  const found = filter.detector.find(text);
  const date =
    found === undefined
      ? undefined
      : { text: text.slice(found.start, found.end), template: found.template, at: found.at(now) };
  const cut = cutDate(text, found);
  const line = `${cut}\n`;
  const narrowed = narrow(filter, line, new Map());
  const first = filter.ignoresFirst ? hitsOf(filter, line) : [];
  const hits = narrowed === undefined || first.length > 0 ? [] : regexHits(filter, narrowed);
  const ignoredBy = hits.length > 0 && narrowed !== undefined ? hitsOf(filter, narrowed.content) : first;
  return {
    date,
    cut,
    prefregex:
      filter.prefregex === undefined ? undefined : { matched: narrowed !== undefined, groups: narrowed?.groups ?? {} },
    content: narrowed?.content.replace(/\n$/, ""),
    hits,
    ignoredBy,
    outcome: ignoredBy.length > 0 ? "ignored" : hits.length > 0 ? "matched" : "missed",
  };
}

function regexHits(filter: CompiledFilter, narrowed: { content: string; groups: Groups }): RegexHit[] {
  return filter.failregex.flatMap((failregex, regex) => {
    const own = matchGroups(failregex, narrowed.content);
    if (own === undefined) return [];
    const groups = join(narrowed.groups, own);
    return [{ regex, groups, identity: identify(groups, filter.jail.usedns) }];
  });
}

function hitsOf(filter: CompiledFilter, text: string): number[] {
  return filter.ignoreregex.flatMap((regex, index) => (regex.test(text) ? [index] : []));
}
