/** The log groups that the configuration on this machine would have a stack read, before there is one. */
import { examine } from "../../shared/core/config/examine.ts";
import { BAN_LOG_GROUP, logGroupsOf } from "../../shared/core/config/log-groups.ts";
import { formatProblem } from "../../shared/core/config/problem.ts";
import type { Matcher } from "../../shared/core/filter/event.ts";
import { type CompiledFilter, createMatcher } from "../../shared/core/filter/matcher.ts";
import { subscriptionPattern } from "../../shared/core/filter/subscription-pattern.ts";
import type { Finding } from "../../shared/core/report/findings.ts";
import { loadConfiguration } from "../configuration/load-configuration.ts";

export interface LocalGroups {
  /** By log group: the jails that would read it, and the filter pattern that it would get. */
  readonly groups: ReadonlyMap<string, { readonly matcher: Matcher; readonly pattern: string }>;
  /** Jails that no stack could run, as they are. */
  readonly findings: readonly Finding[];
}

/** As Lambdas read them: in UTC where a line names no zone. */
const UTC = () => 0;

/** Throws a CliFailure where the directory cannot be read. */
export function groupsOfConfiguration(directory: string | undefined): LocalGroups {
  const { filters, problems } = examine(loadConfiguration(directory).compiled, UTC, 1);
  const readers = new Map<string, CompiledFilter[]>();
  const findings = problems
    .filter(({ severity }) => severity === "error")
    .map((problem): Finding => {
      const subject = problem.jail === undefined ? "configuration" : `jail ${problem.jail}`;
      return { subject, level: "failure", text: formatProblem(problem), next: "See: fleet2ban check" };
    });
  for (const filter of filters) {
    const { name } = filter.jail;
    const chosen = logGroupsOf(filter.jail);
    if (chosen.kind === "problem") {
      const { message: text, next } = chosen.problem;
      findings.push({ subject: `jail ${name}`, level: "failure", text, ...(next !== undefined && { next }) });
      continue;
    }
    for (const group of chosen.groups.filter((each) => each !== BAN_LOG_GROUP)) {
      readers.set(group, [...(readers.get(group) ?? []), filter]);
    }
  }
  const groups = [...readers].map(([group, own]) => {
    const jails = own.map(({ jail }) => jail);
    const { matcher } = createMatcher(jails, { localOffset: UTC });
    return [group, { matcher, pattern: subscriptionPattern(own).pattern }] as const;
  });
  return { groups: new Map(groups), findings };
}
