import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseReceipt } from "../../../shared/core/firewall/receipt.ts";

const COUNTS =
  "changes banned unbanned stale expired refused added retimed removed bans skipped missing foreign repaired broken".split(
    " ",
  );
const DONE = {
  fleet2ban: 1,
  outcome: "done",
  script: "1.0.0",
  mode: "apply",
  backend: "nft",
  ipv6: true,
  bootId: "28e537fc",
  at: 1_763_232_000,
  ...Object.fromEntries(COUNTS.map((name, i) => [name, i])),
  digest: "1-2",
  faults: [],
  refusals: ["not an address in line 3 (b x 0 1)"],
  notes: [],
};
const LINE = JSON.stringify(DONE);

describe("a receipt", () => {
  it("is read, its time as ms", () => {
    const reply = parseReceipt(`warning from somewhere\n${LINE}\n`);
    expect(reply).toMatchObject({
      kind: "done",
      backend: "nft",
      at: 1_763_232_000_000,
      changes: 0,
      broken: 14,
      refusals: DONE.refusals,
    });
  });

  it("is the last one, where there are two", () =>
    expect(parseReceipt(`${LINE}\n${LINE.replace('"nft"', '"ipset"')}\nbye`)).toMatchObject({ backend: "ipset" }));

  it("may say why nothing was done", () =>
    expect(
      parseReceipt('{"fleet2ban":1,"outcome":"failed","script":"1.0.0","code":"no-firewall","message":"neither"}'),
    ).toEqual({
      kind: "failed",
      code: "no-firewall",
      message: "neither",
    }));

  it.each([
    { name: "nothing", text: " \n", message: "the host printed nothing" },
    { name: "noise", text: "sh: 1: Syntax error", message: "no receipt in what the host printed" },
    { name: "a torn line", text: LINE.slice(0, -5), message: "the receipt is torn" },
    { name: "another outcome", text: LINE.replace("done", "fine"), message: "the receipt is of another edition" },
    {
      name: "an unknown failure",
      text: '{"fleet2ban":1,"outcome":"failed","code":"odd","message":""}',
      message: "the receipt is of another edition",
    },
    {
      name: "another edition",
      text: LINE.replace('"fleet2ban":1', '"fleet2ban":2'),
      message: "no receipt in what the host printed",
    },
  ])("is none where there is $name", ({ text, message }) =>
    expect(parseReceipt(text)).toEqual({ kind: "unreadable", message }),
  );

  it.each(Object.keys(DONE).filter((key) => key !== "fleet2ban"))(
    "is none without %s, or with nonsense in it",
    (key) => {
      for (const value of [undefined, null, {}, -1, 1.5, [1]]) {
        expect(parseReceipt(JSON.stringify({ ...DONE, [key]: value })).kind).toBe("unreadable");
      }
    },
  );

  it("is never read from half of one", () => {
    for (let length = 0; length < LINE.length; length++)
      expect(parseReceipt(LINE.slice(0, length)).kind).toBe("unreadable");
  });

  it("takes any text without complaint", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((text) => `{"fleet2ban":1,"x":${text}}`),
        ),
        (text) => {
          expect(parseReceipt(text).kind).not.toBe("done");
        },
      ),
    );
  });
});
