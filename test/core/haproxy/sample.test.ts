/**
 * The recorded log: what the clients of examples/haproxy sent and saw is what the default jails find in it, no more and
 * no less, and Fail2Ban finds the same.
 */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { decide, EMPTY_WINDOW, record } from "../../../shared/core/detect/window.ts";
import { createMatcher } from "../../../shared/core/filter/matcher.ts";
import { defaults, judges } from "./judge.ts";

interface Expected {
  readonly banned: Readonly<Record<string, readonly string[]>>;
  readonly neverBanned: readonly string[];
  readonly failures: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

function read(name: string): string {
  return readFileSync(new URL(`../../../examples/haproxy/${name}`, import.meta.url), "utf8");
}

const LINES = read("haproxy.log").trimEnd().split("\n");
const EXPECTED = JSON.parse(read("expected.json")) as Expected;

describe.each(judges())("the recorded log, read by $name", (judge) => {
  afterAll(() => judge.close());

  it("holds the failures that the clients made", async () => {
    const counted: Record<string, Record<string, number>> = {};
    for (const verdict of await judge.judge(LINES)) {
      for (const [jail, address] of Object.entries(verdict)) {
        counted[jail] ??= {};
        counted[jail][address] = (counted[jail][address] ?? 0) + 1;
      }
    }
    expect(counted).toEqual(EXPECTED.failures);
  });
});

/** Each line as it was received: within the second that its head names. */
const EVENTS = LINES.map((text, index) => ({
  id: String(index),
  stream: "test",
  at: Date.parse(`2026-11-22T${text.slice(7, 15)}.999Z`),
  text,
}));

describe("the sample's haproxy.cfg", () => {
  it("has the JSON format of docs/filters.md", () => {
    const docs = readFileSync(new URL("../../../docs/filters.md", import.meta.url), "utf8");
    expect(read("haproxy.cfg")).toContain(/^log-format '.*'$/m.exec(docs)![0]);
  });
});

describe("the default jails", () => {
  const { jails } = defaults();
  const { matcher } = createMatcher(jails, { localOffset: () => 0 });
  const { failures } = matcher.match(EVENTS);

  it("ban who attacked, each in the jail that is meant for it, and nobody else", () => {
    const banned = new Set<string>();
    const windows = new Map<string, typeof EMPTY_WINDOW>();
    for (const failure of failures) {
      const policy = jails.find(({ name }) => name === failure.jail)!;
      const key = `${failure.jail} ${failure.suspect.kind === "address" ? failure.suspect.id : "a name"}`;
      const window = record(windows.get(key) ?? EMPTY_WINDOW, [failure], policy);
      windows.set(key, window);
      if (decide(window, policy).kind === "ban") banned.add(key);
    }
    const meant = Object.entries(EXPECTED.banned).flatMap(([jail, ids]) => ids.map((id) => `${jail} ${id}`));
    expect([...banned].sort()).toEqual(meant.sort());
    const names = meant.join("\n");
    expect(EXPECTED.neverBanned.filter((id) => names.includes(` ${id}\n`))).toEqual([]);
  });

  it("take the date that HAProxy wrote in its brackets", () => {
    const accepted = /(?:\[|"time":")22\/Nov\/2026:(\d\d:\d\d:\d\d)/;
    const times = failures.map(({ line }) => Date.parse(`2026-11-22T${accepted.exec(line)![1]!}Z`));
    expect(times.length).toBeGreaterThan(500);
    expect(failures.map(({ at }) => at)).toEqual(times);
  });
});
