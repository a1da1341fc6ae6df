import { describe, expect, it } from "vitest";
import { EMPTY_LINE_STATE, type LineState, type Session } from "../../shared/core/filter/line-state.ts";
import type { LineStates } from "../../shared/ports/line-states.ts";
import { HOSTILE_JAILS } from "./samples.ts";
import { type OpenSubject, on } from "./subject.ts";

const key = { jail: "sshd", stream: "/var/log/auth.log" };

const session: Session = {
  id: "host sshd[17]: ",
  since: 1_000,
  groups: { ip4: "192.0.2.1", user: "root" },
  users: ["root"],
  helper: false,
  pending: true,
  lines: ['"\\\u0000\u2028é 漢 \u{1f600}'],
  aside: [],
};

function stateOf(nth: number, sessions: readonly Session[] = []): LineState {
  return { ...EMPTY_LINE_STATE, sessions, seen: [{ at: nth, ids: "00000000000" }], horizon: nth };
}

/** What every adapter of LineStates must do. */
export function lineStatesContract(name: string, open: OpenSubject<LineStates>): void {
  describe(`line states in ${name}`, () => {
    it(
      "start empty, at version 0",
      on(open, async ({ port }) => {
        expect(await port.load([key])).toEqual([{ state: EMPTY_LINE_STATE, version: 0 }]);
        expect(await port.load([])).toEqual([]);
      }),
    );

    it.each<{ name: string; state: LineState }>([
      { name: "a session", state: stateOf(1, [session]) },
      { name: "a closed session", state: stateOf(2, [{ ...session, closedAt: 2_000 }]) },
      { name: "a buffer", state: { ...stateOf(3), buffer: [{ text: "Nov 14 22:45:11 x\t", start: 0, end: 15 }] } },
      {
        name: "as much as there may be",
        state: stateOf(
          4,
          Array.from({ length: 100 }, (_, nth) => ({ ...session, id: `${nth}`, lines: ["x".repeat(500)] })),
        ),
      },
    ])("keep $name as it is", async ({ state }) =>
      on(open, async ({ port, run }) => {
        expect(await run(() => port.save(key, state, 0, 1_000))).toBe("saved");
        const [stored] = await port.load([key]);
        expect(stored!.state).toEqual(state);
      })(),
    );

    it(
      "change only from the version that was read",
      on(open, async ({ port, run }) => {
        expect(await run(() => port.save(key, stateOf(1), 0, 1_000))).toBe("saved");
        const [first] = await port.load([key]);
        expect(await run(() => port.save(key, stateOf(2), 0, 1_000))).toBe("conflict");
        expect(await run(() => port.save(key, stateOf(2), first!.version + 1, 1_000))).toBe("conflict");
        expect(await port.load([key])).toEqual([first]);
        expect(await run(() => port.save(key, stateOf(2), first!.version, 1_000))).toBe("saved");
        const [second] = await port.load([key]);
        expect(second!.state).toEqual(stateOf(2));
        expect(second!.version).not.toBe(first!.version);
      }),
    );

    it(
      "let one of many concurrent writers win",
      on(open, async ({ port, run }) => {
        const outcomes = await Promise.all(
          Array.from({ length: 10 }, (_, nth) => run(() => port.save(key, stateOf(nth), 0, 1_000))),
        );
        expect(outcomes.filter((outcome) => outcome === "saved").length).toBe(1);
        const [stored] = await port.load([key]);
        expect(stored!.state.horizon).toBe(outcomes.indexOf("saved"));
      }),
    );

    it(
      "are told apart by jail and stream, and come back in the order asked",
      on(open, async ({ port, run }) => {
        const streams = ["a", "a/b", "a b", "i-0123/var/log/x", "\u{1f600}"];
        const keys = HOSTILE_JAILS.flatMap((jail) => streams.map((stream) => ({ jail, stream })));
        for (const [nth, each] of keys.entries()) await run(() => port.save(each, stateOf(nth), 0, 1_000));
        const loaded = await port.load(keys.toReversed());
        expect(loaded.map(({ state }) => state.horizon)).toEqual([...keys.keys()].reverse());
      }),
    );
  });
}
