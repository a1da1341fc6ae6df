import { describe, expect, it } from "vitest";
import type { Commands, OpenCommand } from "../../shared/ports/commands.ts";
import { type OpenSubject, on } from "./subject.ts";

const command = (id: string, sentAt: number, with_: Partial<OpenCommand> = {}): OpenCommand => ({
  id,
  sentAt,
  mode: "apply",
  hosts: undefined,
  changes: 3,
  ...with_,
});

/** What every adapter of Commands must do. */
export function commandsContract(name: string, open: OpenSubject<Commands>): void {
  describe(`commands in ${name}`, () => {
    it(
      "are kept as they are, the oldest first, until they are closed",
      on(open, async ({ port, run }) => {
        expect(await port.opened()).toEqual([]);
        const all = [
          command("c", 1_000, { mode: "reconcile", hosts: ["i-1", "i-2"] }),
          command("a", 2_000, { mode: "status", hosts: [], changes: 0 }),
          command("b", 10_000, { mode: "clear" }),
        ];
        for (const each of all.toReversed()) await run(() => port.open(each));
        expect(await port.opened()).toEqual(all);
        await run(() => port.close("a"));
        await run(() => port.close("never opened"));
        expect((await port.opened()).map(({ id }) => id)).toEqual(["c", "b"]);
      }),
    );

    it(
      "are noted once, as they were first",
      on(open, async ({ port, run }) => {
        await run(() => port.open(command("a", 1)));
        await run(() => port.open(command("a", 2, { changes: 9 })));
        expect(await port.opened()).toEqual([command("a", 1)]);
      }),
    );
  });
}
