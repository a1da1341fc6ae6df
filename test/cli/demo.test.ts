/** The README's first command: the recorded log through the engine, told to a person, with the figures right. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createVirtualClock } from "../../cli/demo/virtual-clock.ts";
import { runCommandLine } from "../../cli/main.ts";
import type { JailFigures } from "../../shared/core/report/jail-figures.ts";
import type { StoryEvent } from "../../shared/core/report/story.ts";
import { createTerminalDouble } from "./terminal-double.ts";

interface Expected {
  readonly banned: Readonly<Record<string, readonly string[]>>;
  readonly neverBanned: readonly string[];
  readonly failures: Readonly<Record<string, Readonly<Record<string, number>>>>;
}
interface Told {
  readonly lines: number;
  readonly events: readonly StoryEvent[];
  readonly status: readonly JailFigures[];
}

const EXPECTED = JSON.parse(
  readFileSync(new URL("../../examples/haproxy/expected.json", import.meta.url), "utf8"),
) as Expected;

async function demo(...argv: string[]) {
  const double = createTerminalDouble();
  const code = await runCommandLine(["demo", ...argv], double.terminal);
  return { code, out: double.out(), err: double.err() };
}

describe("demo", () => {
  it("bans exactly who attacked in the recorded log", async () => {
    const { code, out } = await demo("--json");
    const told = JSON.parse(out) as Told;
    expect(code).toBe(0);
    const banned: Record<string, Set<string>> = {};
    for (const event of told.events) {
      if (event.kind !== "banned") continue;
      banned[event.ban.jail] ??= new Set();
      banned[event.ban.jail]!.add(event.ban.id);
    }
    const sorted = (ids: Iterable<string>) => [...ids].sort();
    expect(Object.fromEntries(Object.entries(banned).map(([jail, ids]) => [jail, sorted(ids)]))).toEqual(
      Object.fromEntries(Object.entries(EXPECTED.banned).map(([jail, ids]) => [jail, sorted(ids)])),
    );
    for (const { name, filter } of told.status) {
      const failures = Object.values(EXPECTED.failures[name] ?? {}).reduce((sum, count) => sum + count, 0);
      if (name !== "recidive") expect({ name, failed: filter.totalFailed }).toEqual({ name, failed: failures });
    }
  });

  it("tells everything in the order of time, and ends each ban when it was due", async () => {
    const { events } = JSON.parse((await demo("--json")).out) as Told;
    const times = events.flatMap((event) => (event.kind === "found" ? [] : [event.at]));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const unbanned = events.flatMap((event) => (event.kind === "unbanned" ? [event] : []));
    expect(unbanned.length).toBeGreaterThan(10);
    expect(unbanned.filter(({ at, ban }) => at !== ban.expiresAt)).toEqual([]);
  });

  it("shows failures, bans, unbans and the trees to a person, without colours in a pipe", async () => {
    const { code, out, err } = await demo();
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).not.toContain("\x1b");
    expect(out).toMatch(/^\d\d:\d\d:\d\d {2}haproxy-auth +found {2}192\.0\.2\.30 +1–6 of 10$/m);
    expect(out).toMatch(/^\d\d:\d\d:\d\d {2}haproxy-auth +BAN {4}192\.0\.2\.30 +10 failures: for 1h {3}GET \/staff/m);
    expect(out).toMatch(/ {2}haproxy-auth +BAN {4}192\.0\.2\.30 +10 failures: for 2h, its 2nd ban/);
    expect(out).toMatch(/ {2}haproxy-auth +unban {2}192\.0\.2\.30 +after 1h$/m);
    expect(out).toMatch(/^Status\n\|- Number of jail:\t11$/m);
  });

  it("has a progress line on a terminal, and takes it away", async () => {
    const double = createTerminalDouble({}, { isTTY: true, columns: 100 });
    expect(await runCommandLine(["demo"], double.terminal)).toBe(0);
    expect(double.out()).toContain("█");
    expect(double.out().split("Status\n")[1]).not.toContain("█");
  });

  it("says so where the log cannot be read, or no jail can run", async () => {
    expect(await demo("--log", "/nonexistent/x.log")).toMatchObject({ code: 255, out: "" });
    const folder = mkdtempSync(join(tmpdir(), "fleet2ban-demo-"));
    writeFileSync(join(folder, "jail.conf"), "[web]\nenabled = true\nfilter =\nfailregex = (\n");
    const { code, err } = await demo("--config", folder);
    expect({ code, names: err.includes("jail.conf:4: error: [web]") }).toEqual({ code: 255, names: true });
    rmSync(folder, { recursive: true });
  });
});

describe("the virtual clock", () => {
  const start = Date.UTC(2027, 5, 1);
  it.each([
    { name: "an ISO head", lines: ["2026-11-22T06:00:00+00:00 lb1 haproxy[1]: x"], at: "2026-11-22T06:00:00Z" },
    {
      name: "a syslog head with HAProxy's year",
      lines: ["Nov 22 06:00:07 lb1 haproxy[1]: 192.0.2.1:1 [22/Nov/2024:06:00:05.540] www www/<NOSRV>"],
      at: "2024-11-22T06:00:07Z",
    },
    {
      name: "New Year's Eve",
      lines: ["Jan  1 00:00:02 lb1 haproxy[1]: 192.0.2.1:1 [31/Dec/2024:23:59:59.540] www www/<NOSRV>"],
      at: "2025-01-01T00:00:02Z",
    },
    { name: "a syslog head alone", lines: ["Nov 22 06:00:00 lb1 x"], at: "2026-11-22T06:00:00Z" },
    {
      name: "never backwards",
      lines: ["2026-11-22T06:00:09Z x", "2026-11-22T06:00:01Z x", "no date"],
      at: "2026-11-22T06:00:09Z",
    },
  ])("reads $name", ({ lines, at }) => {
    const clock = createVirtualClock(start, () => 0);
    for (const line of lines) clock.advance(line);
    expect(new Date(clock.now()).toISOString()).toBe(at.replace("Z", ".000Z"));
  });

  it("stands where it began until the first date", () => {
    expect(createVirtualClock(start, () => 0).advance("no date")).toBe(start);
  });
});
