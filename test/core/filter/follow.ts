/** Runs lines through a jail that needs earlier ones, batch by batch, keeping the state as a store would. */
import type { Failure, LogEvent } from "../../../shared/core/filter/event.ts";
import { EMPTY_LINE_STATE, type LineState } from "../../../shared/core/filter/line-state.ts";
import { type CompiledMatcher, createMatcher } from "../../../shared/core/filter/matcher.ts";
import { type JailSketch, jailOf } from "../../support/jail.ts";

export interface Followed {
  readonly failures: readonly Failure[];
  readonly state: LineState;
}

export function matcherOf(sketch: JailSketch): CompiledMatcher {
  const { matcher, problems } = createMatcher([jailOf(sketch)], { localOffset: () => 0 });
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("; "));
  return matcher;
}

/** Takes the batches one after another; the state goes through JSON, as every store's does. */
export function follow(
  matcher: CompiledMatcher,
  batches: readonly (readonly LogEvent[])[],
  state: LineState = EMPTY_LINE_STATE,
): Followed {
  const failures: Failure[] = [];
  let current = state;
  for (const batch of batches) {
    const report = matcher.match(batch);
    failures.push(...report.failures);
    for (const thread of report.threads) {
      const resumed = thread.resume(current);
      failures.push(...resumed.failures);
      current = JSON.parse(JSON.stringify(resumed.state)) as LineState;
    }
  }
  return { failures, state: current };
}

/** Line `index` of a stream, received `index` seconds after the epoch's 1000th. */
export function nth(text: string, index: number): LogEvent {
  return { id: `${index}`, stream: "s", at: 1_000_000 + index * 1_000, text };
}
