/**
 * Jails that read a journal (`backend = systemd`): log events are entries as JSON, each jail sees those that its
 * journalmatch lets through, as the lines that Fail2Ban makes of them, at the time that the journal knows.
 */
import type { JailConfig } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import { type JournalEntry, parseJournalEntry } from "../journal/entry.ts";
import { type JournalMatch, matchesEntry, parseJournalMatch } from "../journal/match.ts";
import type { LogEvent, Matcher, MatchReport } from "./event.ts";

/** Where an entry comes from on the machine whose journal it is in. */
export const JOURNAL_STREAM = "journal";

export function readsJournal({ backend }: Pick<JailConfig, "backend">): boolean {
  return backend.startsWith("systemd");
}

/** What is wrong with a jail's journalmatch, and what of its backend is not taken. */
export function journalProblems(jail: JailConfig): readonly Problem[] {
  if (!readsJournal(jail)) return [];
  const { name, place, backend } = jail;
  const parsed = parseJournalMatch(jail.filter.journalmatch);
  if (parsed.kind === "match") {
    if (!backend.includes("[")) return [];
    const message = `backend = ${backend} has arguments, which are not taken: the system's journal is read`;
    return [{ code: "unsupported-option", severity: "warning", jail: name, place, message, next: "Write systemd." }];
  }
  const message = `journalmatch has ${JSON.stringify(parsed.word)}, which is no FIELD=VALUE`;
  const next = "Write it as for journalctl: _SYSTEMD_UNIT=sshd.service + _COMM=sshd.";
  return [{ code: "bad-value", severity: "error", jail: name, place, message, next }];
}

/** Jails with the same journalmatch, and the matcher of their lines. */
export interface JournalGroup {
  readonly journalmatch: readonly string[];
  readonly matcher: Matcher;
}

/** A matcher of entries. Text that is no entry is a line already, and every jail sees it. */
export function createJournalMatcher(groups: readonly JournalGroup[]): Matcher {
  const readers = groups.map(({ journalmatch, matcher }) => {
    const parsed = parseJournalMatch(journalmatch);
    const match: JournalMatch = parsed.kind === "match" ? parsed.match : [];
    return { match, matcher };
  });
  return {
    match(events) {
      const entries = events.map((event) => ({ event, entry: parseJournalEntry(event.text) }));
      const reports = readers.map(({ match, matcher }) => {
        const own = entries.filter(({ entry }) => entry === undefined || matchesEntry(match, entry));
        return matcher.match(own.map(({ event, entry }) => (entry === undefined ? event : lineEvent(event, entry))));
      });
      return joinReports(events.length, reports);
    },
  };
}

function lineEvent(event: LogEvent, { line, at }: JournalEntry): LogEvent {
  return { ...event, text: line, writtenAt: at ?? event.at };
}

/** Reports of matchers that have no jail in common, on the same lines. */
export function joinReports(lines: number, reports: readonly MatchReport[]): MatchReport {
  return {
    lines,
    failures: reports.flatMap(({ failures }) => failures),
    tallies: new Map(reports.flatMap(({ tallies }) => [...tallies])),
    threads: reports.flatMap(({ threads }) => threads),
  };
}
