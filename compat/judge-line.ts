/** One line through one filter, with everything that Fail2Ban's tests compare: date, groups, and the lines that made it up. */
import { cutDate } from "../shared/core/date/detector.ts";
import type { LogEvent } from "../shared/core/filter/event.ts";
import { examine } from "../shared/core/filter/examine.ts";
import { EMPTY_LINE_STATE, type LineState } from "../shared/core/filter/line-state.ts";
import type { CompiledFilter } from "../shared/core/filter/matcher.ts";
import { type Groups, type Identity, identify } from "../shared/core/filter/suspect.ts";
import { openFollower } from "../shared/core/filter/thread.ts";

/** What a line came to; `failure` is undefined where it is none. */
export interface JudgedLine {
  /** Epoch ms; undefined where the line has no date. */
  readonly at: number | undefined;
  readonly failure: JudgedFailure | undefined;
}

export interface JudgedFailure {
  readonly identity: Identity;
  readonly groups: Groups;
  readonly lines: readonly string[];
  /** Users that the connection tried. */
  readonly users: readonly string[];
}

/** Judges lines one after another, as one log stream. */
export function createLineJudge(filter: CompiledFilter): (event: LogEvent) => JudgedLine {
  let state: LineState = EMPTY_LINE_STATE;
  return (event) => {
    const found = filter.detector.find(event.text);
    const at = found?.at(event.at);
    const line = { text: event.text, start: found?.start ?? 0, end: found?.end ?? 0 };
    const dated = at !== undefined && line.end > line.start;
    const seen = filter.span === "lines" ? ({ kind: "line", line, dated } as const) : sight(filter, event, found);
    if (seen === undefined) return { at, failure: undefined };
    const follower = openFollower(filter, state);
    const judgement = follower.take({ event, at, seen });
    state = follower.close();
    if (judgement.kind !== "failed") return { at, failure: undefined };
    const { groups, lines } = judgement.hit;
    const users = state.sessions.find(({ id }) => id === groups.mlfid)?.users ?? [];
    return { at: judgement.at, failure: { identity: identify(groups, filter.jail.usedns), groups, lines, users } };
  };
}

function sight(filter: CompiledFilter, event: LogEvent, found: ReturnType<CompiledFilter["detector"]["find"]>) {
  const verdict = examine(filter, `${cutDate(event.text, found)}\n`);
  if (verdict.kind !== "failed") return undefined;
  return { kind: "hit", hit: { groups: verdict.groups, lines: [event.text] } } as const;
}
