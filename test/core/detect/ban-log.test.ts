import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { BanChange } from "../../../shared/core/ban.ts";
import { banLogEvents, beginsBan, happeningsOf } from "../../../shared/core/ban-log.ts";
import { sampleBan, target } from "../../contracts/samples.ts";
import { available } from "../../support/require.ts";

const ban = sampleBan({ since: 1_763_160_311_608, expiresAt: 1_763_163_911_608, generation: 7 });
const source = { stream: "/var/log/fleet2ban.log", zone: () => 60 };
const banned: BanChange = { kind: "banned", ban };
const prolonged: BanChange = { kind: "renewed", ban, previous: { ...ban, expiresAt: ban.since + 1 } };
const again: BanChange = { kind: "renewed", ban, previous: { ...ban, expiresAt: ban.since } };
const forEver: BanChange = { kind: "renewed", ban, previous: { ...ban, expiresAt: undefined } };
const lifted: BanChange = { kind: "lifted", ban, reason: "expired" };

describe("a change of a ban row", () => {
  it.each([
    { name: "a new row", change: banned, begins: true },
    { name: "a row in the place of an ended one", change: again, begins: true },
    { name: "a row that goes on for longer", change: prolonged, begins: false },
    { name: "a row that was permanent", change: forEver, begins: false },
    { name: "the end of a row", change: lifted, begins: false },
  ])("$name begins a ban: $begins", ({ change, begins }) => {
    expect(beginsBan(change)).toBe(begins);
    expect(banLogEvents([change], source).length).toBe(begins ? 1 : 0);
  });

  it.each([
    { name: "the first ban", change: banned, increment: true, kinds: ["ban"] },
    {
      name: "a later ban, where bantime grows",
      change: { kind: "banned", ban: { ...ban, count: 2 } } as const,
      increment: true,
      kinds: ["ban", "increase"],
    },
    {
      name: "a later ban, where it does not",
      change: { kind: "banned", ban: { ...ban, count: 2 } } as const,
      increment: false,
      kinds: ["ban"],
    },
    { name: "a prolonged ban", change: prolonged, increment: false, kinds: ["increase"] },
    { name: "an end", change: lifted, increment: true, kinds: ["unban"] },
  ])("is logged: $name", ({ change, increment, kinds }) => {
    expect(happeningsOf(change, increment).map((happening) => happening.kind)).toEqual(kinds);
  });

  it("is a log event whose identity is the ban's, so that it counts once", () => {
    expect(banLogEvents([banned], source)).toEqual([
      {
        id: "ban web#192.0.2.1 7",
        stream: "/var/log/fleet2ban.log",
        at: ban.since,
        text: "2025-11-14 23:45:11,608 fail2ban.actions        [1]: NOTICE  [web] Ban 192.0.2.1",
      },
    ]);
  });
});

describe.skipIf(!available(["fail2ban-regex"]))("the installed recidive filter", () => {
  it("reads our lines, and leaves those of its own jail", () => {
    const bans = [ban, { ...ban, id: target("2001:db8::1") }, { ...ban, jail: "recidive", id: target("192.0.2.9") }];
    const events = banLogEvents(
      bans.map((each): BanChange => ({ kind: "banned", ban: each })),
      source,
    );
    const folder = mkdtempSync(join(tmpdir(), "fleet2ban-recidive-"));
    try {
      const log = join(folder, "fleet2ban.log");
      writeFileSync(log, events.map((event) => `${event.text}\n`).join(""));
      const found = execFileSync("fail2ban-regex", ["-o", "ip", log, "recidive"], { encoding: "utf8" });
      expect(found.trim().split("\n")).toEqual(["192.0.2.1", "2001:db8::1"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
