/** A host that lies in its receipt has no say over the terminal of whoever reads the report. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseReceipt } from "../../../shared/core/firewall/receipt.ts";
import { formatHosts, hostsReport } from "../../../shared/core/report/hosts-report.ts";

describe("a hostile host's words", () => {
  const words = fc.string({ unit: fc.constantFrom(..."ab \n\r\x1b\x9b\u2028\u202e\ud800"), maxLength: 3_000 });

  it("stand in one line, without anything that steers", () => {
    fc.assert(
      fc.property(words, (message) => {
        const reply = parseReceipt(JSON.stringify({ fleet2ban: 1, outcome: "failed", code: "no-state", message }));
        if (reply.kind !== "failed") throw new Error("the receipt is sound");
        const host = { host: "i-1", platform: undefined, agent: undefined, heardAt: 0, bans: 0 };
        const state = { kind: "out-of-sync", reason: { ...reply, kind: "failed" } } as const;
        const lines = formatHosts(hostsReport([{ ...host, state }], 0), () => 0).split("\n");
        expect(lines).toHaveLength(3);
        expect(lines.join("")).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(lines[1]!.length).toBeLessThanOrEqual(1_000);
      }),
    );
  });
});
