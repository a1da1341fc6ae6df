import { describe, expect, it } from "vitest";
import { paceCommands } from "../../shared/app/pace-commands.ts";
import { createTurns } from "../../shared/app/take-turns.ts";
import type { Fleet } from "../../shared/ports/fleet.ts";

function paced(wait: number, longest = 60_000) {
  const told: string[] = [];
  const note = async (what: string) => {
    told.push(what);
    return [];
  };
  const fleet: Fleet = {
    apply: () => note("apply"),
    reconcile: () => note("reconcile"),
    status: () => note("status"),
    clear: () => note("clear"),
  };
  const port = paceCommands(fleet, {
    pace: {
      async reserve(what, gap, now, most) {
        told.push(`reserve ${what} ${gap} ${now} ${most}`);
        return wait;
      },
    },
    now: () => 5,
    wait: async (duration) => void told.push(`wait ${duration}`),
    longest: () => longest,
    gap: 12,
  });
  return { port, told };
}

describe("paced commands", () => {
  it.each([
    { name: "go at once where the slot is free", wait: 0, expected: ["reserve commands 12 5 60000", "apply"] },
    { name: "wait for their slot", wait: 60_000, expected: ["reserve commands 12 5 60000", "wait 60000", "apply"] },
  ])("$name", async ({ wait, expected }) => {
    const { port, told } = paced(wait);
    await port.apply([]);
    expect(told).toEqual(expected);
  });

  it("are not sent where the slot comes after the process's end", async () => {
    const { port, told } = paced(60_001);
    await expect(port.apply([])).rejects.toMatchObject({ code: "unavailable", next: expect.any(String) });
    expect(told).toEqual(["reserve commands 12 5 60000"]);
  });

  it("are only those of changes", async () => {
    const { port, told } = paced(1);
    await port.reconcile([]);
    await port.status();
    await port.clear();
    expect(told).toEqual(["reconcile", "status", "clear"]);
  });
});

describe("turns", () => {
  it("run one at a time by name, in order, whatever fails", async () => {
    const turn = createTurns();
    const told: string[] = [];
    const work = (what: string, fails = false) =>
      turn(what.slice(0, 1), async () => {
        told.push(`${what} begins`);
        await new Promise(setImmediate);
        told.push(`${what} ends`);
        if (fails) throw new Error(what);
        return what;
      });
    const results = await Promise.allSettled([work("a1", true), work("a2"), work("b1")]);
    expect(results.map((result) => result.status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    expect(told.slice(0, 2)).toEqual(["a1 begins", "b1 begins"]);
    expect(told.filter((line) => line.startsWith("a"))).toEqual(["a1 begins", "a1 ends", "a2 begins", "a2 ends"]);
  });
});
