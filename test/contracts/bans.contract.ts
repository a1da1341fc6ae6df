import { describe, expect, it } from "vitest";
import type { Bans } from "../../shared/ports/bans.ts";
import { EVERY_ID, HOSTILE_JAILS, sampleBan, target } from "./samples.ts";
import { all, type OpenSubject, on } from "./subject.ts";

/** What every adapter of Bans must do. */
export function bansContract(name: string, open: OpenSubject<Bans>): void {
  describe(`bans in ${name}`, () => {
    it.each([
      { name: "a ban", ban: sampleBan() },
      { name: "a permanent ban", ban: sampleBan({ expiresAt: undefined }) },
      {
        name: "a manual ban of a network",
        ban: sampleBan({ id: target("2001:db8::/32"), source: undefined, matches: [], failures: 0, actor: "ann" }),
      },
      { name: "hostile lines", ban: sampleBan({ matches: ['"\\\u0000\u2028 é 漢 \u{1f600}', ""] }) },
    ])("keep $name as it is", ({ ban }) =>
      on(open, async (subject) => {
        expect(await subject.run(() => subject.port.put(ban))).toEqual({ kind: "created", ban });
        expect(await subject.port.ofId(ban.id)).toEqual([ban]);
        expect(await all(subject.port.inJail("web"))).toEqual([ban]);
        if (subject.changes !== undefined) expect(await subject.changes()).toEqual([{ kind: "banned", ban }]);
      })(),
    );

    it(
      "are written once, however often the same ban comes",
      on(open, async (subject) => {
        const ban = sampleBan();
        await subject.run(() => subject.port.put(ban));
        expect(await subject.run(() => subject.port.put(ban))).toEqual({ kind: "standing", ban });
        if (subject.changes !== undefined) expect((await subject.changes()).length).toBe(1);
      }),
    );

    it(
      "let one of many concurrent writers win",
      on(open, async ({ port, run }) => {
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, nth) =>
            run(() => port.put(sampleBan({ since: 1_000 + nth, generation: 1_000 + nth }))),
          ),
        );
        expect(outcomes.filter((outcome) => outcome.kind === "created").length).toBe(1);
        const [stored] = await port.ofId(sampleBan().id);
        expect(outcomes.find((outcome) => outcome.kind === "created")?.ban).toEqual(stored);
        expect(outcomes.every((outcome) => outcome.ban.generation === stored!.generation)).toBe(true);
      }),
    );

    it.each([
      { name: "before the end", since: 1_999, expected: "standing" },
      { name: "at the end", since: 2_000, expected: "renewed" },
      { name: "after the end, although nobody swept the row", since: 5_000, expected: "renewed" },
    ])("meet a ban that begins $name: $expected", ({ since, expected }) =>
      on(open, async (subject) => {
        const previous = sampleBan();
        const ban = sampleBan({ since, expiresAt: since + 1_000, generation: since });
        await subject.run(() => subject.port.put(previous));
        const outcome = await subject.run(() => subject.port.put(ban));
        expect(outcome).toEqual(
          expected === "renewed" ? { kind: "renewed", ban, previous } : { kind: "standing", ban: previous },
        );
        if (subject.changes === undefined || expected !== "renewed") return;
        expect((await subject.changes()).at(-1)).toEqual({ kind: "renewed", ban, previous });
      })(),
    );

    it(
      "never end for a permanent ban",
      on(open, async ({ port, run }) => {
        const ban = sampleBan({ expiresAt: undefined });
        await run(() => port.put(ban));
        expect((await run(() => port.put(sampleBan({ since: 1e12, generation: 1e12 })))).kind).toBe("standing");
        expect(await port.due(Number.MAX_SAFE_INTEGER - 1, 10)).toEqual([]);
      }),
    );

    it(
      "are replaced by who names the generation, and by nobody else",
      on(open, async ({ port, run }) => {
        const previous = sampleBan();
        const longer = sampleBan({ expiresAt: 9_000 });
        await run(() => port.put(previous));
        expect((await run(() => port.put(longer, 999))).kind).toBe("standing");
        const outcome = await run(() => port.put(longer, 1_000));
        expect(outcome).toEqual({ kind: "renewed", ban: { ...longer, generation: 1_001 }, previous });
        expect(await port.due(8_999, 10)).toEqual([]);
        expect(await port.due(9_000, 10)).toEqual([{ ...longer, generation: 1_001 }]);
      }),
    );

    it.each([
      { name: "by hand", at: 31_000, reason: "manual" as const },
      { name: "because they are over", at: 61_000, reason: "expired" as const },
    ])("are lifted $name", ({ at, reason }) =>
      on(open, async (subject) => {
        const ban = sampleBan({ expiresAt: 61_000 });
        await subject.run(() => subject.port.put(ban));
        expect(await subject.run(() => subject.port.lift(ban, at))).toBe(true);
        expect(await subject.port.ofId(ban.id)).toEqual([]);
        expect(await all(subject.port.inJail("web"))).toEqual([]);
        expect(await subject.port.due(1e12, 10)).toEqual([]);
        expect(await subject.run(() => subject.port.lift(ban, at))).toBe(false);
        if (subject.changes === undefined) return;
        const last = (await subject.changes()).at(-1)!;
        // A stream tells a deletion's time, to the second, and not its reason: "manual" before the end, "expired" after it.
        expect(last).toEqual({ kind: "lifted", ban, reason });
      })(),
    );

    it(
      "stay where the lift names an older generation",
      on(open, async ({ port, run }) => {
        await run(() => port.put(sampleBan()));
        await run(() => port.put(sampleBan({ since: 3_000, expiresAt: 4_000, generation: 3_000 })));
        expect(await run(() => port.lift(sampleBan(), 3_500))).toBe(false);
        expect((await port.ofId(sampleBan().id))[0]!.generation).toBe(3_000);
      }),
    );

    it(
      "fall due in the order of their ends, as many as asked for",
      on(open, async ({ port, run }) => {
        for (const [id, expiresAt] of [
          ["192.0.2.3", 3_000],
          ["192.0.2.1", 1_500],
          ["192.0.2.2", 2_000],
          ["192.0.2.4", 1_000_000],
        ] as const) {
          await run(() => port.put(sampleBan({ id: target(id), expiresAt })));
        }
        const due = async (now: number, limit: number) => (await port.due(now, limit)).map((ban) => ban.id);
        expect(await due(1_499, 10)).toEqual([]);
        expect(await due(2_000, 10)).toEqual(["192.0.2.1", "192.0.2.2"]);
        expect(await due(999_999, 10)).toEqual(["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
        expect(await due(999_999, 2)).toEqual(["192.0.2.1", "192.0.2.2"]);
      }),
    );

    it(
      "are told apart by jail and id",
      on(open, async ({ port, run }) => {
        const bans = HOSTILE_JAILS.flatMap((jail, nth) =>
          EVERY_ID.map((id, place) => sampleBan({ jail, id, generation: 1 + nth * 10 + place })),
        );
        for (const ban of bans) await run(() => port.put(ban));
        const byGeneration = (found: readonly { generation: number }[]) =>
          found.toSorted((a, b) => a.generation - b.generation);
        for (const id of EVERY_ID) {
          expect(byGeneration(await port.ofId(id))).toEqual(bans.filter((ban) => ban.id === id));
        }
        for (const jail of HOSTILE_JAILS) {
          expect(byGeneration(await all(port.inJail(jail)))).toEqual(bans.filter((ban) => ban.jail === jail));
        }
        expect((await port.due(2_000, 1_000)).length).toBe(bans.length);
      }),
    );
  });
}
