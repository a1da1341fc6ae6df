/**
 * What a filter did with many lines: the explanations of single lines, added up into the report of `regex`.
 */
import type { LineExplanation, RegexHit } from "../filter/explain.ts";
import { identityText } from "../filter/suspect.ts";
import type { PythonValue } from "./python-text.ts";
import type { FoundFailure } from "./regex-output.ts";
import type { DateTally, LineKind, RegexReport, RegexHit as ReportedHit } from "./regex-report.ts";

/** How the list of a regex's hits names who is not known yet. */
const NOBODY = "None";

/** A filter's regexes as they are written, for the report's lists. */
export interface FilterTexts {
  readonly prefregex: string | undefined;
  readonly failregex: readonly string[];
  readonly ignoreregex: readonly string[];
  /** The date templates in their order; undefined = the filter looks for no date. */
  readonly templates: readonly string[] | undefined;
}

export interface TallyOptions {
  /** Ask every failregex, or stop at the first that hits, as in operation. */
  readonly checkAll: boolean;
  /** Dates that name no zone are read in a configured one. */
  readonly fixedZone: boolean;
  /** When the lines are looked at, epoch ms. */
  readonly now: number;
}

interface Moment {
  /** Epoch ms; undefined where nothing says when. */
  readonly at: number | undefined;
  readonly zoned: boolean;
}

const NEVER: Moment = { at: undefined, zoned: false };
const LATELY = 60_000;
/** What takes the place of a date template where the journal says when. */
const JOURNAL = "journal";

/** A hit, and the ids that it stands for: one address, the addresses of a name, or none where it is refused. */
export interface ResolvedHit {
  readonly hit: RegexHit;
  readonly ids: readonly string[];
}

export interface RegexCounter {
  /** Adds one line; gives its failures, none where it is ignored or missed. */
  add(line: string, explanation: LineExplanation, hits: readonly ResolvedHit[]): readonly FoundFailure[];
  report(uses: readonly string[], elapsed: number): RegexReport;
}

/** Counts as fail2ban-regex does: a regex by its hits, a line once. */
export function createRegexCounter(texts: FilterTexts, { checkAll, fixedZone, now }: TallyOptions): RegexCounter {
  const failregex = texts.failregex.map((pattern) => ({ pattern, hits: 0, found: [] as ReportedHit[] }));
  const ignoreregex = texts.ignoreregex.map((pattern) => ({ pattern, hits: 0, found: [] }));
  const prefregex = { hits: 0, groups: [] as ReadonlyMap<string, PythonValue>[] };
  const dates = new Map<string, number>();
  const lines: Record<LineKind, string[]> = { matched: [], ignored: [], missed: [] };
  const refused: string[] = [];
  let latest: Moment = NEVER;
  // As fail2ban-regex has it: a line without a date happened with the latest that has one, if that was lately.
  const momentOf = (date: LineExplanation["date"]): Moment => {
    const own = date === undefined ? NEVER : { at: date.at, zoned: zonedTime(date) };
    if (date !== undefined && date.at !== undefined && (date.text !== "" || date.template === JOURNAL)) {
      latest = own;
      return own;
    }
    return latest.at !== undefined && latest.at > now - LATELY ? latest : own;
  };
  const zonedTime = (date: NonNullable<LineExplanation["date"]>): boolean =>
    date.template !== JOURNAL && (fixedZone ? !/poch/.test(date.template) : namesZone(date));

  const add: RegexCounter["add"] = (line, explanation, hits) => {
    const { date, prefregex: prefix, content } = explanation;
    if (date !== undefined) dates.set(date.template, (dates.get(date.template) ?? 0) + 1);
    const moment = momentOf(date);
    for (const spent of explanation.buffer?.spent ?? []) {
      const missed = lines.missed.indexOf(spent);
      if (missed >= 0) lines.matched.push(...lines.missed.splice(missed, 1));
    }
    if (prefix?.matched) {
      prefregex.hits += 1;
      prefregex.groups.push(new Map(Object.entries({ content, ...prefix.groups }).map(([k, v]) => [k, v ?? null])));
    }
    const count = (regex: number, hit: ReportedHit) => {
      failregex[regex]!.hits += 1;
      failregex[regex]!.found.push(hit);
    };
    // What a match over lines consists of is not looked at again, so it counts once.
    const all = checkAll && explanation.buffer === undefined;
    if (explanation.connection !== undefined) {
      // A hit that is no failure by itself counts for its regex, and one that waits for an address for its line too.
      for (const { regex, identity } of all ? explanation.hits : explanation.hits.slice(0, 1)) {
        count(regex, { id: identityText(identity) || NOBODY, at: moment.at, multiple: false });
      }
      lines[explanation.connection === "waits" ? "matched" : "ignored"].push(line);
      return [];
    }
    if (explanation.outcome === "ignored") {
      // Each failregex that hit had asked each ignoreregex anew, unless they were asked before any failregex was.
      const asked = checkAll ? Math.max(1, explanation.hits.length) : 1;
      const by = checkAll ? explanation.ignoredBy : explanation.ignoredBy.slice(0, 1);
      for (const index of by) ignoreregex[index]!.hits += asked;
      lines.ignored.push(line);
      return [];
    }
    const failures: FoundFailure[] = [];
    let counted = 0;
    for (const { hit, ids } of all ? hits : hits.slice(0, 1)) {
      // Fail2Ban would ban it: its regex hit and its line matched, but it is no failure here.
      const strange = hit.identity.kind === "refused" && hit.groups.dns === undefined;
      if (hit.identity.kind === "refused") refused.push(line);
      for (const id of strange ? [identityText(hit.identity) || NOBODY] : ids) {
        count(hit.regex, { id, at: moment.at, multiple: counted > 1 });
        counted += 1;
      }
      for (const id of ids) {
        failures.push({ id, ip: hit.groups.ip4 ?? hit.groups.ip6, ...moment, groups: hit.told, lines: hit.lines });
      }
    }
    lines[counted > 0 ? "matched" : "missed"].push(line);
    return failures;
  };

  return {
    add,
    report: (uses, elapsed) => ({
      uses,
      prefregex: texts.prefregex === undefined ? undefined : { pattern: texts.prefregex, ...prefregex },
      failregex,
      ignoreregex,
      dates: texts.templates && tallyDates(texts.templates, dates),
      lines,
      refused,
      elapsed,
    }),
  };
}

/** Zones stand at the end of a date, or before a syslog date. */
function namesZone({ text, template }: { readonly text: string; readonly template: string }): boolean {
  if (template.includes("TAI64N")) return true;
  if (!template.includes("Zone")) return false;
  const last = /(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$/i;
  const first = /^(?:[A-Z]{1,5}|[+-]\d{2}(?::?\d{2})?)\s+(?:[A-Z][a-z]{2}\s+){1,2}\d/i;
  return last.test(text) || (/^.{0,12}\(\?:Zone/.test(template) && first.test(text));
}

/** Most hits first, as Fail2Ban's detector moves them to the front. */
function tallyDates(templates: readonly string[], hits: ReadonlyMap<string, number>): DateTally[] {
  return templates.map((name) => ({ name, hits: hits.get(name) ?? 0 })).sort((a, b) => b.hits - a.hits);
}
