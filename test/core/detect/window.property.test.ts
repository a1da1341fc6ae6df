/**
 * The promise of the window, against a reference that keeps everything: whatever the order (late by up to a findtime)
 * and the repetitions, an id is banned exactly when maxretry distinct failures lie within a findtime.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CountedFailure,
  closeWith,
  decide,
  EMPTY_WINDOW,
  forgetAt,
  record,
  type Window,
} from "../../../shared/core/detect/window.ts";

interface Case {
  readonly maxretry: number;
  readonly findtime: number;
  readonly bantime: number;
  readonly failures: readonly CountedFailure[];
  /** In the order of arrival, with repetitions, and with failures of others in between. */
  readonly arrivals: readonly { readonly failure: CountedFailure; readonly mine: boolean }[];
}

const times = fc.record({
  at: fc.oneof(fc.nat(40), fc.nat(200)),
  mine: fc.boolean(),
  delay: fc.nat(1000),
  again: fc.array(fc.nat(5000), { maxLength: 2 }),
});

/** Failures over two findtimes and more; each arrives up to a findtime late, and some again, up to a findtime late or much later. */
const cases: fc.Arbitrary<Case> = fc
  .record({
    maxretry: fc.integer({ min: 1, max: 5 }),
    findtime: fc.integer({ min: 1, max: 20 }),
    bantime: fc.integer({ min: 0, max: 60 }),
    // Few failures decide about forgetting, many about the rest.
    times: fc.oneof(fc.array(times, { maxLength: 7 }), fc.array(times, { maxLength: 40 })),
  })
  .map(({ times, ...rest }) => {
    const all = times.map(({ at, mine, delay, again }, nth) => {
      const failure: CountedFailure = { at, identity: `e${nth}`, stream: "s", line: undefined };
      const first = at + (delay / 1000) * rest.findtime;
      return { failure, mine, whens: [first, ...again.map((later) => first + (later / 1000) * rest.findtime)] };
    });
    return {
      ...rest,
      failures: all.filter(({ mine }) => mine).map(({ failure }) => failure),
      arrivals: all
        .flatMap(({ failure, mine, whens }) => whens.map((when) => ({ failure, mine, when })))
        .sort((a, b) => a.when - b.when),
    };
  });

describe("a window, against a reference that forgets nothing", () => {
  it("bans whoever has maxretry distinct failures within a findtime, and nobody else", () => {
    check((each) => expect(replay(each).bans.length > 0).toBe(reference(each)));
  });

  it("never bans without maxretry distinct failures within a findtime", () => {
    check((each) => {
      for (const { failures, since } of replay(each).bans) {
        expect(new Set(failures.map(({ identity }) => identity)).size).toBe(each.maxretry);
        expect(Math.max(...failures.map(({ at }) => at))).toBe(since);
        expect(since - Math.min(...failures.map(({ at }) => at))).toBeLessThan(each.findtime);
      }
    });
  });

  it("keeps at most 2 (maxretry - 1) failures while it watches", () => {
    check((each) => expect(replay(each).most).toBeLessThanOrEqual(2 * (each.maxretry - 1)));
  });

  it("takes failures together as it takes them one by one", () => {
    check(({ arrivals, failures, ...policy }) => {
      const rules = { ...policy, maxmatches: 1 };
      const mine = arrivals.flatMap((arrival) => (arrival.mine ? [arrival.failure] : []));
      const single = mine.reduce((window, failure) => record(window, [failure], rules), EMPTY_WINDOW);
      const span = Math.max(...failures.map(({ at }) => at)) - Math.min(...failures.map(({ at }) => at));
      // Beyond that, what comes late one by one may meet a horizon that has moved on.
      if (span < 2 * policy.findtime) expect(record(EMPTY_WINDOW, mine, rules)).toEqual(single);
    });
  });

  it.each([
    { name: "starts no ban from a failure within an earlier ban", forgetful: false },
    { name: "starts none either where it was forgotten when it said so", forgetful: true },
  ])("$name", ({ forgetful }) => {
    check((each) => {
      const { bans } = replay(each, forgetful);
      for (const [nth, { failures }] of bans.entries()) {
        for (const earlier of bans.slice(0, nth)) {
          expect(Math.min(...failures.map(({ at }) => at))).toBeGreaterThanOrEqual(earlier.since + each.bantime);
        }
      }
    }, forgetful);
  });

  it("may be forgotten when it says so: who starts anew then bans the same", () => {
    check((each) => expect(replay(each, true).bans.length > 0).toBe(reference(each)), true);
  });
});

function check(property: (each: Case) => void, onTime = false): void {
  fc.assert(
    fc.property(cases, (each) => {
      property(onTime ? { ...each, arrivals: withinLateness(each) } : each);
    }),
    { numRuns: 5_000 },
  );
}

/** Only arrivals at most a findtime late: what is promised when a whole row is gone. */
function withinLateness({ arrivals, findtime }: Case): Case["arrivals"] {
  let newest = Number.NEGATIVE_INFINITY;
  return arrivals.filter(({ failure: { at } }) => {
    newest = Math.max(newest, at);
    return at >= newest - findtime;
  });
}

/** What a jail does with arrivals: counts, bans, closes; and forgets as soon as it may, if told to. */
function replay({ arrivals, ...policy }: Case, forgetful = false) {
  const rules = { ...policy, maxmatches: 0 };
  const bans: { since: number; failures: readonly CountedFailure[] }[] = [];
  let window: Window = EMPTY_WINDOW;
  let most = 0;
  let newest = 0;
  for (const { failure, mine } of arrivals) {
    newest = Math.max(newest, failure.at);
    if (forgetful && (forgetAt(window, rules) ?? Number.POSITIVE_INFINITY) <= newest) window = EMPTY_WINDOW;
    if (!mine) continue;
    window = record(window, [failure], rules);
    const decision = decide(window, rules);
    if (decision.kind === "ban") {
      bans.push(decision);
      window = closeWith(window, { since: decision.since, expiresAt: decision.since + policy.bantime });
    }
    most = Math.max(most, window.failures.length);
  }
  return { bans, most };
}

/** Whether maxretry distinct failures lie within a findtime, by looking at all of them. */
function reference({ failures, maxretry, findtime }: Case): boolean {
  return failures.some(
    ({ at: last }) => failures.filter(({ at }) => at <= last && last - at < findtime).length >= maxretry,
  );
}
