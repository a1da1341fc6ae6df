/** Contract of the port Marks. */
import { describe, expect, it } from "vitest";
import type { Marks } from "../../shared/ports/marks.ts";
import { type OpenSubject, on } from "./subject.ts";

export function marksContract(name: string, open: OpenSubject<Marks>): void {
  describe(`marks: ${name}`, () => {
    it(
      "are there once noted, however often, and no others",
      on(open, async ({ port, run }) => {
        await run(() => port.note("mail a", 1_000));
        await run(() => port.note("mail a", 2_000));
        await run(() => port.note("mail b#1/:é", 2_000));
        const names = ["mail", "mail a", "mail b#1/:é", "mail c"];
        expect(await run(() => port.noted(names))).toEqual(new Set(["mail a", "mail b#1/:é"]));
        expect(await run(() => port.noted([]))).toEqual(new Set());
      }),
    );

    it(
      "are found among a hundred",
      on(open, async ({ port, run }) => {
        const names = Array.from({ length: 100 }, (_, n) => `mark ${n}`);
        for (const name of names.slice(0, 7)) await run(() => port.note(name, 1_000));
        expect(await run(() => port.noted(names))).toEqual(new Set(names.slice(0, 7)));
      }),
    );
  });
}
