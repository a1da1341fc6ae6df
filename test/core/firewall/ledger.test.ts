import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseNetwork, type Target } from "../../../shared/core/address.ts";
import type { HostBan, HostChange, JailFirewall } from "../../../shared/core/firewall/change.ts";
import { refusalOf } from "../../../shared/core/firewall/enforceable.ts";
import { type Ledger, learn, standing, takeFullList } from "../../../shared/core/firewall/ledger.ts";

const FIREWALL: JailFirewall = { revision: 0, hooks: ["INPUT"], rules: [] };
const A = parseNetwork("192.0.2.1") as Target;
const NOW = 1_000_000;
const DAY = 86_400_000;

const ban = (generation: number, expiresAt?: number, jail = "web"): HostBan => ({
  kind: "ban",
  jail,
  target: A,
  generation,
  expiresAt,
  firewall: FIREWALL,
});
const unban = (generation: number): HostChange => ({ kind: "unban", jail: "web", target: A, generation });
const knowing = (...changes: HostChange[]) => learn(new Map(), changes, NOW);
const ends = (ledger: Ledger, now = NOW) => standing(ledger, now).map(({ expiry }) => expiry);

describe("what a host knows", () => {
  it.each([
    { name: "a ban", changes: [ban(1, 2_000_000)], expected: [2000] },
    { name: "a ban's end rounded up", changes: [ban(1, 2_000_001)], expected: [2001] },
    { name: "a permanent ban", changes: [ban(1)], expected: [0] },
    { name: "an older ban is ignored", changes: [ban(2, 2_000_000), ban(1)], expected: [2000] },
    { name: "of one generation the longer ban", changes: [ban(1, 3_000_000), ban(1, 2_000_000)], expected: [3000] },
    { name: "of one generation the permanent ban", changes: [ban(1), ban(1, 2_000_000)], expected: [0] },
    { name: "an unban of the same generation", changes: [unban(1), ban(1)], expected: [] },
    { name: "an unban of an older one", changes: [unban(1), ban(2)], expected: [0] },
    { name: "an end that has passed", changes: [ban(2, 999_000), ban(1)], expected: [] },
    { name: "an end this very second", changes: [ban(1, 1_000_000)], expected: [] },
    { name: "two jails", changes: [ban(1), ban(1, 2_000_000, "ssh")], expected: [0, 2000] },
  ])("$name", ({ changes, expected }) => expect(ends(knowing(...changes))).toEqual(expected));

  it("is the same in any order, with repeats", () => {
    const change = fc.tuple(
      fc.constantFrom("ban", "ban", "unban"),
      fc.nat(4),
      fc.constantFrom(undefined, 500_000, 2_000_000, 3_000_000),
    );
    const some = fc.array(
      change.map(([kind, generation, end]) => (kind === "ban" ? ban(generation, end) : unban(generation))),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(
        some.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2 })),
        ),
        ([list, order]) => {
          expect(knowing(...order)).toEqual(knowing(...list));
        },
      ),
    );
  });

  it("is forgotten a day after it ended, and not before", () => {
    const ledger = learn(knowing(ban(1, NOW + 5000)), [], NOW + 5000 + DAY);
    expect(ledger.size).toBe(1);
    expect(learn(ledger, [], NOW + 5001 + DAY).size).toBe(0);
    expect(learn(knowing(unban(1)), [], NOW + DAY + 1).size).toBe(0);
    expect(learn(knowing(ban(1)), [], NOW + 100 * DAY).size).toBe(1);
  });

  it("becomes the full list, of whatever generation", () => {
    const known = knowing(ban(9, 2_000_000), ban(1, undefined, "ssh"));
    expect(ends(takeFullList(known, [ban(1)], NOW))).toEqual([0]);
    expect(takeFullList(known, [], NOW).size).toBe(0);
  });

  it("competes with a full list by generation, where it was learnt later", () => {
    const known = knowing(ban(9, 2_000_000), ban(1, undefined, "ssh"));
    expect(ends(takeFullList(known, [ban(1)], NOW, NOW))).toEqual([2000, 0]);
    expect(ends(takeFullList(known, [ban(10)], NOW, NOW))).toEqual([0, 0]);
    expect(ends(takeFullList(known, [ban(1)], NOW, NOW + 1000))).toEqual([0]);
  });
});

describe("hosts take", () => {
  it.each([
    ["192.0.2.1", undefined],
    ["10.0.0.0/8", undefined],
    ["2001:db8::/16", undefined],
    ["64:ff9b::1", undefined],
    ["10.0.0.0/7", "too-wide"],
    ["2000::/15", "too-wide"],
    ["0.0.0.0/0", "too-wide"],
    ["0.1.2.3", "never-a-client"],
    ["127.0.0.53", "never-a-client"],
    ["169.254.169.254", "never-a-client"],
    ["169.0.0.0/8", "never-a-client"],
    ["224.0.0.1", "never-a-client"],
    ["255.255.255.255", "never-a-client"],
    ["::1", "never-a-client"],
    ["::", "never-a-client"],
    ["fe80::1", "never-a-client"],
    ["ff02::1", "never-a-client"],
    ["fe80::/16", "never-a-client"],
  ])("%s: %s", (text, refusal) => expect(refusalOf(parseNetwork(text) as Target)).toBe(refusal));
});
