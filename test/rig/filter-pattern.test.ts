/** The stand-in for CloudWatch's filter patterns: what is documented holds, and what is left open is read against us. */
import { describe, expect, it } from "vitest";
import { matchesPattern } from "../support/filter-pattern.ts";

const LINE = "www shop/<NOSRV> 0/0/0/1/1 404 137 - - PR-- [ERROR] disk full";

describe("a filter pattern for plain text", () => {
  it.each([
    { name: "nothing: every line", pattern: "", matches: true },
    { name: "a term", pattern: "ERROR", matches: true },
    { name: "a term in other letters", pattern: "error", matches: false },
    { name: "a phrase", pattern: '"disk full"', matches: true },
    { name: "a phrase whose words stand apart", pattern: '"ERROR full"', matches: false },
    { name: "terms, all of which are there", pattern: 'ERROR "disk full"', matches: true },
    { name: "terms, one of which is not", pattern: "ERROR empty", matches: false },
    { name: "terms of which one is enough", pattern: '?empty ?" 404 "', matches: true },
    { name: "none of the terms of which one is enough", pattern: '?empty ?" 403 "', matches: false },
    { name: "a term that must not be there", pattern: "-ERROR", matches: false },
    { name: "a term that must not be there and is not", pattern: "-empty", matches: true },
    {
      name: "one that must be there beside optional ones, which then do not count",
      pattern: "?empty ERROR",
      matches: true,
    },
    { name: "the same where it is not there", pattern: "?ERROR empty", matches: false },
    { name: "characters that are no letters", pattern: '?"/<NOSRV> "', matches: true },
    { name: "what another reading might not find: a part of a word", pattern: '"RRO"', matches: false },
    { name: "what another reading might find: an exclusion within a word", pattern: '-"RRO"', matches: false },
  ])("$name", ({ pattern, matches }) => expect(matchesPattern(pattern, LINE)).toBe(matches));

  it("takes quotes and backslashes as they are written", () => {
    const pattern = String.raw`?"say \"no\\no\" "`;
    expect(matchesPattern(pattern, String.raw`you say "no\no" now`)).toBe(true);
    expect(matchesPattern(pattern, String.raw`you say "no\\no" now`)).toBe(false);
  });

  it.each(["%ERROR%", "{ $.status = 404 }", "[ip, user]", '"open'])("refuses what it does not know: %s", (pattern) =>
    expect(() => matchesPattern(pattern, LINE)).toThrow(/no pattern for plain text/),
  );
});
