import { describe, expect, it } from "vitest";
import type { JailTotals, Totals } from "../../shared/ports/totals.ts";
import { type OpenSubject, on } from "./subject.ts";

const by = (jail: string, failed: number, banned = 0, ignored = 0): ReadonlyMap<string, JailTotals> =>
  new Map([[jail, { failed, banned, ignored }]]);

/** What every adapter of Totals must do. */
export function totalsContract(name: string, open: OpenSubject<Totals>): void {
  describe(`totals in ${name}`, () => {
    it(
      "add up per jail",
      on(open, async ({ port, run }) => {
        expect(await port.read()).toEqual(new Map());
        await run(() => port.add("batch 1", new Map([...by("web", 2, 1), ...by("ssh/2", 5)])));
        await run(() => port.add("batch 2", by("web", 3, 0, 4)));
        expect(await port.read()).toEqual(new Map([...by("web", 5, 1, 4), ...by("ssh/2", 5)]));
      }),
    );

    it(
      "are raised once by a name, also a thousand names later",
      on(open, async ({ port, run }) => {
        await run(() => port.add("again", by("web", 1)));
        for (let nth = 0; nth < 999; nth++) await run(() => port.add(`batch ${nth}`, by("web", 1)));
        await run(() => port.add("again", by("web", 1)));
        expect(await port.read()).toEqual(by("web", 1_000));
      }),
    );
  });
}
