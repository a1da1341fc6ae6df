/** What is wrong with a configuration, where, and what to do next. A closed set of codes; never an error as bare text. */

/** A place in a configuration file; `line` counts from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

export type Severity = "error" | "warning" | "note";

export type ProblemCode =
  | "missing-file"
  | "bad-syntax"
  | "duplicate-section"
  | "duplicate-option"
  | "bad-interpolation"
  | "recursive-tag"
  | "unknown-section"
  | "unknown-option"
  | "bad-value"
  | "unknown-filter"
  | "unknown-action"
  | "bad-option-list"
  | "bad-regex"
  | "unsupported-regex"
  | "no-failregex"
  | "no-id-group"
  | "bad-datepattern"
  | "bad-address"
  | "no-logs"
  | "blind-filter"
  | "injectable-filter"
  | "lossy-action"
  | "unsupported-option";

export interface Problem {
  readonly code: ProblemCode;
  readonly severity: Severity;
  /** One sentence that names the input and what is wrong with it. */
  readonly message: string;
  readonly place?: Place;
  /** The jail that is affected; absent when nothing at all can start. */
  readonly jail?: string;
  /** What to do next, as an instruction. */
  readonly next?: string;
}

/** "jail.d/haproxy.conf:7: error: …" with the next step on a second line, as compilers print it. */
export function formatProblem(problem: Problem): string {
  const where = problem.place === undefined ? "" : `${problem.place.file}:${problem.place.line}: `;
  const jail = problem.jail === undefined ? "" : `[${problem.jail}] `;
  const next = problem.next === undefined ? "" : `\n    ${problem.next}`;
  return `${where}${problem.severity}: ${jail}${problem.message}${next}`;
}
