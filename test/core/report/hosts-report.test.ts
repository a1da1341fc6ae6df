import { describe, expect, it } from "vitest";
import type { HostState, Reason } from "../../../shared/core/fleet/host-state.ts";
import { explain, formatHosts, type HostLine, hostsReport } from "../../../shared/core/report/hosts-report.ts";

const AT = Date.UTC(2026, 10, 22, 17, 35, 59);
const UTC = () => 0;
const line = (host: string, state: HostState = { kind: "in-sync" }): HostLine => ({
  ...{ host, platform: "Debian", agent: "3.3.2746.0", heardAt: AT, bans: 3, state },
});
const out = (reason: Reason): HostState => ({ kind: "out-of-sync", reason });

describe("status --hosts", () => {
  it("counts, and names only those that are not in sync", () => {
    const hosts = [
      line("i-3"),
      line("i-2", out({ kind: "offline", since: AT })),
      line("i-1", out({ kind: "lacks-bans", missing: 2 })),
    ];
    const report = hostsReport(hosts, AT);
    expect(report).toMatchObject({ at: AT, inSync: 1, hosts: [{ host: "i-1" }, { host: "i-2" }, { host: "i-3" }] });
    const text = formatHosts(report, UTC);
    expect(text.split("\n")).toEqual([
      "1 of 3 hosts in sync",
      "i-1  lacks 2 bans in its kernel",
      expect.stringMatching(/^ {2}-> .*ipset list, nft list ruleset\.$/),
      "i-2  offline since 2026-11-22 17:35:59",
      expect.stringMatching(/^ {2}-> Start the instance/),
    ]);
  });

  it("is one line where all is well, and says what to do where there is no host", () => {
    expect(formatHosts(hostsReport([line("i-1")], AT), UTC)).toBe("1 of 1 host in sync");
    expect(formatHosts(hostsReport([], AT), UTC)).toMatch(/^No host .*\n {2}-> Tag the instances/);
  });

  it.each<[Reason, RegExp, RegExp]>([
    [{ kind: "never-heard-of" }, /never answered/, /next check/],
    [{ kind: "offline", since: undefined }, /^offline$/, /Start/],
    [
      { kind: "agent-too-old", agent: "3.1.0.0", oldest: "3.3.2746.0" },
      /3\.1\.0\.0 is too old/,
      /3\.3\.2746\.0 or later/,
    ],
    [{ kind: "unanswered", message: "torn" }, /no receipt: torn/, /Systems Manager/],
    [{ kind: "failed", code: "no-firewall", message: "none" }, /failed \(no-firewall\): none/, /Install nftables/],
    [{ kind: "failed", code: "late", message: "x" }, /late/, /clock/],
    [
      { kind: "script", age: "older", has: "0.9", expected: "1.0" },
      /an older host script, 0\.9 instead of 1\.0/,
      /deploy/,
    ],
    [{ kind: "rebooted" }, /booted/, /next check/],
    [{ kind: "differs", since: AT }, /since 2026-11-22 17:35:59/, /next check/],
    [{ kind: "catching-up" }, /catching up/, /next check/],
    [{ kind: "older-rules" }, /earlier configuration/, /next check/],
    [{ kind: "lacks-bans", missing: 1 }, /lacks 1 ban in/, /ipset list/],
    [
      { kind: "broken-rules", broken: 1, faults: ["jump to f2b-web"] },
      /1 rule is .*jump to f2b-web/,
      /another program/,
    ],
    [{ kind: "foreign-entries", foreign: 1 }, /1 entry that nobody/, /banip/],
    [{ kind: "refused", refused: 2, refusals: ["not a rule"] }, /refused 2 lines \(not a rule\)/, /Deploy/],
  ])("explains %j", (reason, what, next) => {
    const words = explain(reason, UTC);
    expect(words.what).toMatch(what);
    expect(words.next).toMatch(next);
  });
});
