/**
 * All jails of one log, matched together: sieve first, then one date per line for all jails that share date patterns,
 * then the regexes of the jails that are left.
 *
 * A jail whose filter spans lines sees every line, with those before it; what it and jails with connections come to is
 * known once their threads are resumed.
 */
import type { JailConfig } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import { cutDate, type DateDetector } from "../date/detector.ts";
import { eventTime } from "../date/policy.ts";
import { compileSet, type RegexSet } from "../regex/regex-set.ts";
import { createDating, type Dating, type DatingOptions } from "./dating.ts";
import type { Failure, LogEvent, Matcher, MatchReport, Tally, Thread } from "./event.ts";
import type { EventSift } from "./event-sift.ts";
import { examine, type KnownNarrowings, narrow, type Verdict } from "./examine.ts";
import { compileJailFilter, givenUp, type JailFilter } from "./jail-filter.ts";
import { createJournalMatcher, joinReports, journalProblems, readsJournal } from "./journal-jails.ts";
import { createSieve, type Sieve } from "./sieve.ts";
import { identify } from "./suspect.ts";
import { createThread, type Sighting } from "./thread.ts";

export interface CompiledMatcher extends Matcher {
  /** What lets a payload be searched before it is parsed; see Sieve.rawJson. */
  rawJson(): EventSift | undefined;
  /** The jails that could be compiled. */
  readonly filters: readonly CompiledFilter[];
}

/** A jail's regexes and the detector of its dates. */
export interface CompiledFilter extends JailFilter {
  readonly detector: DateDetector;
}

/** Compiles jails that read the same log; those with problems are left out and named. */
export function createMatcher(
  jails: readonly JailConfig[],
  options: DatingOptions,
): { readonly matcher: CompiledMatcher; readonly problems: readonly Problem[] } {
  const { filters, problems } = compileFilters(jails, createDating(options));
  const journal = filters.filter(({ jail }) => readsJournal(jail));
  if (journal.length === 0) return { matcher: { ...createLineMatcher(filters), filters }, problems };
  const lines = createLineMatcher(filters.filter(({ jail }) => !readsJournal(jail)));
  const keyOf = ({ jail }: CompiledFilter): string => JSON.stringify(jail.filter.journalmatch);
  const groups = [...new Set(journal.map(keyOf))].map((key) => ({
    journalmatch: JSON.parse(key) as readonly string[],
    matcher: createLineMatcher(journal.filter((filter) => keyOf(filter) === key)),
  }));
  const entries = createJournalMatcher(groups);
  const match = (events: readonly LogEvent[]): MatchReport =>
    joinReports(events.length, [lines.match(events), entries.match(events)]);
  // A line's parts stand in different fields of its entry, so nothing can be told from raw text.
  return { matcher: { match, rawJson: () => undefined, filters }, problems };
}

function createLineMatcher(filters: readonly CompiledFilter[]): Omit<CompiledMatcher, "filters"> {
  const single = filters.filter(({ span }) => span !== "lines");
  const several = filters.filter(({ span }) => span === "lines");
  const sieve = createSieve(single.map((filter) => filter.literals));
  const screen = createScreen(single);
  const budgeted = single.filter(hasBudget);
  const match = (events: readonly LogEvent[]): MatchReport => {
    const report = openReport(filters);
    const before = budgeted.map(givenUp);
    for (const event of events) {
      matchEvent(event, single, sieve, screen, report);
      for (const filter of several) keepLine(event, filter, report);
    }
    const { failures, tallies } = report;
    for (const [index, filter] of budgeted.entries()) {
      tallies.get(filter.jail.name)!.exceeded = givenUp(filter) - before[index]!;
    }
    return { lines: events.length, failures, tallies, threads: threadsOf(filters, report.sightings) };
  };
  return { match, rawJson: several.length > 0 ? () => undefined : sieve.rawJson };
}

/** Compiles each jail by itself: what `check` and `regex` look at. */
export function compileFilters(
  jails: readonly JailConfig[],
  dating: Dating,
): { readonly filters: readonly CompiledFilter[]; readonly problems: readonly Problem[] } {
  const filters: CompiledFilter[] = [];
  const problems: Problem[] = [];
  for (const jail of jails) {
    const detector = dating(jail);
    if ("severity" in detector) {
      problems.push(detector);
      continue;
    }
    const compiled = compileJailFilter(jail, (before, after) => detector.canCutBetween(before, after));
    const journal = journalProblems(jail);
    problems.push(...compiled.problems, ...journal);
    if (compiled.filter !== undefined && journal.every(({ severity }) => severity !== "error"))
      filters.push({ ...compiled.filter, detector });
  }
  return { filters, problems };
}

/** Whether one of the filter's regexes may give up. */
function hasBudget({ prefregex, failregex, ignoreregex }: CompiledFilter): boolean {
  return [prefregex, ...failregex, ...ignoreregex].some((regex) => regex?.engine === "linear");
}

interface OpenReport {
  readonly failures: Failure[];
  readonly tallies: Map<string, { -readonly [Key in keyof Tally]: Tally[Key] }>;
  /** By jail, then by stream. */
  readonly sightings: Map<string, Map<string, Sighting[]>>;
}

function openReport(filters: readonly CompiledFilter[]): OpenReport {
  const empty = () => ({ matched: 0, ignored: 0, refused: 0, unparsed: 0, exceeded: 0 });
  return { failures: [], tallies: new Map(filters.map((filter) => [filter.jail.name, empty()])), sightings: new Map() };
}

function threadsOf(filters: readonly CompiledFilter[], sightings: OpenReport["sightings"]): Thread[] {
  if (sightings.size === 0) return [];
  return filters.flatMap((filter) =>
    [...(sightings.get(filter.jail.name) ?? [])].map(([stream, own]) => createThread(filter, stream, own)),
  );
}

function keep(filter: CompiledFilter, sighting: Sighting, { sightings }: OpenReport): void {
  const { name } = filter.jail;
  const byStream = sightings.get(name) ?? new Map<string, Sighting[]>();
  sightings.set(name, byStream);
  const { stream } = sighting.event;
  const own = byStream.get(stream);
  if (own === undefined) byStream.set(stream, [sighting]);
  else own.push(sighting);
}

/** Any line may be a part of what a filter over several lines looks for. */
function keepLine(event: LogEvent, filter: CompiledFilter, report: OpenReport): void {
  const text = firstLine(event.text);
  const found = filter.detector.find(text);
  const own = found?.at(event.writtenAt ?? event.at);
  const time = eventTime(own, event, filter.jail.findtime);
  if (time.kind === "dropped" && time.reason === "older-than-findtime") return;
  const at = time.kind === "at" ? time.at : undefined;
  const line = { text, start: found?.start ?? 0, end: found?.end ?? 0 };
  const dated = own !== undefined && (line.end > line.start || event.writtenAt !== undefined);
  keep(filter, { event, at, seen: { kind: "line", line, dated } }, report);
}

function matchEvent(
  event: LogEvent,
  filters: readonly CompiledFilter[],
  sieve: Sieve,
  screen: Screen,
  report: OpenReport,
): void {
  const possible = sieve.jailsFor(event.text);
  if (possible.length === 0) return;
  const crowded = possible.length > FEW;
  const text = firstLine(event.text);
  const dated = new Map<DateDetector, Dated>();
  for (const index of possible) {
    const filter = filters[index]!;
    const line = dated.get(filter.detector) ?? dateLine(filter.detector, text, event.writtenAt ?? event.at);
    dated.set(filter.detector, line);
    const screened = (crowded || !hasLiterals(filter)) && screen.rejects(index, line);
    matchJail(filter, event, line, screened ? { kind: "missed" } : examine(filter, line.cut, line.narrowings), report);
  }
}

function matchJail(filter: CompiledFilter, event: LogEvent, line: Dated, verdict: Verdict, report: OpenReport): void {
  const { jail } = filter;
  const tally = report.tallies.get(jail.name)!;
  if (verdict.kind === "ignored") tally.ignored += 1;
  if (verdict.kind === "missed" && hasLiterals(filter)) tally.unparsed += 1;
  if (verdict.kind !== "failed") return;
  const time = eventTime(line.at, event, jail.findtime);
  if (time.kind === "dropped") return;
  if (verdict.groups.mlfid !== undefined) {
    const hit = { groups: verdict.groups, lines: [event.text] };
    keep(filter, { event, at: time.at, seen: { kind: "hit", hit } }, report);
    return;
  }
  const suspect = identify(verdict.groups, jail.usedns);
  if (suspect.kind === "refused") {
    tally.refused += 1;
    return;
  }
  tally.matched += 1;
  report.failures.push({
    jail: jail.name,
    suspect,
    at: time.at,
    identity: event.id,
    stream: event.stream,
    line: event.text,
  });
}

/** An event is one line. What stands behind a line feed inside it may be a line that a client made up. */
function firstLine(text: string): string {
  const feed = text.indexOf("\n");
  let end = feed < 0 ? text.length : feed;
  while (end > 0 && text[end - 1] === "\r") end -= 1;
  return text.slice(0, end);
}

/** Whether the sieve can let lines go for this jail. */
function hasLiterals(filter: CompiledFilter): boolean {
  return filter.literals.every((choices) => choices.length > 0);
}

/** A line for one detector: without its date, "\n" at its end, and the date's instant. */
export interface Dated {
  readonly cut: string;
  readonly at: number | undefined;
  readonly narrowings: KnownNarrowings;
  /** Jails that a screen lets through, by the prefregex before it. */
  readonly passed: Map<string, ReadonlySet<number>>;
}

/** Finds the date of a line without a line end; `now` (epoch ms) completes dates without a year or a day. */
export function dateLine(detector: DateDetector, text: string, now: number): Dated {
  const found = detector.find(text);
  return { cut: `${cutDate(text, found)}\n`, at: found?.at(now), narrowings: new Map(), passed: new Map() };
}

/** Jails on one line up to which each is asked by itself: fewer than it takes to make one pass for all cheaper. */
const FEW = 2;

/**
 * One pass that says which of many jails can match: for lines that carry the literals of many, and for jails that have
 * none. Jails with the same prefregex see the same content, so they are screened together.
 */
interface Screen {
  rejects(index: number, line: Dated): boolean;
}

function createScreen(filters: readonly CompiledFilter[]): Screen {
  const sets = new Map<string, (content: string) => ReadonlySet<number>>();
  for (const key of new Set(filters.map(prefregexOf))) {
    const owners = filters.flatMap((filter, index) =>
      prefregexOf(filter) === key ? filter.failregex.map((regex) => ({ index, screen: regex.screen })) : [],
    );
    let set: RegexSet | undefined;
    sets.set(key, (content) => {
      set ??= compileSet(owners.map((owner) => owner.screen));
      return new Set(set.match(content).map((hit) => owners[hit]!.index));
    });
  }
  return {
    rejects(index, line) {
      const filter = filters[index]!;
      // Its ignoreregexes look at lines that no failregex matches, and are counted.
      if (filter.ignoresFirst) return false;
      const narrowed = narrow(filter, line.cut, line.narrowings);
      if (narrowed === undefined) return true;
      const key = prefregexOf(filter);
      const passed = line.passed.get(key) ?? sets.get(key)!(narrowed.content);
      line.passed.set(key, passed);
      return !passed.has(index);
    },
  };
}

function prefregexOf(filter: CompiledFilter): string {
  return filter.prefregex?.source ?? "";
}
