/**
 * Why a line is, or is not, a failure in a jail: every step that the matcher takes, kept, and every regex asked rather
 * than only those up to the first hit. What `fleet2ban regex` and `check` show.
 */

import { cutDate } from "../date/detector.ts";
import { join, matchGroups, narrow } from "./examine.ts";
import { searchLines } from "./line-buffer.ts";
import type { BufferedLine } from "./line-state.ts";
import type { CompiledFilter } from "./matcher.ts";
import type { Hit } from "./session.ts";
import { openSessions } from "./sessions.ts";
import { type Groups, type Identity, identify } from "./suspect.ts";
import { groupsInOrder, openToldConnections, type Told } from "./told-groups.ts";

export interface RegexHit {
  /** Counts from 0 in the order of the filter's failregexes. */
  readonly regex: number;
  readonly groups: Groups;
  readonly identity: Identity;
  /** All groups, and of a connection those of its earlier lines too, as fail2ban-regex prints them. */
  readonly told: Told;
  /** The lines that made it up, as they were logged. */
  readonly lines: readonly string[];
}

export interface ExplainedDate {
  readonly text: string;
  readonly template: string;
  /** Epoch ms; undefined where it is no instant. */
  readonly at: number | undefined;
}

export interface LineExplanation {
  readonly date: ExplainedDate | undefined;
  /** The line without its date, or all lines of the buffer so: what the regexes see. */
  readonly cut: string;
  /** Undefined where the filter has none, or it did not match. */
  readonly prefregex: { readonly matched: boolean; readonly groups: Groups } | undefined;
  /** What the failregexes saw; undefined where the prefregex did not match. */
  readonly content: string | undefined;
  /** All failregexes that hit; the first one decides. In a filter over lines the others would, were it not there. */
  readonly hits: readonly RegexHit[];
  /** Indexes of the ignoreregexes that hit. */
  readonly ignoredBy: readonly number[];
  readonly outcome: "matched" | "ignored" | "missed";
  /**
   * Why a line that a failregex hits is no failure yet, where its connection decides (outcome "ignored"): it only tells
   * something, or it waits for a line that says from where.
   */
  readonly connection?: "told" | "waits";
  /** Only where a filter spans lines. */
  readonly buffer?: {
    /** How many lines are looked at together, this one among them. */
    readonly size: number;
    /** Earlier lines that are not looked at again, because they are part of what was found. */
    readonly spent: readonly string[];
  };
}

/**
 * Explains the next line of a log; `now` (epoch ms) completes dates without a year or a day, `writtenAt` is when it was
 * written, where its source knows.
 */
export type Explainer = (text: string, now: number, writtenAt?: number) => LineExplanation;

/** Explains lines of one log, one after another: a filter with connections, or over lines, judges each with those before it. */
export function createExplainer(filter: CompiledFilter): Explainer {
  if (filter.span === "line") return (text, now, writtenAt) => explainLine(filter, text, writtenAt ?? now);
  const connect = createConnections(filter);
  if (filter.span === "session") {
    return (text, now, writtenAt) => connect(explainLine(filter, text, writtenAt ?? now), now);
  }
  let before: readonly BufferedLine[] = [];
  return (text, now, writtenAt) => {
    const { buffer, explanation } = explainBuffer(filter, before, text, writtenAt ?? now);
    before = buffer;
    return connect(explanation, now);
  };
}

/** Lets the connection have its say that a line's hit names, if it names one. */
function createConnections(filter: CompiledFilter): (alone: LineExplanation, now: number) => LineExplanation {
  const sessions = openSessions([]);
  const connections = openToldConnections();
  return (alone, now) => {
    const [first, ...others] = alone.hits;
    const id = first?.groups.mlfid;
    if (alone.outcome !== "matched" || first === undefined || id === undefined) return alone;
    const failure = sessions.take(id, now, first);
    const told = connections.take(id, first.told, failure !== undefined);
    if (failure !== undefined) {
      return {
        ...alone,
        hits: [{ ...first, ...failure, identity: identify(failure.groups, filter.jail.usedns), told }, ...others],
      };
    }
    const waits = sessions.close().some((session) => session.id === id && session.pending);
    return { ...alone, outcome: "ignored", connection: waits ? "waits" : "told" };
  };
}

/** Explains one line without a line end, and without any before it; `now` (epoch ms) completes dates without a year or a day. */
export function explainLine(filter: CompiledFilter, text: string, now: number): LineExplanation {
  const { found, date } = dateOf(filter, text, now);
  const cut = cutDate(text, found);
  const line = `${cut}\n`;
  const narrowed = narrow(filter, line, new Map());
  const first = filter.ignoresFirst ? hitsOf(filter, line) : [];
  const hits = narrowed === undefined || first.length > 0 ? [] : regexHits(filter, narrowed, text);
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

/** The same where the filter spans lines: with those before it, and the buffer after it. */
function explainBuffer(filter: CompiledFilter, before: readonly BufferedLine[], text: string, now: number) {
  const { found, date } = dateOf(filter, text, now);
  const line = { text, start: found?.start ?? 0, end: found?.end ?? 0 };
  const { buffer, looked, narrowed, verdict } = searchLines(filter, before, line);
  const kept = new Set(buffer.map((each) => each.text));
  // The oldest of a full buffer gives way to the new line in any case.
  const stayed = before.slice(before.length < filter.jail.filter.maxlines ? 0 : 1);
  const first = verdict.kind === "failed" ? [hitOf(filter, verdict.regex, verdict.hit)] : [];
  const content = narrowed === undefined ? undefined : { content: narrowed.text, groups: narrowed.groups };
  const others = verdict.kind === "missed" || content === undefined ? [] : regexHits(filter, content, text);
  const explanation: LineExplanation = {
    date,
    cut: looked.text.replace(/\n$/, ""),
    prefregex:
      filter.prefregex === undefined ? undefined : { matched: narrowed !== undefined, groups: narrowed?.groups ?? {} },
    content: narrowed?.text.replace(/\n$/, ""),
    hits: [...first, ...others.filter(({ regex }) => regex !== first[0]?.regex)],
    ignoredBy: verdict.kind === "ignored" ? [verdict.by] : [],
    outcome: verdict.kind === "failed" ? "matched" : verdict.kind,
    buffer: {
      size: looked.lines.length,
      spent: stayed.flatMap((each) => (kept.has(each.text) ? [] : [each.text])),
    },
  };
  return { buffer, explanation };
}

function dateOf(filter: CompiledFilter, text: string, now: number) {
  const found = filter.detector.find(text);
  if (found === undefined) return { found, date: undefined };
  const date = { text: text.slice(found.start, found.end), template: found.template, at: found.at(now) };
  return { found, date };
}

function regexHits(filter: CompiledFilter, narrowed: { content: string; groups: Groups }, text: string): RegexHit[] {
  return filter.failregex.flatMap((failregex, regex) => {
    const own = matchGroups(failregex, narrowed.content);
    if (own === undefined) return [];
    return [hitOf(filter, regex, { groups: join(narrowed.groups, own), lines: [text] })];
  });
}

function hitOf(filter: CompiledFilter, regex: number, { groups, lines }: Hit): RegexHit {
  const identity = identify(groups, filter.jail.usedns);
  return { regex, groups, identity, told: groupsInOrder(filter, regex, groups), lines };
}

function hitsOf(filter: CompiledFilter, text: string): number[] {
  return filter.ignoreregex.flatMap((regex, index) => (regex.test(text) ? [index] : []));
}
