import { describe, expect, it } from "vitest";
import { isOlder } from "../../../shared/core/fleet/agent-version.ts";
import {
  judgeHost,
  type Reason,
  type Remedy,
  type Sighting,
  type Standard,
} from "../../../shared/core/fleet/host-state.ts";
import { NOW, receipt, sighting, standard } from "./samples.ts";

interface Case {
  readonly name: string;
  readonly host?: Partial<Sighting>;
  readonly standard?: Partial<Standard>;
  readonly reason: Reason;
  readonly remedy: Remedy;
}
const differ = { bans: () => "differ" as const };
const moving = { bans: () => "differ-while-moving" as const };
const unknown = { bans: () => "unknown" as const };

describe("a host", () => {
  it.each<{ name: string; host?: Partial<Sighting>; standard?: Partial<Standard> }>([
    { name: "its receipt says so" },
    { name: "it booted, and healed itself", host: { bootBefore: "boot-0" } },
    { name: "its last check said so", standard: unknown },
    { name: "it has the rules of a later deployment", host: { revision: 8 } },
    {
      name: "nothing is banned, so no rules are needed",
      host: { revision: undefined },
      standard: { revision: undefined },
    },
    { name: "an agent that looks old passed the variables", host: { agent: "2.0.0.0" } },
    { name: "IPv6 bans are skipped where there is no IPv6", host: { reply: receipt({ ipv6: false, skipped: 1 }) } },
  ])("is in sync where $name", ({ host, standard: against }) => {
    expect(judgeHost(sighting(host), standard(against))).toEqual({ state: { kind: "in-sync" }, remedy: "none" });
  });

  it.each<Case>([
    {
      name: "no command reaches it, whatever it said",
      host: { online: false, seenAt: 5 },
      standard: differ,
      reason: { kind: "offline", since: 5 },
      remedy: "none",
    },
    { name: "it never answered", host: { reply: undefined }, reason: { kind: "never-heard-of" }, remedy: "full-list" },
    {
      name: "it never answered, and will not",
      host: { reply: undefined, agent: "3.3.2745.9" },
      reason: { kind: "agent-too-old", agent: "3.3.2745.9", oldest: "3.3.2746.0" },
      remedy: "none",
    },
    ...["3.3.2656.0", undefined].map((agent) => ({
      name: `the script found no variables, under agent ${agent}`,
      host: { agent, reply: { kind: "failed", code: "bad-call", message: "no SSM_Mode" } } as const,
      reason: { kind: "agent-too-old", agent, oldest: "3.3.2746.0" } as const,
      remedy: "none" as const,
    })),
    {
      name: "the script found its variables wrong, under an agent that passes them",
      host: { reply: { kind: "failed", code: "bad-call", message: "no time" } },
      reason: { kind: "failed", code: "bad-call", message: "no time" },
      remedy: "heal",
    },
    {
      name: "the script failed",
      host: { reply: { kind: "failed", code: "kernel-refused", message: "nft: no" } },
      reason: { kind: "failed", code: "kernel-refused", message: "nft: no" },
      remedy: "heal",
    },
    {
      name: "it printed something else",
      host: { reply: { kind: "unreadable", message: "torn" } },
      reason: { kind: "unanswered", message: "torn" },
      remedy: "heal",
    },
    {
      name: "it has other bans",
      standard: differ,
      reason: { kind: "differs", since: NOW },
      remedy: "full-list",
    },
    {
      name: "it booted and has other bans",
      host: { bootBefore: "boot-0" },
      standard: differ,
      reason: { kind: "rebooted" },
      remedy: "full-list",
    },
    {
      name: "it booted and has other bans, while bans change",
      host: { bootBefore: "boot-0" },
      standard: moving,
      reason: { kind: "rebooted" },
      remedy: "full-list",
    },
    {
      name: "it has other bans, which may be on their way",
      standard: moving,
      reason: { kind: "catching-up" },
      remedy: "heal",
    },
    {
      name: "it had other bans at the check before, too",
      host: { differsSince: 17 },
      standard: moving,
      reason: { kind: "differs", since: 17 },
      remedy: "full-list",
    },
    {
      name: "it had other bans at the last check",
      host: { differsSince: 17 },
      standard: unknown,
      reason: { kind: "differs", since: 17 },
      remedy: "full-list",
    },
    { name: "it has older rules", host: { revision: 6 }, reason: { kind: "older-rules" }, remedy: "full-list" },
    {
      name: "it took no full list yet",
      host: { revision: undefined },
      reason: { kind: "older-rules" },
      remedy: "full-list",
    },
    {
      name: "somebody put entries into its sets",
      host: { reply: receipt({ foreign: 2 }) },
      reason: { kind: "foreign-entries", foreign: 2 },
      remedy: "full-list",
    },
    {
      name: "its kernel lacks bans",
      host: { reply: receipt({ missing: 3 }) },
      reason: { kind: "lacks-bans", missing: 3 },
      remedy: "heal",
    },
    {
      name: "its rules are broken",
      host: { reply: receipt({ broken: 1, faults: ["jump to f2b-web in INPUT"] }) },
      reason: { kind: "broken-rules", broken: 1, faults: ["jump to f2b-web in INPUT"] },
      remedy: "heal",
    },
    ...[
      { has: "0.9.9", age: "older" as const },
      { has: "1.10.0", age: "newer" as const },
    ].map(({ has, age }) => ({
      name: `it ran an ${age} script`,
      host: { reply: receipt({ script: has }) },
      reason: { kind: "script" as const, age, has, expected: "1.0.0" },
      remedy: "heal" as const,
    })),
    {
      name: "it refused lines",
      host: { reply: receipt({ refused: 1, refusals: ["not a rule in line 3"] }) },
      reason: { kind: "refused", refused: 1, refusals: ["not a rule in line 3"] },
      remedy: "none",
    },
    {
      name: "several things are wrong: what needs the list comes first",
      host: { reply: receipt({ missing: 3, broken: 1, foreign: 1, refused: 1 }) },
      standard: differ,
      reason: { kind: "differs", since: NOW },
      remedy: "full-list",
    },
  ])("is out of sync where $name", ({ host, standard: against, reason, remedy }) => {
    expect(judgeHost(sighting(host), standard(against))).toEqual({ state: { kind: "out-of-sync", reason }, remedy });
  });
});

describe("versions", () => {
  it.each([
    ["3.3.2746.0", "3.3.2746.0", false],
    ["3.3.2745.9", "3.3.2746.0", true],
    ["3.3.10000.0", "3.3.2746.0", false],
    ["3.2", "3.3.0.0", true],
    ["3.3.2746", "3.3.2746.0", false],
    ["garbage", "3.3.2746.0", true],
  ])("%s is older than %s: %s", (a, b, expected) => expect(isOlder(a, b)).toBe(expected));
});
