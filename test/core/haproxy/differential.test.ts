/** Our matcher and Fail2Ban's say the same about recorded and generated lines that are damaged anywhere. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { HEADS, httplog, jsonLog, toText } from "../../support/haproxy-lines.ts";
import { available } from "../../support/require.ts";
import { client, date, inHeader, SITUATIONS, said, words } from "./arbitraries.ts";
import { fail2banJudge, fleet2banJudge, HAPROXY_JAILS, NO_ADDRESS, type Verdict } from "./judge.ts";

const RECORDED = readFileSync(new URL("../../../examples/haproxy/haproxy.log", import.meta.url), "latin1").split("\n");

const generated = fc
  .tuple(
    fc.constantFrom(...SITUATIONS),
    fc.constantFrom(httplog, jsonLog),
    fc.constantFrom(...Object.values(HEADS)),
    client,
    date,
    words,
    inHeader,
  )
  .map(
    ([{ outcome }, write, putHead, who, time, written, inHead]) =>
      putHead(write(who, time, outcome, written), inHead).text,
  );

/** Something put in place of `length` bytes at some share of the line. */
const hurt = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof(fc.constantFrom(0, 1, 1, 2), fc.nat(30)),
  by: fc.oneof(
    fc.constant(""),
    fc.constantFrom(...'0 1:[]/-"{}<>.,x\t\r\x85\xa0'.split(""), "::", "999", " 404 ", "[]"),
    said,
  ),
});

const damaged = fc
  .tuple(fc.oneof(fc.constantFrom(...RECORDED), generated), fc.array(hurt, { maxLength: 3 }))
  .map(([line, hurts]) =>
    hurts.reduce((text, { at, length, by }) => splice(text, Math.floor(at * text.length), length, by), line),
  )
  .map((line) => toText(line.replaceAll("\n", "")));

function splice(text: string, at: number, length: number, by: string): string {
  return text.slice(0, at) + by + text.slice(at + length);
}

/** Fail2Ban bans what is no address ("999.1.1.1"); we refuse it, so that is left out of the comparison. */
function withoutNonsense(verdict: Verdict): Verdict {
  return Object.fromEntries(Object.entries(verdict).filter(([, address]) => !address.startsWith(NO_ADDRESS)));
}

describe.runIf(available(["fail2ban-regex", "python3"]))("fleet2ban and Fail2Ban", () => {
  const ours = fleet2banJudge();
  const theirs = fail2banJudge(HAPROXY_JAILS);
  afterAll(() => theirs.close());

  it("agree on damaged lines", async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(damaged, { minLength: 40, maxLength: 40 }), async (lines) => {
        const expected = (await theirs.judge(lines)).map(withoutNonsense);
        expect(await ours.judge(lines)).toEqual(expected);
        found += expected.filter((verdict) => Object.keys(verdict).length > 0).length;
      }),
      { numRuns: 150 },
    );
    // Damage must not have been so heavy that there was nothing left to agree on.
    expect(found).toBeGreaterThan(600);
  });
});
