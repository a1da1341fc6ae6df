import { describe, expect, it } from "vitest";
import type { Offenders } from "../../shared/ports/offenders.ts";
import { EVERY_ID, HOSTILE_JAILS, sampleBan } from "./samples.ts";
import { type OpenSubject, on } from "./subject.ts";

const { id } = sampleBan();
const key = { jail: "web", id };

/** What every adapter of Offenders must do. */
export function offendersContract(name: string, open: OpenSubject<Offenders>): void {
  describe(`offenders in ${name}`, () => {
    it(
      "have no history at first",
      on(open, async ({ port, run }) => {
        await run(() => port.pardon(key, 5));
        expect(await port.history(id)).toEqual([]);
      }),
    );

    it(
      "are noted once per ban",
      on(open, async ({ port, run }) => {
        for (let times = 0; times < 3; times++) await run(() => port.record(sampleBan()));
        expect(await port.history(id)).toEqual([{ ...key, count: 1, since: 1_000, until: 2_000, generation: 1_000 }]);
        const next = sampleBan({ since: 3_000, expiresAt: undefined, generation: 3_000 });
        await run(() => port.record(next));
        await run(() => port.record(sampleBan()));
        expect(await port.history(id)).toEqual([
          { ...key, count: 2, since: 3_000, until: undefined, generation: 3_000 },
        ]);
      }),
    );

    it(
      "are pardoned in one jail, and keep their generation",
      on(open, async ({ port, run }) => {
        await run(() => port.record(sampleBan()));
        await run(() => port.record(sampleBan({ jail: "ssh" })));
        await run(() => port.pardon(key, 1_500));
        const history = (await port.history(id)).toSorted((a, b) => (a.jail < b.jail ? -1 : 1));
        expect(history).toEqual([
          { id, jail: "ssh", count: 1, since: 1_000, until: 2_000, generation: 1_000 },
          { ...key, count: 0, since: 1_000, until: 1_500, generation: 1_000 },
        ]);
        await run(() => port.record(sampleBan()));
        expect((await port.history(id)).find((offence) => offence.jail === "web")!.count).toBe(0);
      }),
    );

    it(
      "are told apart by jail and id",
      on(open, async ({ port, run }) => {
        for (const jail of HOSTILE_JAILS) {
          for (const each of EVERY_ID) await run(() => port.record(sampleBan({ jail, id: each })));
        }
        for (const each of EVERY_ID) {
          const history = await port.history(each);
          expect(history.map((offence) => offence.jail).sort()).toEqual(HOSTILE_JAILS.toSorted());
          expect(history.every((offence) => offence.id === each)).toBe(true);
        }
      }),
    );
  });
}
