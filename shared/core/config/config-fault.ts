/**
 * How a mistake deep inside a value comes out: thrown where it is found, caught at the border of what it breaks.
 *
 * Fail2Ban knows two sizes of mistake. A jail with an unknown filter is left out and the others start; a file that
 * cannot be parsed or a value that cannot be interpolated stops everything, since nobody can say what was meant.
 */
import type { LocatedText } from "./located-text.ts";
import { placeOf } from "./located-text.ts";
import type { Place, Problem, ProblemCode } from "./problem.ts";

/** What a mistake breaks: one jail, or the whole configuration. */
export type Breadth = "jail" | "everything";

/** A problem on its way out; only compile-configuration.ts catches it. */
export class ConfigFault extends Error {
  readonly problem: Problem;
  readonly breadth: Breadth;

  constructor(problem: Problem, breadth: Breadth) {
    super(problem.message);
    this.name = "ConfigFault";
    this.problem = problem;
    this.breadth = breadth;
  }
}

/** An error that leaves one jail out. */
export function jailFault(code: ProblemCode, message: string, at: LocatedText | Place, next?: string): ConfigFault {
  return new ConfigFault(errorAt(code, message, at, next), "jail");
}

/** An error after which nothing may start. */
export function fatalFault(code: ProblemCode, message: string, at: LocatedText | Place, next?: string): ConfigFault {
  return new ConfigFault(errorAt(code, message, at, next), "everything");
}

function errorAt(code: ProblemCode, message: string, at: LocatedText | Place, next: string | undefined): Problem {
  const place = "places" in at ? placeOf(at) : at;
  return { code, severity: "error", message, place, ...(next === undefined ? {} : { next }) };
}
