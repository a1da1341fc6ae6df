import { describe, expect, it } from "vitest";
import { createMatcher } from "../../../shared/core/filter/matcher.ts";
import { findTraps } from "../../../shared/core/lint/find-traps.ts";
import { type JailSketch, jailOf, NOSERV } from "../../support/jail.ts";

const traps = (sketch: JailSketch) => {
  const { matcher, problems } = createMatcher([jailOf(sketch)], { localOffset: () => 0 });
  expect(problems).toEqual([]);
  return matcher.filters.flatMap(findTraps);
};
const ANCHORED = "^(?:\\S* ){0,3}haproxy\\[\\d+\\]: <ADDR>:\\d+ \\[[^\\]]*\\] \\S+ \\S+/<NOSRV> ";

describe("a filter for HAProxy", () => {
  it.each([
    {
      name: "that waits for empty brackets and takes the last address",
      failregex: [NOSERV],
      expected: ["blind-filter", "injectable-filter"],
    },
    {
      name: "whose brackets may hold a date",
      failregex: [NOSERV.replace("\\[\\.*\\]", "\\[[^\\]]*\\]")],
      expected: ["injectable-filter"],
    },
    { name: "that is anchored", failregex: [ANCHORED], expected: [] },
    { name: "that is not about HAProxy", failregex: ["^.*sshd: <HOST> failed"], expected: [] },
  ])("$name: $expected", ({ failregex, expected }) => {
    expect(traps({ failregex }).map((problem) => problem.code)).toEqual(expected);
  });

  it("is shown the line that proves it", () => {
    const [blind, injectable] = traps({ failregex: [NOSERV] });
    expect(blind!.message).toContain("Nov 14 22:45:11 lb1 haproxy[");
    expect(blind!.next).toContain("\\[[^\\]]*\\]");
    expect(injectable!.message).toContain("198.51.100.7 sends a header that names 203.0.113.66");
    expect(injectable).toMatchObject({
      severity: "warning",
      jail: "test",
      place: { file: "filter.d/test.conf", line: 2 },
    });
  });
});

describe("a filter that marks the user's name", () => {
  it.each([
    {
      name: "and takes the first address behind it",
      failregex: ["login of <F-USER>.*?</F-USER> from <HOST>"],
      expected: ["injectable-filter"],
    },
    { name: "and takes the last", failregex: ["^ login of <F-USER>.*</F-USER> from <HOST>$"], expected: [] },
    { name: "and lets it have no blank", failregex: ["^ login of <F-USER>\\S+</F-USER> from <HOST>$"], expected: [] },
    {
      name: "and is not anchored at all",
      failregex: ["of <F-USER>\\S+</F-USER> from <HOST>"],
      expected: ["injectable-filter"],
    },
  ])("$name: $expected", ({ failregex, expected }) => {
    expect(traps({ failregex }).map((problem) => problem.code)).toEqual(expected);
  });
});
