import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogEvent } from "../../../shared/core/filter/event.ts";
import { examine } from "../../../shared/core/filter/examine.ts";
import { createMatcher, dateLine } from "../../../shared/core/filter/matcher.ts";
import { identify } from "../../../shared/core/filter/suspect.ts";
import { type JailSketch, jailOf, NOSERV } from "../../support/jail.ts";

const NOW = Date.UTC(2025, 10, 14, 22, 45, 30);
const ACCEPT = "[14/Nov/2025:22:45:11.608]";
const line = (text: string, id = "1"): LogEvent => ({ id, stream: "s", at: NOW, text });
const utc = { localOffset: () => 0 };
const matcherOf = (...sketches: JailSketch[]) => {
  const { matcher, problems } = createMatcher(sketches.map(jailOf), utc);
  expect(problems).toEqual([]);
  return matcher;
};
const suspects = (sketch: JailSketch, text: string) =>
  matcherOf(sketch)
    .match([line(text)])
    .failures.map(({ suspect }) => (suspect.kind === "address" ? suspect.id : suspect));

describe("one line", () => {
  it.each<{ name: string; jail: JailSketch; text: string; expected: unknown[] }>([
    {
      name: "the accept date is cut, so the brackets are empty",
      jail: { failregex: [NOSERV] },
      text: `haproxy[760]: 192.0.2.3:58430 ${ACCEPT} http_fe http_fe/<NOSRV> -1/-1`,
      expected: ["192.0.2.3"],
    },
    {
      name: "a syslog date in front is cut instead",
      jail: { failregex: [NOSERV] },
      text: `Nov 14 22:45:11 host haproxy[760]: 192.0.2.3:58430 ${ACCEPT} http_fe http_fe/<NOSRV> -1/-1`,
      expected: [],
    },
    {
      name: "so is an ISO date",
      jail: { failregex: [NOSERV] },
      text: `2025-11-14T22:45:11+00:00 host haproxy[760]: 192.0.2.3:58430 ${ACCEPT} http_fe http_fe/<NOSRV> -1/-1`,
      expected: [],
    },
    {
      name: "$ stands before the line end",
      jail: { failregex: ["failed <HOST>$"] },
      text: "failed 192.0.2.3",
      expected: ["192.0.2.3"],
    },
    {
      name: "a dot crosses a carriage return",
      jail: { failregex: ["a.b <HOST>"] },
      text: "a\rb 192.0.2.3",
      expected: ["192.0.2.3"],
    },
    {
      name: "text that is no address is refused",
      jail: { failregex: ["from <HOST>"], usedns: "no" },
      text: "from 999.1.1.1",
      expected: [],
    },
    {
      name: "a mapped address is the IPv4 one",
      jail: { failregex: ["from <HOST>$"] },
      text: "from ::ffff:192.0.2.3",
      expected: ["192.0.2.3"],
    },
    {
      name: "a subnet",
      jail: { failregex: ["from <SUBNET>$"] },
      text: "from 192.0.2.3/24",
      expected: ["192.0.2.0/24"],
    },
    {
      name: "a host name waits for its address",
      jail: { failregex: ["from <HOST>$"], usedns: "warn" },
      text: "from evil.example.org",
      expected: [{ kind: "name", name: "evil.example.org" }],
    },
    {
      name: "usedns = no drops it",
      jail: { failregex: ["from <HOST>$"], usedns: "no" },
      text: "from evil.example.org",
      expected: [],
    },
    {
      name: "prefregex narrows to F-CONTENT",
      jail: { prefregex: "^app: <F-CONTENT>.+</F-CONTENT>$", failregex: ["^<HOST> failed$"] },
      text: "app: 192.0.2.3 failed",
      expected: ["192.0.2.3"],
    },
    {
      name: "and lets go what it does not match",
      jail: { prefregex: "^app: <F-CONTENT>.+</F-CONTENT>$", failregex: ["<HOST> failed$"] },
      text: "other: 192.0.2.3 failed",
      expected: [],
    },
    {
      name: "the prefregex may name the address",
      jail: { prefregex: "^<ADDR> <F-CONTENT>.+</F-CONTENT>$", failregex: ["^failed$"] },
      text: "192.0.2.3 failed",
      expected: ["192.0.2.3"],
    },
    {
      name: "ignoreregex sees only the content when it runs after",
      jail: { prefregex: "^app: <F-CONTENT>.+</F-CONTENT>$", failregex: ["^<HOST> failed$"], ignoreregex: ["^app"] },
      text: "app: 192.0.2.3 failed",
      expected: ["192.0.2.3"],
    },
    {
      name: "and the whole line when it runs first",
      jail: {
        prefregex: "^app: <F-CONTENT>.+</F-CONTENT>$",
        failregex: ["^<HOST> failed$", "a <HOST>", "b <HOST>", "c <HOST>"],
        ignoreregex: ["^app"],
      },
      text: "app: 192.0.2.3 failed",
      expected: [],
    },
    {
      name: "an own id wins over the address",
      jail: { failregex: ["^<F-ID>\\S+</F-ID> via <ADDR>$"] },
      text: "192.0.2.9 via 192.0.2.3",
      expected: ["192.0.2.9"],
    },
    {
      name: "what follows a line feed is nobody's line",
      jail: { failregex: ["^failed <HOST>$", "<HOST> x$"] },
      text: "fine\nfailed 192.0.2.3\n",
      expected: [],
    },
    {
      name: "a line end is no part of the line",
      jail: { failregex: ["^failed <HOST>$"] },
      text: "failed 192.0.2.3\r\n",
      expected: ["192.0.2.3"],
    },
    {
      name: "a literal of the cut line is not looked for in the whole one",
      jail: { datepattern: ["^\\S+ \\[(%d/%b/%Y:%H:%M:%S\\.%f)\\]"], failregex: ["^<ADDR>:\\d+ \\[\\] www"] },
      text: `192.0.2.3:1 ${ACCEPT} www`,
      expected: ["192.0.2.3"],
    },
    { name: "<NOSRV> means itself", jail: { failregex: ["/<NOSRV> <HOST>$"] }, text: "be/x 192.0.2.3", expected: [] },
  ])("$name", ({ jail, text, expected }) => expect(suspects(jail, text)).toEqual(expected));
});

describe("a batch", () => {
  it("counts what it did, jail by jail", () => {
    const matcher = matcherOf(
      { name: "auth", failregex: ["failed from <HOST>$"], ignoreregex: ["from 192\\.0\\.2\\.1$"], usedns: "no" },
      { name: "noserv", failregex: [NOSERV] },
    );
    const texts = [
      "failed from 192.0.2.3",
      "failed from 192.0.2.1",
      "failed from 999.9.9.9",
      "failed from no.body",
      "fine",
    ];
    const report = matcher.match(texts.map((text, index) => line(text, `${index}`)));
    expect(report.lines).toBe(5);
    expect(report.tallies.get("auth")).toEqual({ matched: 1, ignored: 1, refused: 1, unparsed: 1, exceeded: 0 });
    expect(report.tallies.get("noserv")).toEqual({ matched: 0, ignored: 0, refused: 0, unparsed: 0, exceeded: 0 });
  });

  it("takes the line's own date, and the receipt's where that is more than a minute away", () => {
    const matcher = matcherOf({ failregex: ["failed <HOST>"] });
    const at = (text: string) => matcher.match([line(text)]).failures[0]!.at;
    expect(at("2025-11-14 22:45:00 failed 192.0.2.3")).toBe(NOW - 30_000);
    expect(at("2025-11-14 20:45:00 failed 192.0.2.3")).toBe(NOW);
    expect(at("failed 192.0.2.3")).toBe(NOW);
  });

  it("is a problem by name where a filter is no filter, or needs more room than there is", () => {
    const of = (sketch: JailSketch) =>
      createMatcher([jailOf(sketch)], utc).problems.map((problem) => [problem.code, problem.place]);
    const place = { file: "filter.d/test.conf", line: 2 };
    expect(of({ failregex: ["<HOST> (?!x)"] })).toEqual([]);
    expect(of({ failregex: ["<HOST> (?:xy){20000}(?!x)"] })).toEqual([["unsupported-regex", place]]);
    expect(of({ failregex: ["<F-MLFID>x</F-MLFID> <HOST>"] })).toEqual([]);
    expect(of({ failregex: ["<HOST> ("] })).toEqual([["bad-regex", place]]);
    expect(of({ failregex: ["no address"] })).toEqual([["no-id-group", place]]);
    expect(of({ prefregex: "<F-MLFID>x</F-MLFID>", failregex: ["no address"] })).toEqual([]);
    expect(of({ prefregex: "(", failregex: ["no address"] })).toEqual([["bad-regex", place]]);
    expect(of({ failregex: [] })).toEqual([["no-failregex", { file: "jail.conf", line: 1 }]]);
    expect(of({ failregex: ["<HOST>"], maxlines: 3 })).toEqual([]);
    expect(of({ failregex: ["<HOST>"], datepattern: ["("] })[0]?.[0]).toBe("bad-datepattern");
  });

  it("comes to the same in any order and any batches, and for each jail as if it were alone", () => {
    const sketches: JailSketch[] = [
      { name: "noserv", failregex: [NOSERV] },
      { name: "status", failregex: ["<HOST>:\\d+ \\[\\] .* 40[134] "] },
      { name: "open", failregex: ["^<HOST>", "<HOST>$"], usedns: "no" },
      { name: "caseless", failregex: ["(?i)FAILED <HOST>"] },
    ];
    const part = fc.constantFrom(
      "haproxy[1]: ",
      "192.0.2.3:1 ",
      "192.0.2.4",
      ACCEPT,
      " http_fe http_fe/<NOSRV> ",
      " 404 ",
      "Failed ",
      "Nov 14 22:45:11 ",
      "x",
      "\u2028",
      "é",
      `192.0.2.3:1 ${ACCEPT} www`,
    );
    const texts = fc.array(
      fc.array(part, { maxLength: 6 }).map((parts) => parts.join("")),
      { maxLength: 12 },
    );
    const together = matcherOf(...sketches);
    const alone = sketches.map((sketch) => matcherOf(sketch));
    const key = (failure: { jail: string; identity: string; suspect: unknown; at: number }) =>
      JSON.stringify([failure.jail, failure.identity, failure.suspect, failure.at]);
    fc.assert(
      fc.property(texts, fc.nat({ max: 12 }), (lines, cut) => {
        const events = lines.map((text, index) => line(text, `${index}`));
        const whole = together.match(events).failures.map(key).sort();
        const parts = [events.slice(cut).reverse(), events.slice(0, cut)];
        expect(
          parts
            .flatMap((batch) => [...together.match(batch).failures])
            .map(key)
            .sort(),
        ).toEqual(whole);
        expect(
          alone
            .flatMap((matcher) => [...matcher.match(events).failures])
            .map(key)
            .sort(),
        ).toEqual(whole);
      }),
      { numRuns: 400 },
    );
  });

  it("finds what the regexes find by themselves: no literal lets go a line that matches", () => {
    const part = fc.constantFrom(
      "[",
      "]",
      "[] ",
      "192.0.2.3",
      ":1 ",
      ACCEPT,
      " www",
      "Nov 14 22:45:11",
      " ",
      "2025-11-14 22:45:11",
      "x=",
      '"',
      "é",
      `192.0.2.3:1 ${ACCEPT} www`,
    );
    const texts = fc.array(
      fc.array(part, { maxLength: 7 }).map((parts) => parts.join("")),
      { minLength: 1, maxLength: 30 },
    );
    const datepatterns = [
      [],
      ["\\[(%d/%b/%Y:%H:%M:%S\\.%f)\\]"],
      ["{^LN-BEG}"],
      ["**%Y-%m-%d %H:%M:%S"],
      ["x=(%Y-%m-%d %H:%M:%S)"],
    ];
    const failregexes = [
      "<ADDR>:\\d+ \\[\\] www",
      "^ ?<ADDR>",
      "\\[\\]\\s*<ADDR>",
      '<ADDR>x="',
      "<ADDR>(?:\\[\\]| www)",
    ];
    const matchers = datepatterns.flatMap((datepattern) =>
      failregexes.map((failregex) => matcherOf({ datepattern, failregex: [failregex], usedns: "no" })),
    );
    let hits = 0;
    fc.assert(
      fc.property(texts, fc.nat({ max: matchers.length - 1 }), (lines, index) => {
        const matcher = matchers[index]!;
        const [filter] = matcher.filters;
        for (const text of lines) {
          const verdict = examine(filter!, dateLine(filter!.detector, text, NOW).cut);
          const found = matcher.match([line(text)]).failures.length;
          hits += found;
          expect(found).toBe(verdict.kind === "failed" && identify(verdict.groups, "no").kind === "address" ? 1 : 0);
        }
      }),
      { numRuns: 400 },
    );
    expect(hits).toBeGreaterThan(100);
  });
});

describe("an ignoreregex with a back-reference", () => {
  it("counts as matching where it spends its budget: doubt means no ban", () => {
    const matcher = matcherOf({
      failregex: ["^<HOST> failed"],
      ignoreregex: ["(a+)(a+)(a+)(a+)\\1\\2\\3\\4b"],
      usedns: "no",
    });
    const report = matcher.match([line("192.0.2.3 failed"), line(`192.0.2.4 failed ${"a".repeat(2000)}c b`)]);
    expect(report.failures.map((failure) => failure.suspect)).toEqual([{ kind: "address", id: "192.0.2.3" }]);
    expect(report.tallies.get("test")).toMatchObject({ matched: 1, ignored: 1 });
  });
});
