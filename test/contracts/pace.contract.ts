import { describe, expect, it } from "vitest";
import type { Pace } from "../../shared/ports/pace.ts";
import { type OpenSubject, on } from "./subject.ts";

/** What every adapter of Pace must do. */
export function paceContract(name: string, open: OpenSubject<Pace>): void {
  describe(`slots in ${name}`, () => {
    it.each([
      { name: "the first is free", at: [1_000], waits: [0] },
      { name: "the next one a gap later", at: [1_000, 1_000, 1_000], waits: [0, 70, 140] },
      { name: "what has passed of the gap counts", at: [1_000, 1_030], waits: [0, 40] },
      { name: "free again after the gap", at: [1_000, 1_070, 1_500], waits: [0, 0, 0] },
      { name: "a clock behind waits for the others'", at: [1_000, 900], waits: [0, 170] },
    ])("$name", ({ at, waits }) =>
      on(open, async ({ port, run }) => {
        const waited: number[] = [];
        for (const now of at) waited.push(await run(() => port.reserve("commands", 70, now)));
        expect(waited).toEqual(waits);
      })(),
    );

    it(
      "are not taken where they are further away than one can wait",
      on(open, async ({ port, run }) => {
        const ask = (longest: number) => run(() => port.reserve("commands", 70, 1_000, longest));
        expect([await ask(0), await ask(69), await ask(69), await ask(70), await ask(70)]).toEqual([
          0, 70, 70, 70, 140,
        ]);
        expect(await run(() => port.reserve("commands", 70, 1_000))).toBe(140);
      }),
    );

    it.each([
      { name: "nearly an hour ahead are waited for", ahead: 3_599_000, wait: 3_599_000 },
      { name: "further ahead are a wrong clock's", ahead: 3_600_001, wait: 0 },
    ])("$name", ({ ahead, wait }) =>
      on(open, async ({ port, run }) => {
        await run(() => port.reserve("commands", 70, 1_000 + ahead - 70));
        expect(await run(() => port.reserve("commands", 70, 1_000))).toBe(wait);
        expect(await run(() => port.reserve("commands", 70, 1_000))).toBe(wait + 70);
      })(),
    );

    it(
      "are told apart by name",
      on(open, async ({ port, run }) => {
        await run(() => port.reserve("mail a", 70, 1_000));
        expect(await run(() => port.reserve("mail b", 70, 1_000))).toBe(0);
      }),
    );

    it(
      "are never given to two of many who ask at once",
      on(open, async ({ port, run }) => {
        const asked = Array.from({ length: 20 }, () => run(() => port.reserve("commands", 70, 1_000)));
        const waits = (await Promise.all(asked)).sort((a, b) => a - b);
        expect(waits).toEqual(Array.from({ length: 20 }, (_, nth) => nth * 70));
      }),
    );
  });
}
