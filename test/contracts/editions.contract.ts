import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Edition, Editions } from "../../shared/ports/editions.ts";
import { type OpenSubject, on } from "./subject.ts";

const edition = (revision: number, with_: Partial<Edition> = {}): Edition => ({
  hash: `hash-${revision}`,
  revision,
  since: revision * 1_000,
  ruleset: `{"revision":${revision}}`,
  ...with_,
});

/** A text that no compression makes small. */
const dense = (characters: number) => randomBytes(characters).toString("base64").slice(0, characters);

/** What every adapter of Editions must do. */
export function editionsContract(name: string, open: OpenSubject<Editions>): void {
  describe(`editions in ${name}`, () => {
    it.each([
      { name: "a ruleset", ruleset: '{"jails":["é 漢 \\u0000"]}' },
      { name: "an empty one", ruleset: "" },
      { name: "a long one", ruleset: "jail ".repeat(500_000) },
      { name: "one of 300 KB that cannot be compressed", ruleset: dense(300_000) },
      { name: "one of 1.5 MB that cannot be compressed", ruleset: dense(1_500_000) },
    ])("keep $name as it is", ({ ruleset }) =>
      on(open, async ({ port, run }) => {
        expect(await port.current()).toBeUndefined();
        expect(await run(() => port.replace(edition(1, { ruleset }), undefined))).toBe("saved");
        expect(await port.current()).toEqual(edition(1, { ruleset }));
      })(),
    );

    it(
      "are replaced from the revision that was read only",
      on(open, async ({ port, run }) => {
        expect(await run(() => port.replace(edition(2), 1))).toBe("conflict");
        expect(await run(() => port.replace(edition(1), undefined))).toBe("saved");
        expect(await run(() => port.replace(edition(2), undefined))).toBe("conflict");
        expect(await run(() => port.replace(edition(3), 2))).toBe("conflict");
        expect(await port.current()).toEqual(edition(1));
        expect(await run(() => port.replace(edition(3), 1))).toBe("saved");
        expect(await port.current()).toEqual(edition(3));
      }),
    );

    it(
      "have one winner among many, whole",
      on(open, async ({ port, run }) => {
        const texts = Array.from({ length: 6 }, () => dense(800_000));
        const outcomes = await Promise.all(
          texts.map((ruleset, nth) => run(() => port.replace(edition(nth + 1, { ruleset }), undefined))),
        );
        expect(outcomes.filter((outcome) => outcome === "saved").length).toBe(1);
        const winner = outcomes.indexOf("saved");
        expect(await port.current()).toEqual(edition(winner + 1, { ruleset: texts[winner]! }));
      }),
    );
  });
}
