/** Which jails look at which log: a matcher per distinct set of jails, made when the first line of such a log comes. */
import type { JailConfig } from "../config/model.ts";
import type { DatingOptions } from "./dating.ts";
import type { Failure, LogEvent, Matcher, Tally, Thread } from "./event.ts";
import { createMatcher } from "./matcher.ts";

export interface RouterOptions extends DatingOptions {
  /** Whether the jail reads the log stream (a file path, or a log stream's name). */
  readonly reads: (jail: JailConfig, stream: string) => boolean;
}

/** A matcher over jails with different logs; events may come from several streams in one batch. */
export function createRouter(jails: readonly JailConfig[], options: RouterOptions): Matcher {
  const bySet = new Map<string, Matcher>();
  const byStream = new Map<string, Matcher>();
  const route = (stream: string): Matcher => {
    const readers = jails.filter((jail) => options.reads(jail, stream));
    const key = JSON.stringify(readers.map((jail) => jail.name));
    const matcher = bySet.get(key) ?? createMatcher(readers, options).matcher;
    bySet.set(key, matcher);
    return matcher;
  };
  const matcherFor = (stream: string): Matcher => {
    const matcher = byStream.get(stream) ?? route(stream);
    byStream.set(stream, matcher);
    return matcher;
  };
  return {
    match(events) {
      const failures: Failure[] = [];
      const tallies = new Map<string, Tally>();
      const threads: Thread[] = [];
      for (const [stream, own] of groupByStream(events)) {
        const report = matcherFor(stream).match(own);
        failures.push(...report.failures);
        threads.push(...report.threads);
        for (const [jail, tally] of report.tallies) tallies.set(jail, addTally(tallies.get(jail), tally));
      }
      return { lines: events.length, failures, tallies, threads };
    },
  };
}

function groupByStream(events: readonly LogEvent[]): Map<string, LogEvent[]> {
  const groups = new Map<string, LogEvent[]>();
  for (const event of events) {
    const group = groups.get(event.stream);
    if (group === undefined) groups.set(event.stream, [event]);
    else group.push(event);
  }
  return groups;
}

/** Both together. */
export function addTally(left: Tally | undefined, right: Tally): Tally {
  if (left === undefined) return right;
  return {
    matched: left.matched + right.matched,
    ignored: left.ignored + right.ignored,
    refused: left.refused + right.refused,
    unparsed: left.unparsed + right.unparsed,
    exceeded: left.exceeded + right.exceeded,
  };
}
