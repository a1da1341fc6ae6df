import { describe, expect, it } from "vitest";
import { createIgnoreList, parseIgnoreWords } from "../../../shared/core/detect/ignore.ts";
import { createNeverBan } from "../../../shared/core/detect/never-ban.ts";
import { createDating } from "../../../shared/core/filter/dating.ts";
import { explainLine } from "../../../shared/core/filter/explain.ts";
import { compileFilters } from "../../../shared/core/filter/matcher.ts";
import { explain, formatExplanation } from "../../../shared/core/report/explanation.ts";
import { jailOf } from "../../support/jail.ts";

const NOW = Date.UTC(2026, 10, 22, 12);

function explained(line: string) {
  const web = jailOf({
    prefregex: "^ app: <F-CONTENT>.+</F-CONTENT>$",
    failregex: ["^bad login of <F-USER>\\S+</F-USER> from <HOST>$", "^probe by <HOST>"],
    ignoreregex: ["login of health "],
  });
  const { filters, problems } = compileFilters([web], createDating({ localOffset: () => 0 }));
  expect(problems).toEqual([]);
  const [compiled] = filters;
  const spares = {
    ignore: createIgnoreList(parseIgnoreWords(["198.51.100.0/24"]).targets),
    neverBan: createNeverBan([]),
  };
  return explain(line, explainLine(compiled!, line, NOW), compiled!, spares);
}

const verdictOf = (line: string) =>
  formatExplanation(explained(line), () => 0)
    .split("\n")
    .find((row) => row.startsWith("verdict"))!
    .replace(/^verdict +/, "");

describe("an explained line", () => {
  it.each([
    { line: "2026-11-22 11:59:00 app: bad login of root from 192.0.2.7", verdict: "a failure of 192.0.2.7" },
    {
      line: "2026-11-22 11:59:00 app: bad login of root from 198.51.100.9",
      verdict: "a failure of 198.51.100.9, which is left alone: ignoreip has it",
    },
    {
      line: "2026-11-22 11:59:00 app: bad login of root from 127.0.0.1",
      verdict: "a failure of 127.0.0.1, which is left alone: no jail may ban it (loopback)",
    },
    { line: "2026-11-22 11:59:00 app: probe by 999.1.1.1", verdict: 'no failure: "999.1.1.1" is no address' },
    {
      line: "2026-11-22 11:59:00 app: bad login of health from 192.0.2.7",
      verdict: "ignored: an ignoreregex takes it back",
    },
    { line: "2026-11-22 11:59:00 app: hello", verdict: "missed: no failregex matches" },
    { line: "2026-11-22 11:59:00 other: hello", verdict: "missed: the prefregex does not match" },
  ])("$verdict", ({ line, verdict }) => expect(verdictOf(line)).toBe(verdict));

  it("names date, cut line, groups and id, and where each regex stops", () => {
    const explanation = explained("2026-11-22 11:59:00 app: bad login of ro\u0007ot from 192.0.2.7");
    expect(explanation.date).toMatchObject({ text: "2026-11-22 11:59:00", at: NOW - 60_000 });
    expect(explanation.cut).toBe(" app: bad login of ro\u0007ot from 192.0.2.7");
    expect(explanation.prefregex?.kind).toBe("matched");
    expect(explanation.failregex).toMatchObject([
      { kind: "matched", groups: { user: "ro\u0007ot", ip4: "192.0.2.7" }, identity: { id: "192.0.2.7" } },
      { kind: "stopped", at: 1, matched: "" },
    ]);
    const text = formatExplanation(explanation, () => 60);
    expect(text).toContain("2026-11-22 12:59:00");
    expect(text).toContain("failregex 2    stops at ▸: ^▸probe by ");
    expect(text).not.toContain("\u0007");
  });

  it("shows how far a regex got", () => {
    expect(explained("2026-11-22 11:59:00 app: bad login of root by 192.0.2.7").failregex[0]).toMatchObject({
      kind: "stopped",
      matched: "bad login of root ",
    });
  });
});
