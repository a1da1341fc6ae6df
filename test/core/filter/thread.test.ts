/** State across lines: what redelivery, disorder, time and hostile clients can do to it, which is nothing. */
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogEvent } from "../../../shared/core/filter/event.ts";
import {
  EMPTY_LINE_STATE,
  forgetLineStateAt,
  type LineState,
  MAX_BUFFER,
  MAX_SEEN,
  MAX_SESSIONS,
} from "../../../shared/core/filter/line-state.ts";
import { CONNECTION_TEXTS, CONNECTIONS, SPANNING, SPANNING_TEXTS } from "./connection-filters.ts";
import { follow, matcherOf } from "./follow.ts";

const START = 1_000_000;
const connections = matcherOf(CONNECTIONS);
const spanning = matcherOf(SPANNING);

/** A line received so many seconds after the start. */
function line(text: string, second: number, id = `${second} ${text}`): LogEvent {
  return { id, stream: "s", at: START + second * 1_000, text };
}

const idsOf = (batches: readonly (readonly LogEvent[])[]) =>
  follow(connections, batches).failures.map(({ suspect, identity }) => [
    suspect.kind === "address" ? suspect.id : suspect.name,
    identity,
  ]);

describe("a connection", () => {
  it.each<{ name: string; batches: readonly (readonly LogEvent[])[]; expected: readonly (readonly string[])[] }>([
    {
      name: "fails once its address is known, in a later batch",
      batches: [[line("c1: failed", 1)], [line("c1: hello from 192.0.2.1", 2)]],
      expected: [["192.0.2.1", "2 c1: hello from 192.0.2.1"]],
    },
    {
      name: "is put in order within a batch",
      batches: [[line("c1: bye", 3), line("c1: hello from 192.0.2.1", 2), line("c1: failed", 1)]],
      expected: [["192.0.2.1", "2 c1: hello from 192.0.2.1"]],
    },
    {
      name: "keeps the order of lines of the same moment",
      batches: [[line("c1: failed", 1), line("c1: bye from 192.0.2.1", 1)]],
      expected: [["192.0.2.1", "1 c1: bye from 192.0.2.1"]],
    },
    {
      name: "still takes an earlier line that comes after its end",
      batches: [[line("c1: hello from 192.0.2.1", 1), line("c1: bye", 3)], [line("c1: failed", 2)]],
      expected: [["192.0.2.1", "2 c1: failed"]],
    },
    {
      name: "takes it also where only its end was seen",
      batches: [[line("c1: bye from 192.0.2.1", 3)], [line("c1: failed", 2)]],
      expected: [["192.0.2.1", "2 c1: failed"]],
    },
    {
      name: "is another one after its end",
      batches: [[line("c1: hello from 192.0.2.1", 1), line("c1: bye", 3)], [line("c1: failed", 3)]],
      expected: [],
    },
    {
      name: "is forgotten five minutes after its first line",
      batches: [[line("c1: hello from 192.0.2.1", 1)], [line("c1: failed", 301)]],
      expected: [],
    },
    {
      name: "and not sooner",
      batches: [[line("c1: hello from 192.0.2.1", 1)], [line("c1: failed", 300)]],
      expected: [["192.0.2.1", "300 c1: failed"]],
    },
    {
      name: "is forgiven where it was let in",
      batches: [[line("c1: failed", 1), line("c1: in root from 192.0.2.1", 2)]],
      expected: [],
    },
    {
      name: "is not forgiven where it tried several users",
      batches: [[line("c1: failed as eve", 1), line("c1: in root from 192.0.2.1", 2)]],
      expected: [["192.0.2.1", "2 c1: in root from 192.0.2.1"]],
    },
    {
      name: "says nothing of another",
      batches: [[line("c1: failed", 1), line("c2: hello from 192.0.2.1", 2)]],
      expected: [],
    },
  ])("$name", ({ batches, expected }) => expect(idsOf(batches)).toEqual(expected));

  it("shows all its lines with the failure", () => {
    const { failures } = follow(connections, [[line("c1: failed", 1), line("c1: hello from 192.0.2.1", 2)]]);
    expect(failures.map((failure) => failure.line)).toEqual(["c1: failed\nc1: hello from 192.0.2.1"]);
  });

  it("is another in each log stream", () => {
    const events = [line("c1: failed", 1), { ...line("c1: hello from 192.0.2.1", 2), stream: "t" }];
    const { threads } = connections.match(events);
    expect(threads.map(({ jail, stream }) => [jail, stream])).toEqual([
      ["test", "s"],
      ["test", "t"],
    ]);
    expect(threads.flatMap((thread) => thread.resume(EMPTY_LINE_STATE).failures)).toEqual([]);
  });
});

describe("lines that belong together", () => {
  it("have the latest date before them, if it is no older than a minute", () => {
    const dated = matcherOf({ failregex: ["^ two\\nlines <HOST>$"], maxlines: 2, datepattern: ["^%Y-%m-%d %H:%M:%S"] });
    const at = (second: number) =>
      follow(dated, [[line("1970-01-01 00:16:41 two", 1), line("lines 192.0.2.3", second)]]).failures.map(
        (failure) => failure.at,
      );
    expect(at(60)).toEqual([START + 1_000]);
    expect(at(61)).toEqual([START + 61_000]);
  });
});

describe("redelivery", () => {
  it.each([
    { name: "connections", matcher: connections, texts: CONNECTION_TEXTS.map((text) => `c1: ${text}`) },
    { name: "lines that belong together", matcher: spanning, texts: SPANNING_TEXTS },
  ])("of any batch, at any later moment, changes nothing: $name", ({ matcher, texts }) => {
    const batches = fc.array(fc.array(fc.constantFrom(...texts), { minLength: 1, maxLength: 5 }), { maxLength: 5 });
    fc.assert(
      fc.property(batches, fc.array(fc.nat(), { maxLength: 6 }), (lists, again) => {
        let second = 0;
        const once = lists.map((list) => list.map((text) => line(text, second++)));
        const repeated = once.flatMap((batch, index) => [
          batch,
          ...again.filter((nth) => nth % once.length === index).map((nth) => once[nth % (index + 1)]!),
        ]);
        const expected = follow(matcher, once);
        const got = follow(matcher, repeated);
        expect(got.failures).toEqual(expected.failures);
        expect(got.state).toEqual(expected.state);
      }),
      { numRuns: 300 },
    );
  });

  it("before the state was saved comes to the same failures", () => {
    const [thread] = connections.match([line("c1: failed", 1), line("c1: hello from 192.0.2.1", 2)]).threads;
    expect(thread!.resume(EMPTY_LINE_STATE)).toEqual(thread!.resume(EMPTY_LINE_STATE));
  });

  it("of an event older than all that is remembered leaves no trace, and counts by itself", () => {
    const many = Array.from({ length: 2 * MAX_SEEN }, (_, nth) => line(`c${nth}: failed`, nth));
    const { state } = follow(connections, [many]);
    const late = [line("c1: failed from 192.0.2.2", 1, "unknown"), line("c2: failed", 2, "unknown too")];
    const after = follow(connections, [late], state);
    expect(after.failures.map(({ identity }) => identity)).toEqual(["unknown"]);
    expect(after.state).toEqual(state);
  });
});

describe("what is remembered", () => {
  it("stays small whatever clients write", () => {
    const long = "é".repeat(4_000);
    const hostile = Array.from({ length: 600 }, (_, nth) =>
      line(`c${nth}: ${nth % 2 === 0 ? `failed as ${long}` : `hello ${long} from 192.0.2.1`}`, nth / 20, `${nth}`),
    );
    const { state } = follow(connections, [hostile.slice(0, 400), hostile.slice(400)]);
    expect(state.sessions.length).toBeGreaterThan(30);
    expect(state.sessions.length).toBeLessThanOrEqual(MAX_SESSIONS);
    expect(state.seen.reduce((sum, { ids }) => sum + ids.length, 0)).toBeLessThanOrEqual(11 * MAX_SEEN);
    expect(JSON.stringify(state).length).toBeLessThan(200_000);
  });

  it("fits a row of 400 KB, however badly it compresses", () => {
    const noise = (nth: number) =>
      Array.from({ length: 400 }, (_, at) =>
        String.fromCodePoint(0x4e00 + ((nth * 7919 + at * 104_729) % 20_000)),
      ).join("");
    const hostile = Array.from({ length: 400 }, (_, nth) =>
      line(`c${nth % 100}: failed as ${noise(nth)}`, nth / 20, `${nth}`),
    );
    const sessions = follow(connections, [hostile]).state;
    const buffer = follow(matcherOf({ ...SPANNING, maxlines: 100 }), [
      Array.from({ length: 200 }, (_, nth) => line(noise(nth), nth)),
    ]).state;
    expect(sessions.sessions.length).toBeGreaterThan(10);
    const size = (state: LineState) => deflateRawSync(JSON.stringify(state)).length;
    console.log(`${size(sessions)} and ${size(buffer)} bytes`);
    expect(size(sessions) + size(buffer)).toBeLessThan(350_000);
    expect(follow(spanning, [[line("x".repeat(MAX_BUFFER + 1), 1)]]).state.buffer).toEqual([]);
  });

  it("keeps few lines, and of them few characters", () => {
    const events = Array.from({ length: 500 }, (_, nth) => line("x".repeat(1_000 * (nth % 7)), nth));
    const { state } = follow(spanning, [events]);
    expect(state.buffer.length).toBe(4);
    const wide = follow(matcherOf({ ...SPANNING, maxlines: 1_000_000 }), [events]);
    expect(wide.state.buffer.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(MAX_BUFFER);
    const huge = follow(spanning, [[line("x".repeat(2 * MAX_BUFFER), 1)], [line("alone 192.0.2.4", 2)]]);
    expect(huge.failures.length).toBe(1);
  });

  it("drops ended connections, and with them what a client hoped to push out", () => {
    const victim = line("c0: failed", 0);
    const churn = Array.from({ length: 1_000 }, (_, nth) => [
      line(`c${nth + 1}: hello from 192.0.2.1`, 1),
      line(`c${nth + 1}: bye`, 1),
    ]).flat();
    const { failures } = follow(connections, [[victim], churn, [line("c0: hello from 192.0.2.9", 2)]]);
    expect(failures.map(({ suspect }) => suspect)).toEqual([{ kind: "address", id: "192.0.2.9" }]);
  });

  it("may go an hour after its latest event", () => {
    const { state } = follow(connections, [[line("c1: failed", 5)]]);
    expect(forgetLineStateAt(state)).toBe(START + 5_000 + 3_600_000);
  });

  it("is nothing for filters that judge single lines", () => {
    const single = matcherOf({ failregex: ["failed <HOST>"] });
    expect(single.match([line("failed 192.0.2.1", 1)])).toMatchObject({ threads: [], failures: [{}] });
  });
});
