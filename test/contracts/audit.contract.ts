import { describe, expect, it } from "vitest";
import type { Audit, Deed } from "../../shared/ports/audit.ts";
import { type OpenSubject, on } from "./subject.ts";

const deed = (at: number, with_: Partial<Deed> = {}): Deed => ({
  actor: "arn:aws:iam::000000000000:user/ann",
  at,
  command: "set web unbanip 192.0.2.7",
  outcome: "1 lifted",
  ...with_,
});

/** What every adapter of Audit must do. */
export function auditContract(name: string, open: OpenSubject<Audit>): void {
  describe(`deeds in ${name}`, () => {
    it(
      "come back the newest first, as many as asked for",
      on(open, async ({ port, run }) => {
        expect(await port.recent(10)).toEqual([]);
        for (const at of [90, 1_700_000_000_000, 1_000]) await run(() => port.note(deed(at)));
        expect(await port.recent(10)).toEqual([deed(1_700_000_000_000), deed(1_000), deed(90)]);
        expect(await port.recent(1)).toEqual([deed(1_700_000_000_000)]);
        expect(await port.recent(0)).toEqual([]);
      }),
    );

    it(
      "of the same moment are all kept",
      on(open, async ({ port, run }) => {
        const deeds = [deed(1), deed(1, { actor: "bob" }), deed(1, { command: "" }), deed(1, { outcome: "0 lifted" })];
        for (const each of deeds) await run(() => port.note(each));
        const kept = await port.recent(10);
        expect(kept.length).toBe(deeds.length);
        expect(kept).toEqual(expect.arrayContaining(deeds));
      }),
    );
  });
}
