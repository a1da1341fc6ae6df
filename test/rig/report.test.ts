/** The end of a run, for a terminal and for a page. */
import { describe, expect, it } from "vitest";
import { formatMarkdown } from "../../rig/markdown.ts";
import { formatReport, type RunReport, reportOf } from "../../rig/report.ts";

const LINES = { collected: 10, heldBack: 4, lost: 0 };
const GOOD = { name: "a|b", passed: true, seconds: 1.26, figures: { "dropped on web-1": 0.96, commands: 2 } };
const BAD = { name: "c", passed: false, seconds: 2, figures: {}, reason: "web-1 lets\nit in" };

function report(results: RunReport["scenarios"]): RunReport {
  return {
    ...reportOf(results, 61.04, "none", LINES),
    at: "2026-01-02T03:04:05.678Z",
    machine: { cores: 2, memoryGiB: 8, architecture: "x64" },
  };
}

describe("a run", () => {
  it("passes where every scenario did, and there was one", () => {
    expect([[GOOD], [GOOD, BAD], []].map((results) => report(results).passed)).toEqual([true, false, false]);
  });

  it("has its figures rounded to a tenth", () => {
    expect(report([GOOD])).toMatchObject({
      seconds: 61,
      scenarios: [{ seconds: 1.3, figures: { "dropped on web-1": 1, commands: 2 } }],
    });
  });

  it("is told on a terminal, with the reason of what failed", () => {
    expect(formatReport(report([GOOD, BAD])).split("\n")).toEqual([
      expect.stringMatching(/passed.* a\|b .* 1\.3 s .*dropped on web-1 1, commands 2/),
      expect.stringMatching(/FAILED.* c .* 2\.0 s {2}web-1 lets/),
      "it in",
      "",
      "Of 10 log lines the subscriptions' patterns held 4 back, and 0 were lost. Delays of AWS: none.",
      expect.stringContaining("1 of 2 scenarios passed in 61 s. (2 cores (x64), 8 GiB)"),
    ]);
  });

  it("is told in Markdown, a line for each scenario", () => {
    expect(formatMarkdown(report([GOOD, BAD]))).toBe(
      [
        "2026-01-02 03:04 UTC, on 2 cores (x64), 8 GiB. **1 of 2 scenarios passed in 61 s.** Of 10 log lines the subscriptions' patterns held 4 back, and 0 were lost. Delays of AWS: none.",
        "",
        "| scenario | passed | took, s | measured; seconds unless it says otherwise |",
        "| --- | --- | --- | --- |",
        "| a\\|b | yes | 1.3 | dropped on web-1 1, commands 2 |",
        "| c | **no** | 2 | web-1 lets it in |",
        "",
      ].join("\n"),
    );
  });
});
