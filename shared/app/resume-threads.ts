/**
 * Jails that need earlier lines of a stream: their states are loaded, their threads go on from them, and the states are
 * saved once everything that came of it is judged.
 *
 * So a batch that is delivered again finds either nothing of itself in the states and comes to the same failures, which
 * count by identity, or all of itself and changes nothing.
 */
import type { Failure, MatchReport, Tally, Thread } from "../core/filter/event.ts";
import { forgetLineStateAt } from "../core/filter/line-state.ts";
import { addTally } from "../core/filter/router.ts";
import type { LineStates } from "../ports/line-states.ts";
import { type Backoff, retryConflicts } from "./retry-conflicts.ts";

export interface ResumeDeps {
  /** Asked only where there are threads. */
  readonly lineStates: LineStates;
  readonly backoff: Backoff;
}

/**
 * Judges failures; false = some of them have to come again, so nothing of the batch may be known to the states. `round`
 * counts from 0.
 */
export type Judge = (failures: readonly Failure[], round: number) => Promise<boolean>;

/**
 * Has all failures of the report judged, those of its threads included, and resolves to the report with what they came
 * to. Where another batch of a stream was faster, its thread goes on from what that left, and what was not judged yet is
 * judged then. Throws PortError "too-busy" where a state never rests.
 */
export async function resumeThreads(match: MatchReport, deps: ResumeDeps, judge: Judge): Promise<MatchReport> {
  if (match.threads.length === 0) {
    await judge(match.failures, 0);
    return match;
  }
  const judged = new Map<string, Failure>();
  let { threads, tallies } = match;
  let round = 0;
  await retryConflicts("what filters remember of a log stream", deps.backoff, async () => {
    const resumed = await resumeAll(threads, deps.lineStates);
    const open = [...(round === 0 ? match.failures : []), ...resumed.failures].filter(
      (failure) => !judged.has(nameOf(failure)),
    );
    for (const failure of open) judged.set(nameOf(failure), failure);
    if (round === 0) tallies = addAll(tallies, resumed.tallies);
    if (!(await judge(open, round++))) return "undecided";
    threads = await resumed.save();
    return threads.length > 0 ? "conflict" : "saved";
  });
  return { ...match, failures: [...judged.values()], tallies };
}

interface Resumed {
  readonly failures: readonly Failure[];
  readonly tallies: readonly (readonly [jail: string, tally: Tally])[];
  /** Stores the states; resolves to the threads whose state somebody else changed meanwhile. */
  save(): Promise<readonly Thread[]>;
}

async function resumeAll(threads: readonly Thread[], lineStates: LineStates): Promise<Resumed> {
  const stored = await lineStates.load(threads);
  const resumed = threads.map((thread, index) => {
    const { state, version } = stored[index]!;
    return { thread, state, version, next: thread.resume(state) };
  });
  return {
    failures: resumed.flatMap(({ next }) => next.failures),
    tallies: resumed.map(({ thread, next }) => [thread.jail, next.tally]),
    async save() {
      const outcomes = await Promise.all(
        resumed.map(({ thread, state, version, next }) =>
          next.state === state ? "saved" : lineStates.save(thread, next.state, version, forgetLineStateAt(next.state)),
        ),
      );
      return threads.filter((_, index) => outcomes[index] === "conflict");
    },
  };
}

function addAll(to: MatchReport["tallies"], more: Resumed["tallies"]): MatchReport["tallies"] {
  const tallies = new Map(to);
  for (const [jail, tally] of more) tallies.set(jail, addTally(tallies.get(jail), tally));
  return tallies;
}

/** One line fails at most once in a jail. */
function nameOf({ jail, identity }: Failure): string {
  return `${jail} ${identity}`;
}
