import { describe, expect, it } from "vitest";
import type { LogEvent } from "../../../shared/core/filter/event.ts";
import { createMatcher } from "../../../shared/core/filter/matcher.ts";
import { type JailSketch, jailOf } from "../../support/jail.ts";

const NOW = Date.UTC(2025, 10, 14, 22, 45, 30);
const utc = { localOffset: () => 0 };

function journalJail(name: string, journalmatch: readonly string[], sketch: JailSketch = {}) {
  const jail = jailOf({ name, backend: "systemd", failregex: ["^\\S+ app(?:\\[\\d+\\])?: failed <HOST>$"], ...sketch });
  return { ...jail, filter: { ...jail.filter, journalmatch } };
}

function entry(message: string, fields: Readonly<Record<string, unknown>> = {}, written = NOW): LogEvent {
  const common = { __CURSOR: message, __REALTIME_TIMESTAMP: String(written * 1_000), _HOSTNAME: "srv", _PID: "1" };
  const text = JSON.stringify({ ...common, SYSLOG_IDENTIFIER: "app", MESSAGE: message, ...fields });
  return { id: `${message} ${JSON.stringify(fields)}`, stream: "journal", at: NOW, text };
}

const found = (jails: Parameters<typeof createMatcher>[0], events: readonly LogEvent[]) =>
  createMatcher(jails, utc)
    .matcher.match(events)
    .failures.map(({ jail, suspect, line }) => [jail, suspect.kind === "address" ? suspect.id : suspect.name, line]);

describe("a jail that reads a journal", () => {
  it("sees the entries of its journalmatch, as lines", () => {
    const jails = [journalJail("all", []), journalJail("app", ["_COMM=app"]), journalJail("web", ["_COMM=web"])];
    expect(found(jails, [entry("failed 192.0.2.1", { _COMM: "app" })])).toEqual([
      ["all", "192.0.2.1", "srv app[1]: failed 192.0.2.1"],
      ["app", "192.0.2.1", "srv app[1]: failed 192.0.2.1"],
    ]);
  });

  it("takes the time that the journal knows, and leaves dates in the text alone", () => {
    const jail = journalJail("app", [], { failregex: ["^srv app\\[1\\]: 2025-11-14 22:45:11 <HOST>$"] });
    const { matcher } = createMatcher([jail], utc);
    const at = (written: number, rest: Partial<LogEvent> = {}) =>
      matcher
        .match([{ ...entry("2025-11-14 22:45:11 192.0.2.1", {}, written), ...rest }])
        .failures.map((failure) => failure.at);
    expect(at(NOW - 30_000)).toEqual([NOW - 30_000]);
    expect(at(NOW - 90_000)).toEqual([NOW]);
    expect(at(NOW - 90_000, { catchUp: true })).toEqual([NOW - 90_000]);
    expect(at(NOW - 900_000, { catchUp: true })).toEqual([]);
  });

  it("takes no part of an entry for a whole one", () => {
    const forged = JSON.stringify({ _COMM: "app", MESSAGE: "failed 192.0.2.9" });
    expect(found([journalJail("app", ["_COMM=app"])], [entry(forged), entry(`x\n${forged}`)])).toEqual([]);
  });

  it("stands beside one that reads lines", () => {
    const lines = jailOf({ name: "lines", failregex: ["^app: failed <HOST>$"] });
    const { matcher } = createMatcher([journalJail("app", []), lines], utc);
    const events = [entry("failed 192.0.2.1"), { id: "2", stream: "s", at: NOW, text: "app: failed 192.0.2.2" }];
    const report = matcher.match(events);
    expect(report.lines).toBe(2);
    expect(report.failures.map(({ jail, identity }) => [jail, identity])).toEqual([
      ["lines", "2"],
      ["app", events[0]!.id],
    ]);
    expect([...report.tallies.keys()].sort()).toEqual(["app", "lines"]);
    expect(matcher.rawJson()).toBeUndefined();
    expect(matcher.filters.length).toBe(2);
  });

  it("says which part of its backend is not taken, and runs", () => {
    const jail = { ...journalJail("app", []), backend: "systemd[journalflags=1]" };
    const { matcher, problems } = createMatcher([jail], utc);
    expect(problems).toMatchObject([{ code: "unsupported-option", severity: "warning", jail: "app" }]);
    expect(matcher.match([entry("failed 192.0.2.1")]).failures).toHaveLength(1);
  });

  it("is left out by name where its journalmatch is none", () => {
    const { matcher, problems } = createMatcher([journalJail("app", ["--flush"])], utc);
    expect(problems).toMatchObject([{ code: "bad-value", jail: "app", severity: "error" }]);
    expect(matcher.filters).toEqual([]);
  });
});
