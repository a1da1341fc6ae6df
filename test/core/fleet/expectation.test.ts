import { describe, expect, it } from "vitest";
import type { Target } from "../../../shared/core/address.ts";
import type { HostBan } from "../../../shared/core/firewall/change.ts";
import { digestOf } from "../../../shared/core/firewall/digest.ts";
import { expectationOf, SETTLING } from "../../../shared/core/fleet/expectation.ts";
import { NOW } from "./samples.ts";

const ban = (target: string, expiresAt: number | undefined = NOW + 60_000, revision = 1): HostBan => ({
  kind: "ban",
  jail: "web",
  target: target as Target,
  expiresAt,
  generation: 1,
  firewall: { revision, hooks: ["INPUT"], rules: [] },
});
const [A, B] = [ban("192.0.2.1"), ban("192.0.2.2")];
const holding = (bans: readonly HostBan[], at = NOW) => ({ digest: digestOf(bans, at), bans: bans.length, at });
const expectation = (before: readonly HostBan[], after = before, lastChange?: number) =>
  expectationOf(before, after, lastChange, NOW);

describe("what hosts should hold", () => {
  it.each([
    { name: "exactly the rows", before: [A, B], host: [B, A], agrees: true },
    { name: "less", before: [A, B], host: [A], agrees: false },
    { name: "more", before: [A], host: [A, B], agrees: false },
    { name: "the rows as they were before", before: [A], after: [A, B], host: [A], agrees: true },
    { name: "the rows as they were after", before: [A], after: [B], host: [B], agrees: true },
    { name: "something else than either", before: [A], after: [B], host: [A, B], agrees: false },
    { name: "nothing, as the rows", before: [], host: [], agrees: true },
    { name: "all but what no host takes", before: [A, ban("127.0.0.1")], host: [A], agrees: true },
    { name: "another end of a ban", before: [A], host: [ban("192.0.2.1", NOW + 61_000)], agrees: false },
  ])("agrees with a host that has $name: $agrees", ({ before, after, host, agrees }) => {
    expect(expectation(before, after).agrees(holding(host))).toBe(agrees);
  });

  it("is compared as of the host's own second", () => {
    const over = ban("192.0.2.3", NOW + 5_000);
    const { agrees } = expectation([A, over]);
    expect(agrees(holding([A, over], NOW + 4_000))).toBe(true);
    expect(agrees(holding([A], NOW + 5_000))).toBe(true);
    expect(agrees(holding([A], NOW + 4_000))).toBe(false);
  });

  it("is counted where a host cannot make a digest", () => {
    const { agrees } = expectation([A, ban("192.0.2.3", NOW - 1)]);
    expect(agrees({ digest: "", bans: 1, at: NOW })).toBe(true);
    expect(agrees({ digest: "", bans: 2, at: NOW })).toBe(false);
  });

  it.each([
    { name: "rows stand still", moving: false },
    { name: "a row came", after: [A, B], moving: true },
    { name: "a row went", after: [], moving: true },
    { name: "a row is young", lastChange: NOW - SETTLING + 1, moving: true },
    { name: "a row is old", lastChange: NOW - SETTLING, moving: false },
  ])("moves where $name: $moving", ({ after, lastChange, moving }) => {
    expect(expectation([A], after ?? [A], lastChange).moving).toBe(moving);
  });

  it("knows the greatest revision of the rules, where there are any", () => {
    expect(expectation([A, ban("192.0.2.4", undefined, 9)]).revision).toBe(9);
    expect(expectation([]).revision).toBeUndefined();
  });
});
