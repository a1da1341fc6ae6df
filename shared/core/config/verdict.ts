/** What `check` says of each enabled jail to somebody who brings a configuration from Fail2Ban. */
import type { JailOutcome } from "./compile-configuration.ts";
import type { Problem, ProblemCode } from "./problem.ts";

export type JailVerdict =
  /** Does what it does in Fail2Ban; `beware` = what is doubtful about it there too. */
  | { readonly kind: "works"; readonly jail: string; readonly beware: readonly Problem[] }
  /** Runs, and does something less or otherwise than in Fail2Ban. */
  | {
      readonly kind: "differs";
      readonly jail: string;
      readonly differences: readonly Problem[];
      readonly beware: readonly Problem[];
    }
  | { readonly kind: "cannot"; readonly jail: string; readonly reasons: readonly Problem[] };

/** Codes of what we do otherwise; every other warning holds for Fail2Ban as well. */
const DIFFERENCES: ReadonlySet<ProblemCode> = new Set(["lossy-action", "unsupported-option", "unsupported-regex"]);

/**
 * One verdict for each enabled jail, in the order of the configuration. `running` = the jails that compiled. A problem
 * that names no jail (a file that cannot be read) keeps every jail from running.
 */
export function verdictsOf(
  outcomes: readonly JailOutcome[],
  running: ReadonlySet<string>,
  problems: readonly Problem[],
): readonly JailVerdict[] {
  const common = problems.filter((problem) => problem.severity === "error" && problem.jail === undefined);
  return outcomes.map((outcome): JailVerdict => {
    const jail = outcome.kind === "resolved" ? outcome.jail.name : outcome.name;
    const own = problems.filter((problem) => problem.jail === jail);
    if (!running.has(jail)) {
      return { kind: "cannot", jail, reasons: [...own.filter(({ severity }) => severity === "error"), ...common] };
    }
    const differences = own.filter(({ code }) => DIFFERENCES.has(code));
    const beware = own.filter(({ code }) => !DIFFERENCES.has(code));
    return differences.length === 0 ? { kind: "works", jail, beware } : { kind: "differs", jail, differences, beware };
  });
}

/** The verdict after the jail's name, for people: one sentence, and what to do. */
export function formatVerdict(verdict: JailVerdict): string {
  switch (verdict.kind) {
    case "works":
      return verdict.beware.length === 0
        ? "works as it is"
        : `works as in Fail2Ban, but look: ${sentences(verdict.beware)}`;
    case "differs":
      return `works, with a difference: ${sentences([...verdict.differences, ...verdict.beware])}`;
    case "cannot":
      return `cannot: ${sentences(verdict.reasons) || "its filter or actions do not compile"}`;
  }
}

function sentences(problems: readonly Problem[]): string {
  return problems.map(({ message, next }) => (next === undefined ? message : `${message}. ${next}`)).join("; ");
}
