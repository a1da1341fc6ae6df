import { describe, expect, it } from "vitest";
import {
  type CountedFailure,
  close,
  closeWith,
  type Decision,
  decide,
  EMPTY_WINDOW,
  forgetAt,
  isOpenAt,
  record,
  type Window,
} from "../../../shared/core/detect/window.ts";

const policy = { maxretry: 3, findtime: 60, maxmatches: 2 };

describe("a failure window", () => {
  it.each([
    { name: "watches below maxretry", at: [0, 10], expected: watch(1) },
    { name: "bans on the maxretry-th failure", at: [0, 10, 20], expected: ban(20) },
    { name: "forgets a failure exactly findtime old", at: [0, 30, 60], expected: watch(1) },
    { name: "keeps a failure just under findtime old", at: [0, 30, 59], expected: ban(59) },
    { name: "puts a late line where it happened", at: [20, 0, 10], expected: ban(20) },
    { name: "lets the earliest complete window decide", at: [0, 10, 20, 25, 30], expected: ban(20) },
    { name: "counts failures of the same moment", at: [7, 7, 7], expected: ban(7) },
    { name: "is strict where Fail2Ban's estimate bans (0, 500, 700 in 600)", at: [0, 50, 70], expected: watch(1) },
    { name: "finds a window that a late line completes in the past", at: [0, 100, 50, 40], expected: ban(50) },
    { name: "does not join failures across a findtime", at: [0, 59, 61, 121], expected: watch(2) },
  ])("$name", ({ at, expected }) => expect(verdict(windowAfter(...at))).toEqual(expected));

  it("counts an identity once, however often it comes", () => {
    const window = record(windowAfter(0, 10), [failure(10), failure(0), failure(10)], policy);
    expect(window).toEqual(windowAfter(0, 10));
  });

  it("says nothing new by the same object, so that nothing need be written", () => {
    const window = windowAfter(0, 10);
    expect(record(window, [failure(10)], policy)).toBe(window);
  });

  it("keeps the lines of the newest failures only", () => {
    expect(windowAfter(1, 3, 2).failures.map(({ at, line }) => [at, line])).toEqual([
      [1, undefined],
      [2, "line 2"],
      [3, "line 3"],
    ]);
  });

  it("drops what is two findtimes older than the newest, and what comes as late", () => {
    const window = windowAfter(0, 119, 120);
    expect(window.failures.map(({ at }) => at)).toEqual([119, 120]);
    expect(record(window, [failure(0)], policy).failures).toEqual(window.failures);
    expect(record(window, [failure(1)], policy).failures.map(({ at }) => at)).toEqual([1, 119, 120]);
  });

  it("gives a ban the failures that led to it", () => {
    const decision = decide(windowAfter(0, 70, 80, 90, 95), policy);
    expect(decision.kind === "ban" && decision.failures.map(({ at }) => at)).toEqual([70, 80, 90]);
  });
});

describe("a closed window", () => {
  const closed = close(windowAfter(0, 10, 20), { until: 100 });

  it.each([
    { name: "takes no failure of the ban's time", at: 99, open: false },
    { name: "takes failures from the ban's end on", at: 100, open: true },
  ])("$name", ({ at, open }) => {
    expect(isOpenAt(closed, at)).toBe(open);
    expect(record(closed, [failure(at)], policy).failures.length).toBe(open ? 1 : 0);
  });

  it("forgets what it settles and keeps what comes after", () => {
    expect(close(windowAfter(90, 100, 110), { until: 100 }).failures.map(({ at }) => at)).toEqual([100, 110]);
  });

  it.each([
    { name: "its failures and its time", expiresAt: 100, until: 100 },
    { name: "its failures, also without a bantime", expiresAt: 20, until: 21 },
    { name: "everything, if it is permanent", expiresAt: undefined, until: undefined },
  ])("settles with a ban $name", ({ expiresAt, until }) => {
    expect(closeWith(windowAfter(0, 10, 20), { since: 20, expiresAt })).toEqual({ closed: { until }, failures: [] });
  });

  it("opens again where a pardon comes before the ban's end", () => {
    expect(isOpenAt(close(closed, { until: 50 }), 60)).toBe(true);
  });

  it("stays closed for ever after a permanent ban", () => {
    expect(isOpenAt(close(closed, { until: undefined }), Number.MAX_SAFE_INTEGER)).toBe(false);
  });
});

describe("a window may be forgotten", () => {
  it.each([
    { name: "two findtimes after its newest failure", window: windowAfter(10, 20), expected: 140 },
    { name: "two findtimes after the ban's end", window: close(windowAfter(10), { until: 500 }), expected: 620 },
    {
      name: "two findtimes after a failure that came after the ban",
      window: close(windowAfter(600), { until: 500 }),
      expected: 720,
    },
    { name: "never under a permanent ban", window: close(EMPTY_WINDOW, { until: undefined }), expected: undefined },
  ])("$name", ({ window, expected }) => expect(forgetAt(window, policy)).toBe(expected));
});

function failure(at: number, nth = 0): CountedFailure {
  return { at, identity: `event ${at}.${nth}`, stream: "host-1", line: `line ${at}` };
}

function windowAfter(...at: number[]): Window {
  return at.reduce<Window>(
    (window, time, nth) => record(window, [failure(time, at.indexOf(time) === nth ? 0 : nth)], policy),
    EMPTY_WINDOW,
  );
}

function verdict(window: Window): { kind: string } {
  const decision: Decision = decide(window, policy);
  return decision.kind === "ban" ? ban(decision.since) : decision;
}

function watch(remaining: number) {
  return { kind: "watch", remaining };
}

function ban(since: number) {
  return { kind: "ban", since };
}
