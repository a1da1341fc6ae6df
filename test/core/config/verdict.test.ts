import { describe, expect, it } from "vitest";
import type { JailOutcome } from "../../../shared/core/config/compile-configuration.ts";
import type { Problem, ProblemCode, Severity } from "../../../shared/core/config/problem.ts";
import { formatVerdict, verdictsOf } from "../../../shared/core/config/verdict.ts";

function problem(severity: Severity, code: ProblemCode, jail?: string): Problem {
  return { severity, code, message: `${code} it is`, next: "Do this.", ...(jail === undefined ? {} : { jail }) };
}

function verdict(problems: readonly Problem[], running: readonly string[] = ["web"]): string {
  const skipped: JailOutcome = { kind: "skipped", name: "web", problem: problem("error", "bad-value", "web") };
  const [only, ...others] = verdictsOf([skipped], new Set(running), problems);
  expect(others).toEqual([]);
  return formatVerdict(only!);
}

describe("the verdict on a jail", () => {
  it.each([
    { name: "nothing is wrong", problems: [], expected: "works as it is" },
    { name: "another jail's problem", problems: [problem("error", "bad-regex", "ssh")], expected: "works as it is" },
    {
      name: "doubtful in Fail2Ban too",
      problems: [problem("warning", "injectable-filter", "web")],
      expected: "works as in Fail2Ban, but look: injectable-filter it is. Do this.",
    },
    {
      name: "something is done otherwise",
      problems: [problem("warning", "bad-value", "web"), problem("warning", "lossy-action", "web")],
      expected: "works, with a difference: lossy-action it is. Do this.; bad-value it is. Do this.",
    },
    {
      name: "it does not run",
      problems: [problem("warning", "lossy-action", "web"), problem("error", "bad-regex", "web")],
      running: [],
      expected: "cannot: bad-regex it is. Do this.",
    },
    {
      name: "nothing runs",
      problems: [problem("error", "bad-syntax")],
      running: [],
      expected: "cannot: bad-syntax it is. Do this.",
    },
  ])("$name", ({ problems, running, expected }) => expect(verdict(problems, running)).toBe(expected));
});
