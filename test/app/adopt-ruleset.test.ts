import { describe, expect, it } from "vitest";
import { adoptRuleset } from "../../shared/app/adopt-ruleset.ts";
import type { Edition, Editions } from "../../shared/ports/editions.ts";

const NOW = 1_795_000_000_000;
const SECOND = NOW / 1000;
const own = { hash: "ours", text: "{}" };

function editions(row?: Partial<Edition>, rivals: readonly Edition[] = []) {
  let stored: Edition | undefined =
    row && ({ hash: "theirs", revision: 50, since: 0, ruleset: "", ...row } satisfies Edition);
  const waiting = [...rivals];
  const port: Editions = {
    current: async () => stored,
    async replace(edition, replacing) {
      const rival = waiting.shift();
      if (rival !== undefined) stored = rival;
      if (stored?.revision !== replacing) return "conflict";
      stored = edition;
      return "saved";
    },
  };
  return { port, stored: () => stored };
}

describe("a ruleset's revision", () => {
  it.each([
    { name: "is the row's where the row is ours", row: { hash: "ours", revision: 7 }, expected: 7, after: "ours" },
    { name: "is the second of the first deployment", row: undefined, expected: SECOND, after: "ours" },
    { name: "grows where a settled row is another's", row: {}, expected: SECOND, after: "ours" },
    {
      name: "grows although the row's is ahead of the clock",
      row: { revision: SECOND + 9 },
      expected: SECOND + 11,
      after: "ours",
    },
    {
      name: "is the elder's while another's row is young",
      row: { revision: 50, since: NOW - 119_999 },
      expected: 49,
      after: "theirs",
    },
    { name: "replaces it two minutes later", row: { since: NOW - 120_000 }, expected: SECOND, after: "ours" },
  ])("$name", async ({ row, expected, after }) => {
    const { port, stored } = editions(row);
    expect(await adoptRuleset(own, NOW, port)).toBe(expected);
    expect(stored()?.hash).toBe(after);
  });

  it("never is the same for two rulesets, in turn deployed and rolled back", async () => {
    const { port } = editions();
    const revisions: number[] = [];
    for (let turn = 0; turn < 6; turn++) {
      revisions.push(await adoptRuleset({ hash: `ruleset ${turn % 2}`, text: "{}" }, NOW + turn * 120_000, port));
    }
    expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
  });

  it("of who lost the race is the winner's", async () => {
    const winner: Edition = { hash: "ours", revision: 77, since: NOW, ruleset: "{}" };
    expect(await adoptRuleset(own, NOW, editions({}, [winner]).port)).toBe(77);
    const rival = { ...winner, hash: "theirs" };
    expect(await adoptRuleset(own, NOW, editions({}, [rival]).port)).toBe(76);
  });

  it("is given up where the row never rests", async () => {
    const restless: Editions = { current: async () => undefined, replace: async () => "conflict" };
    await expect(adoptRuleset(own, NOW, restless)).rejects.toMatchObject({ code: "too-busy" });
  });
});
