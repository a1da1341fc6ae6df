/**
 * `regex --explain`: one line on its way through a filter, step by step, and at each regex that does not match the place
 * where it stopped.
 */
import type { IgnoreList } from "../detect/ignore.ts";
import type { NeverBan } from "../detect/never-ban.ts";
import type { LineExplanation } from "../filter/explain.ts";
import type { CompiledFilter } from "../filter/matcher.ts";
import type { Groups, Identity } from "../filter/suspect.ts";
import type { CompiledRegex } from "../regex/compile.ts";
import { reachOf } from "../regex/reach.ts";
import { formatTime, type ZoneOffset } from "./time-text.ts";

export type RegexStep =
  | { readonly kind: "matched"; readonly pattern: string; readonly groups: Groups; readonly identity?: Identity }
  | {
      readonly kind: "stopped";
      readonly pattern: string;
      /** Where in the pattern, in code points. */
      readonly at: number;
      /** The text that the pattern before it matched. */
      readonly matched: string;
    }
  /** It does not match, and no place can be named. */
  | { readonly kind: "missed"; readonly pattern: string };

export interface Explanation {
  readonly line: string;
  readonly date: LineExplanation["date"];
  /** The line without its date, or all lines of the buffer so: what the regexes see. */
  readonly cut: string;
  /** Where the filter spans lines: how many of them are looked at together. */
  readonly together?: { readonly lines: number; readonly atMost: number };
  readonly prefregex: RegexStep | undefined;
  /** Empty where the prefregex did not match, so that no failregex is asked. */
  readonly failregex: readonly RegexStep[];
  readonly ignoreregex: readonly { readonly pattern: string; readonly matched: boolean }[];
  readonly outcome: LineExplanation["outcome"];
  readonly connection?: LineExplanation["connection"];
  /** Of the failregex that decides. */
  readonly identity: Identity | undefined;
  /** Why the jail leaves the id alone; undefined where it does not. Names in ignoreip are not looked up here. */
  readonly spared: string | undefined;
}

/** Who is left alone, as the configuration says by itself. */
export interface Spares {
  readonly ignore: IgnoreList;
  readonly neverBan: NeverBan;
}

/** Puts together what the matcher did with the line and how far each regex got. */
export function explain(line: string, found: LineExplanation, filter: CompiledFilter, spares: Spares): Explanation {
  const { cut, content, hits, ignoredBy, outcome, date } = found;
  const seen = content === undefined ? undefined : `${content}\n`;
  const prefix = found.prefregex;
  const identity = outcome === "matched" ? hits[0]?.identity : undefined;
  return {
    line,
    date,
    cut,
    ...(found.buffer === undefined
      ? {}
      : { together: { lines: found.buffer.size, atMost: filter.jail.filter.maxlines } }),
    prefregex:
      filter.prefregex === undefined || prefix === undefined
        ? undefined
        : prefix.matched
          ? { kind: "matched", pattern: filter.prefregex.source, groups: prefix.groups }
          : missedStep(filter.prefregex, `${cut}\n`),
    failregex:
      seen === undefined
        ? []
        : filter.failregex.map((regex, index) => {
            const hit = hits.find((each) => each.regex === index);
            if (hit === undefined) return missedStep(regex, seen);
            return { kind: "matched", pattern: regex.source, groups: hit.groups, identity: hit.identity };
          }),
    ignoreregex: filter.ignoreregex.map(({ source }, index) => ({
      pattern: source,
      matched: ignoredBy.includes(index),
    })),
    outcome,
    ...(found.connection === undefined ? {} : { connection: found.connection }),
    identity,
    spared: identity?.kind === "address" ? sparedBy(identity.id, spares) : undefined,
  };
}

function missedStep(regex: CompiledRegex, text: string): RegexStep {
  const reach = reachOf(regex.tree, text);
  if (reach === undefined) return { kind: "missed", pattern: regex.source };
  const matched = reach.matched === undefined ? "" : text.slice(...reach.matched);
  return { kind: "stopped", pattern: regex.source, at: reach.position, matched };
}

function sparedBy(id: Parameters<IgnoreList["covers"]>[0], { ignore, neverBan }: Spares): string | undefined {
  const reason = neverBan.reason(id);
  if (reason !== undefined) return `no jail may ban it (${reason})`;
  return ignore.covers(id) ? "ignoreip has it" : undefined;
}

/** The explanation for people; log text has no control characters. `zone` is that of the reader. */
export function formatExplanation(explanation: Explanation, zone: ZoneOffset): string {
  const { line, date, prefregex, failregex, ignoreregex } = explanation;
  const rows: [string, string][] = [
    ["line", plain(line)],
    [
      "date",
      date === undefined ? "none found" : `${plain(date.text) || "not in the line"}  =  ${dateText(date, zone)}`,
    ],
    ...cutRows(explanation),
    ...(prefregex === undefined ? [] : stepRows("prefregex", prefregex)),
    ...failregex.flatMap((step, index) => stepRows(`failregex ${index + 1}`, step)),
    ...ignoreregex.map(({ pattern, matched }, index): [string, string] => [
      `ignoreregex ${index + 1}`,
      `${matched ? "matches, so the line is no failure" : "does not match"}: ${clipped(pattern)}`,
    ]),
    ["verdict", verdictOf(explanation)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}\n`).join("");
}

function cutRows({ cut, together }: Explanation): [string, string][] {
  if (together === undefined) return [["cut line", plain(cut)]];
  const { lines, atMost } = together;
  const [first, ...others] = cut.split("\n").map((line): [string, string] => ["", plain(line)]);
  return [
    [
      "looks at",
      lines === 1
        ? `this line, and later ones with it: at most ${atMost}`
        : `the last ${lines} lines together, of at most ${atMost}`,
    ],
    [lines === 1 ? "cut line" : "cut lines", first![1]],
    ...others,
  ];
}

function dateText({ at, template }: NonNullable<Explanation["date"]>, zone: ZoneOffset): string {
  return `${at === undefined ? "no instant" : formatTime(at, zone)}  (${clipped(template)})`;
}

function stepRows(name: string, step: RegexStep): [string, string][] {
  switch (step.kind) {
    case "matched": {
      const groups = Object.entries(step.groups).filter(([, text]) => text !== undefined);
      return [
        [name, `matches: ${clipped(step.pattern)}`],
        ...groups.map(([group, text]): [string, string] => ["", `<${group}> = ${quoted(text!)}`]),
        ...(step.identity === undefined ? [] : [["", `id = ${idText(step.identity)}`] as [string, string]]),
      ];
    }
    case "stopped": {
      const pattern = [...step.pattern];
      const before = pattern.slice(0, step.at).join("");
      const rest = pattern.slice(step.at).join("");
      return [
        [name, `stops at ▸: ${before}▸${rest}`],
        [
          "",
          step.matched === "" ? "nothing before it matched any text" : `matched up to there: ${quoted(step.matched)}`,
        ],
      ];
    }
    case "missed":
      return [[name, `does not match: ${step.pattern}`]];
  }
}

function verdictOf({ outcome, connection, identity, spared, prefregex, failregex }: Explanation): string {
  switch (outcome) {
    case "ignored":
      if (connection === "told") return "no failure by itself: it tells something of its connection";
      if (connection === "waits") return "a failure once a line of the same connection says from where";
      return "ignored: an ignoreregex takes it back";
    case "missed":
      if (prefregex !== undefined && failregex.length === 0) return "missed: the prefregex does not match";
      return "missed: no failregex matches";
    case "matched":
      if (identity === undefined || identity.kind === "refused") {
        return `no failure: ${quoted(identity?.text ?? "")} is no address`;
      }
      if (spared !== undefined) return `a failure of ${idText(identity)}, which is left alone: ${spared}`;
      return `a failure of ${idText(identity)}`;
  }
}

function idText(identity: Identity): string {
  switch (identity.kind) {
    case "address":
      return identity.id;
    case "name":
      return `${plain(identity.name)} (a name, to be looked up)`;
    case "refused":
      return `${quoted(identity.text)} (no address, so nobody)`;
  }
}

/** What matches needs no study: its beginning is enough to know it by. */
function clipped(pattern: string): string {
  return pattern.length > 100 ? `${pattern.slice(0, 99)}…` : pattern;
}

function quoted(text: string): string {
  return `"${plain(text.replace(/\n$/, ""))}"`;
}

function plain(text: string): string {
  return text.replace(/\p{C}/gu, "·");
}
