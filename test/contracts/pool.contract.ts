import { describe, expect, it } from "vitest";
import type { HostChange } from "../../shared/core/firewall/change.ts";
import type { Pool } from "../../shared/ports/pool.ts";
import { target } from "./samples.ts";
import { type OpenSubject, on } from "./subject.ts";

const changes: readonly HostChange[] = [
  {
    kind: "ban",
    jail: "wéb#1",
    target: target("2001:db8::1"),
    expiresAt: 5,
    generation: 7,
    firewall: {
      revision: 3,
      hooks: ["INPUT"],
      rules: [{ protocol: "tcp", ports: [{ first: 80, last: 81 }], block: "drop" }],
    },
  },
  { kind: "unban", jail: "web", target: target("192.0.2.0/24"), generation: 8 },
];

/** What every adapter of Pool must do. */
export function poolContract(name: string, open: OpenSubject<Pool>): void {
  describe(`senders that meet in ${name}`, () => {
    it(
      "have one leader, until its time is over or it begins",
      on(open, async ({ port, run }) => {
        const lead = (who: string, now: number) => run(() => port.lead(who, now, now + 10));
        expect([await lead("a", 0), await lead("b", 5), await lead("a", 6), await lead("b", 15)]).toEqual([
          true,
          false,
          true,
          false,
        ]);
        expect([await lead("b", 16), await lead("a", 17)]).toEqual([true, false]);
        expect([
          await run(() => port.begin("a")),
          await run(() => port.begin("b")),
          await run(() => port.begin("b")),
        ]).toEqual([false, true, false]);
        expect(await lead("a", 18)).toBe(true);
      }),
    );

    it(
      "have one leader of many who ask at once",
      on(open, async ({ port, run }) => {
        const asked = Array.from({ length: 20 }, (_, nth) => run(() => port.lead(`sender ${nth}`, 0, 10)));
        expect((await Promise.all(asked)).filter(Boolean).length).toBe(1);
      }),
    );

    it(
      "leave changes as they are, a thousand too, until they are sent",
      on(open, async ({ port, run }) => {
        const many = Array.from({ length: 1_000 }, (_, nth) => ({ ...changes[0]!, generation: nth }));
        const now = Date.now();
        await run(() => port.deposit({ who: "a", changes: many }, now));
        await run(() => port.deposit({ who: "b", changes: [] }, now));
        await run(() => port.deposit({ who: "b", changes }, now));
        const left = [...(await port.deposits())].sort((x, y) => (x.who < y.who ? -1 : 1));
        expect(left).toEqual([
          { who: "a", changes: many },
          { who: "b", changes },
        ]);
        await run(() => port.remove(["a", "gone"]));
        expect((await port.deposits()).map(({ who }) => who)).toEqual(["b"]);
      }),
    );

    it(
      "forget what a sender left that died, before hosts would take it for new",
      on(open, async ({ port, run }) => {
        const now = Date.now();
        await run(() => port.deposit({ who: "dead", changes }, now - 3_601_000));
        await run(() => port.deposit({ who: "slow", changes }, now - 600_000));
        expect((await port.deposits()).map(({ who }) => who)).toEqual(["slow"]);
      }),
    );
  });
}
