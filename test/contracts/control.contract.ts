import { describe, expect, it } from "vitest";
import { ARMED, type BreakerState } from "../../shared/core/detect/breaker.ts";
import type { Breakers } from "../../shared/ports/breakers.ts";
import type { Control, ControlEntry } from "../../shared/ports/control.ts";
import type { Holds } from "../../shared/ports/holds.ts";
import { HOSTILE_JAILS, sampleBan, target } from "./samples.ts";
import { all, type OpenSubject, on } from "./subject.ts";

const asked = { actor: "ann", at: 5 };

/** What every adapter of Control must do. */
export function controlContract(name: string, open: OpenSubject<Control>): void {
  const entries: readonly ControlEntry[] = [
    { kind: "ignore", jail: "web", word: "10.0.0.0/8", ...asked },
    { kind: "ignore", jail: undefined, word: "10.0.0.0/8", ...asked },
    { kind: "ignore", jail: "*", word: "2001:db8::/32", ...asked },
    { kind: "unignore", jail: "web", word: "10.0.0.0/8", ...asked },
    { kind: "idle", jail: "web", ...asked },
    ...HOSTILE_JAILS.slice(1).map((jail): ControlEntry => ({ kind: "idle", jail, ...asked })),
  ];
  describe(`control rows in ${name}`, () => {
    it(
      "keep every setting apart",
      on(open, async ({ port, run }) => {
        expect(await port.entries()).toEqual([]);
        for (const entry of entries) await run(() => port.put(entry));
        expect(sorted(await port.entries())).toEqual(sorted(entries));
      }),
    );

    it(
      "replace an entry with the same setting",
      on(open, async ({ port, run }) => {
        await run(() => port.put(entries[0]!));
        await run(() => port.put({ ...entries[0]!, actor: "bob" }));
        expect(await port.entries()).toEqual([{ ...entries[0], actor: "bob" }]);
      }),
    );

    it(
      "remove one setting, once",
      on(open, async ({ port, run }) => {
        for (const entry of entries) await run(() => port.put(entry));
        for (const entry of entries) {
          expect(await run(() => port.remove(entry))).toBe(true);
          expect(await run(() => port.remove(entry))).toBe(false);
        }
        expect(await port.entries()).toEqual([]);
      }),
    );
  });
}

/** What every adapter of Breakers must do. */
export function breakersContract(name: string, open: OpenSubject<Breakers>): void {
  describe(`breakers in ${name}`, () => {
    it(
      "are armed at first and change only from the version that was read",
      on(open, async ({ port, run }) => {
        expect(await port.load("web")).toEqual({ state: ARMED, version: 0 });
        const state: BreakerState = { kind: "tripped", at: 7, bans: 9 };
        expect(await run(() => port.save("web", { kind: "armed", rate: [[1, 2]] }, 0))).toBe("saved");
        expect(await run(() => port.save("web", state, 0))).toBe("conflict");
        const { version } = await port.load("web");
        expect(await run(() => port.save("web", state, version))).toBe("saved");
        expect((await port.load("web")).state).toEqual(state);
        expect((await port.load("web/2")).version).toBe(0);
      }),
    );
  });
}

/** What every adapter of Holds must do. */
export function holdsContract(name: string, open: OpenSubject<Holds>): void {
  describe(`held bans in ${name}`, () => {
    it(
      "are kept by key until they are dropped",
      on(open, async ({ port, run }) => {
        const ban = sampleBan({ expiresAt: undefined, source: undefined });
        const other = sampleBan({ id: target("192.0.2.0/24") });
        await run(() => port.hold(sampleBan()));
        await run(() => port.hold(ban));
        await run(() => port.hold(other));
        await run(() => port.hold(sampleBan({ jail: "web2" })));
        expect((await all(port.inJail("web"))).toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([other, ban]);
        expect(await run(() => port.drop(ban))).toBe(true);
        expect(await run(() => port.drop(ban))).toBe(false);
        expect(await all(port.inJail("web"))).toEqual([other]);
      }),
    );
  });
}

function sorted(entries: readonly ControlEntry[]): readonly ControlEntry[] {
  return entries.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
