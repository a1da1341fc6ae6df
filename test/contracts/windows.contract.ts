import { describe, expect, it } from "vitest";
import { close, EMPTY_WINDOW, type Window } from "../../shared/core/detect/window.ts";
import type { Windows } from "../../shared/ports/windows.ts";
import { EVERY_ID, HOSTILE_JAILS, sampleFailure, target } from "./samples.ts";
import { type OpenSubject, on } from "./subject.ts";

const key = { jail: "web", id: target("192.0.2.1") };
const window: Window = { failures: [sampleFailure(10), sampleFailure(20)], closed: undefined };

/** What every adapter of Windows must do. */
export function windowsContract(name: string, open: OpenSubject<Windows>): void {
  describe(`windows in ${name}`, () => {
    it(
      "start empty, at version 0",
      on(open, async ({ port }) => {
        expect(await port.load([key])).toEqual([{ window: EMPTY_WINDOW, version: 0 }]);
      }),
    );

    it.each<{ name: string; window: Window }>([
      {
        name: "failures with and without a line",
        window: { failures: [sampleFailure(1, { line: undefined }), sampleFailure(2)], closed: undefined },
      },
      {
        name: "several streams",
        window: {
          failures: [sampleFailure(1), sampleFailure(2, { stream: "host-2" }), sampleFailure(3)],
          closed: undefined,
        },
      },
      {
        name: "hostile text",
        window: {
          failures: [sampleFailure(1, { line: '"\\\u0000\u2028é 漢 \u{1f600}', identity: '"]\n' })],
          closed: undefined,
        },
      },
      { name: "a closed window", window: close(window, { until: 500 }) },
      { name: "a window closed at the epoch", window: close(EMPTY_WINDOW, { until: 0 }) },
      { name: "a window closed for ever", window: close(window, { until: undefined }) },
    ])("keep $name as it is", async ({ window: kept }) =>
      on(open, async ({ port, run }) => {
        expect(await run(() => port.save(key, kept, 0, 1_000))).toBe("saved");
        const [stored] = await port.load([key]);
        expect(stored!.window).toEqual(kept);
      })(),
    );

    it(
      "change only from the version that was read",
      on(open, async ({ port, run }) => {
        expect(await run(() => port.save(key, window, 0, 1_000))).toBe("saved");
        const [first] = await port.load([key]);
        expect(await run(() => port.save(key, EMPTY_WINDOW, 0, 1_000))).toBe("conflict");
        expect(await run(() => port.save(key, EMPTY_WINDOW, first!.version + 1, 1_000))).toBe("conflict");
        expect(await port.load([key])).toEqual([{ ...first, window }]);
        expect(await run(() => port.save(key, EMPTY_WINDOW, first!.version, 1_000))).toBe("saved");
        const [second] = await port.load([key]);
        expect(second!.window).toEqual(EMPTY_WINDOW);
        expect(second!.version).not.toBe(first!.version);
      }),
    );

    it(
      "let one of many concurrent writers win",
      on(open, async ({ port, run }) => {
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, nth) =>
            run(() => port.save(key, { failures: [sampleFailure(nth)], closed: undefined }, 0, 1_000)),
          ),
        );
        expect(outcomes.filter((outcome) => outcome === "saved").length).toBe(1);
        const [stored] = await port.load([key]);
        expect(stored!.window.failures[0]!.at).toBe(outcomes.indexOf("saved"));
      }),
    );

    it(
      "are told apart by jail and id, and come back in the order asked",
      on(open, async ({ port, run }) => {
        const keys = HOSTILE_JAILS.flatMap((jail) => EVERY_ID.map((id) => ({ jail, id })));
        for (const [nth, each] of keys.entries()) {
          await run(() => port.save(each, { failures: [sampleFailure(nth)], closed: undefined }, 0, 1_000));
        }
        const loaded = await port.load(keys.toReversed());
        expect(loaded.map((stored) => stored.window.failures[0]!.at)).toEqual([...keys.keys()].reverse());
      }),
    );

    it(
      "count the ids of a jail that failed lately",
      on(open, async ({ port, run }) => {
        const save = (jail: string, id: string, kept: Window) =>
          run(() => port.save({ jail, id: target(id) }, kept, 0, 10_000));
        await save("web", "192.0.2.1", window);
        await save("web", "192.0.2.2", { failures: [sampleFailure(5)], closed: undefined });
        await save("web", "192.0.2.3", close(window, { until: 500 }));
        await save("web2", "192.0.2.1", window);
        await save("web/", "192.0.2.1", window);
        await save("web#2", "192.0.2.1", window);
        expect(await port.watched("web", 4)).toBe(2);
        expect(await port.watched("web", 5)).toBe(1);
        expect(await port.watched("web", 20)).toBe(0);
        expect(await port.watched("none", 0)).toBe(0);
      }),
    );
  });
}
