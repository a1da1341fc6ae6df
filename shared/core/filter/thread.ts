/**
 * A thread: the lines of one batch that one jail cannot judge by themselves, of one log stream, in their order.
 *
 * It goes on from the state that the lines before left behind. The caller loads and saves that state; until it is saved,
 * going on again from the same state gives the same failures, so a batch may be repeated at will.
 */
import type { Failure, LogEvent, Resumed, Thread } from "./event.ts";
import { givenUp, type JailFilter } from "./jail-filter.ts";
import { searchLines } from "./line-buffer.ts";
import type { BufferedLine, LineState } from "./line-state.ts";
import { openSeenLog } from "./seen-events.ts";
import type { Hit } from "./session.ts";
import { openSessions, type SessionTable } from "./sessions.ts";
import { identify } from "./suspect.ts";

/** A line that a failregex matched, or, where a filter spans lines, any line. */
export interface Sighting {
  readonly event: LogEvent;
  /** The instant that counts if this line is a failure, epoch ms; undefined where it cannot be one, only complete one. */
  readonly at: number | undefined;
  readonly seen:
    | { readonly kind: "hit"; readonly hit: Hit }
    | { readonly kind: "line"; readonly line: BufferedLine; readonly dated: boolean };
}

/** What one line comes to with what was before it. */
export type Judgement =
  | { readonly kind: "nothing" }
  | { readonly kind: "ignored" }
  /** `at` = the instant that counts, epoch ms; undefined where the failure has none and is nobody's. */
  | { readonly kind: "failed"; readonly hit: Hit; readonly at: number | undefined };

/** Of a filter that spans lines, one without a date happened with the latest that had one, if that was so lately, ms. */
const LATELY = 60_000;

/** Goes on from a state, line by line. */
export interface Follower {
  take(sighting: Sighting): Judgement;
  /** The state after all; the same object where nothing was new. */
  close(): LineState;
}

export function openFollower(filter: JailFilter, state: LineState): Follower {
  const seenLog = openSeenLog(state.seen, state.horizon);
  const sessions = openSessions(state.sessions);
  let { buffer, datedAt } = state;
  let changed = false;
  const dated = ({ seen, event, at }: Sighting): number | undefined => {
    if (seen.kind === "hit" || seen.dated) return at;
    return datedAt !== undefined && datedAt > event.at - LATELY ? datedAt : at;
  };
  return {
    take(given) {
      const sighting = { ...given, at: dated(given) };
      switch (seenLog.note(sighting.event.id, sighting.event.at)) {
        case "seen":
          return { kind: "nothing" };
        case "too-old":
          // It may have been taken in before, so it must leave no trace; what it says by itself still counts.
          return judge(filter, [], openSessions([]), sighting).judgement;
        case "new": {
          changed = true;
          const judged = judge(filter, buffer, sessions, sighting);
          buffer = judged.buffer;
          if (given.seen.kind === "line" && given.seen.dated) datedAt = given.at;
          return judged.judgement;
        }
      }
    },
    close() {
      if (!changed) return state;
      const kept = { sessions: sessions.close(), buffer, ...seenLog.close() };
      return datedAt === undefined ? kept : { ...kept, datedAt };
    },
  };
}

function judge(
  filter: JailFilter,
  before: readonly BufferedLine[],
  sessions: SessionTable,
  { event, at, seen }: Sighting,
): { readonly buffer: readonly BufferedLine[]; readonly judgement: Judgement } {
  if (seen.kind === "hit") return { buffer: before, judgement: settle(sessions, event, at, seen.hit) };
  const { buffer, verdict } = searchLines(filter, before, seen.line);
  switch (verdict.kind) {
    case "missed":
      return { buffer, judgement: { kind: "nothing" } };
    case "ignored":
      return { buffer, judgement: { kind: "ignored" } };
    case "failed":
      return { buffer, judgement: settle(sessions, event, at, verdict.hit) };
  }
}

function settle(sessions: SessionTable, event: LogEvent, at: number | undefined, hit: Hit): Judgement {
  const id = hit.groups.mlfid;
  const failure = id === undefined ? hit : sessions.take(id, event.at, hit);
  return failure === undefined ? { kind: "nothing" } : { kind: "failed", hit: failure, at };
}

/** The thread of a batch; `sightings` in the order in which they came. */
export function createThread(filter: JailFilter, stream: string, sightings: readonly Sighting[]): Thread {
  // A batch may hold them out of order; those received in the same millisecond keep theirs.
  const ordered = [...sightings].sort((left, right) => left.event.at - right.event.at);
  return {
    jail: filter.jail.name,
    stream,
    resume(state): Resumed {
      const follower = openFollower(filter, state);
      const failures: Failure[] = [];
      const tally = { matched: 0, ignored: 0, refused: 0, unparsed: 0, exceeded: 0 };
      const before = givenUp(filter);
      for (const sighting of ordered) {
        const judgement = follower.take(sighting);
        if (judgement.kind === "ignored") tally.ignored += 1;
        if (judgement.kind !== "failed" || judgement.at === undefined) continue;
        const suspect = identify(judgement.hit.groups, filter.jail.usedns);
        if (suspect.kind === "refused") {
          tally.refused += 1;
          continue;
        }
        tally.matched += 1;
        failures.push({
          jail: filter.jail.name,
          suspect,
          at: judgement.at,
          identity: sighting.event.id,
          stream,
          line: judgement.hit.lines.join("\n"),
        });
      }
      tally.exceeded = givenUp(filter) - before;
      return { state: follower.close(), failures, tally };
    },
  };
}
