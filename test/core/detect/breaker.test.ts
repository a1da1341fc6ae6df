import { describe, expect, it } from "vitest";
import { ARMED, type BreakerState, countBan } from "../../../shared/core/detect/breaker.ts";

const LIMIT = 3;
const SECOND = 1000;

function stateAfter(...seconds: number[]): BreakerState {
  return seconds.reduce<BreakerState>((state, second) => countBan(state, second * SECOND, LIMIT), ARMED);
}

describe("the breaker", () => {
  it.each([
    { name: "stays armed at its limit", at: [0, 1, 2], tripped: false },
    { name: "trips above its limit", at: [0, 1, 2, 3], tripped: true },
    { name: "counts a burst in one second", at: [5, 5, 5, 5], tripped: true },
    { name: "forgets what is a minute old", at: [0, 1, 2, 60], tripped: false },
    { name: "remembers what is a second younger", at: [0, 1, 2, 59], tripped: true },
    { name: "counts a late ban where it happened", at: [100, 101, 50, 51], tripped: true },
    { name: "leaves out a ban that comes more than a minute late", at: [100, 101, 102, 40], tripped: false },
    { name: "never rests, but under its limit", at: Array.from({ length: 50 }, (_, n) => n * 20), tripped: false },
    { name: "stays tripped", at: [0, 0, 0, 0, 1000], tripped: true },
  ])("$name", ({ at, tripped }) => expect(stateAfter(...at).kind).toBe(tripped ? "tripped" : "armed"));

  it("says when, and how many bans there were, and that nobody was told", () => {
    expect(stateAfter(0, 1, 2, 3, 4)).toEqual({ kind: "tripped", at: 3 * SECOND, bans: 4, untold: true });
  });

  it("stays small", () => {
    const state = Array.from({ length: 10_000 }, (_, n) => n).reduce<BreakerState>(
      (so, n) => countBan(so, n * 100, 1e9),
      ARMED,
    );
    expect(state.kind === "armed" && state.rate.length).toBe(60);
  });
});
