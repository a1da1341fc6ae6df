import { describe, expect, it } from "vitest";
import { createSimulation } from "../../bench/simulation.ts";
import { paceCommands } from "../../shared/app/pace-commands.ts";
import { createTurns } from "../../shared/app/take-turns.ts";
import type { Target } from "../../shared/core/address.ts";
import type { HostChange } from "../../shared/core/firewall/change.ts";
import type { Fleet } from "../../shared/ports/fleet.ts";
import type { Pace } from "../../shared/ports/pace.ts";
import type { Pool } from "../../shared/ports/pool.ts";

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

const changes = (...targets: readonly string[]): HostChange[] =>
  targets.map((target) => ({ kind: "unban", jail: "web", target: target as Target, generation: 1 }));

/** Senders over one pool in memory, under a clock that moves when all of them wait. */
function together({ gap = 8_000, fails = (_: number): boolean => false } = {}) {
  let time = 0;
  const clock = {
    now: () => time,
    advance(duration: number) {
      time += duration;
    },
  };
  const simulation = createSimulation(clock);
  let leader: { who: string; until: number } | undefined;
  const deposits = new Map<string, readonly HostChange[]>();
  const pool: Pool = {
    async lead(who, now, until) {
      if (leader !== undefined && leader.who !== who && leader.until > now) return false;
      leader = { who, until };
      return true;
    },
    async begin(who) {
      if (leader?.who !== who) return false;
      leader = undefined;
      return true;
    },
    deposit: async ({ who, changes: left }) => void deposits.set(who, left),
    deposits: async () => [...deposits].map(([who, left]) => ({ who, changes: left })),
    remove: async (whose) => whose.forEach((who) => void deposits.delete(who)),
  };
  let next = 0;
  const pace: Pace = {
    async reserve(_, between, now, longest = Number.POSITIVE_INFINITY) {
      const slot = Math.max(next, now);
      if (slot - now > longest) return slot - now;
      next = slot + between;
      return slot - now;
    },
  };
  const sent: { at: number; targets: string[] }[] = [];
  let attempts = 0;
  const send = (who: string, longest = 60_000) =>
    paceCommands(
      {
        reconcile: async () => [],
        status: async () => [],
        clear: async () => [],
        apply: async (all) => {
          if (fails(attempts++)) throw new Error("SSM is down");
          sent.push({ at: time, targets: all.map(({ target }) => target) });
          return [{ kind: "sent", to: "all", command: "c" }];
        },
      },
      { pace, pool: { port: pool, who }, now: clock.now, wait: simulation.sleep, longest: () => longest, gap },
    );
  return { simulation, sent, send, pool, clock };
}

describe("senders that meet", () => {
  it("make one command of what they have while one of them waits", async () => {
    const { simulation, sent, send } = together();
    const sender = (who: string, at: number) => async () => {
      await simulation.sleep(at);
      await send(who).apply(changes(who));
    };
    await simulation.run([sender("a", 0), sender("b", 100), sender("c", 200), sender("d", 7_000), sender("e", 8_500)]);
    expect(sent).toEqual([
      { at: 0, targets: ["a"] },
      { at: 8_000, targets: ["c", "d", "b"] },
      { at: 16_000, targets: ["e"] },
    ]);
  });

  it("report to the leader only, and each stays until its changes are sent", async () => {
    const { simulation, send } = together();
    const ends: [string, number, number][] = [];
    const sender = (who: string, at: number) => async () => {
      await simulation.sleep(at);
      const reports = await send(who).apply(changes(who));
      ends.push([who, reports.length, Math.floor(at / 1_000)]);
    };
    await simulation.run([sender("a", 0), sender("b", 100), sender("c", 200)]);
    expect(ends.map(([who, reports]) => [who, reports])).toEqual([
      ["a", 1],
      ["b", 1],
      ["c", 0],
    ]);
  });

  it("go on without a leader that died, and lose nothing", async () => {
    const { simulation, sent, send, pool } = together();
    await pool.lead("dead", 0, 23_000);
    await pool.deposit({ who: "dead too", changes: changes("left") }, 0);
    await simulation.run([
      () =>
        send("a")
          .apply(changes("a"))
          .then(() => undefined),
    ]);
    expect(sent).toEqual([{ at: 23_000, targets: ["left", "a"] }]);
    expect(await pool.deposits()).toEqual([]);
  });

  it("keep what they left where the leader's command fails", async () => {
    const { simulation, sent, send } = together({ fails: (attempt) => attempt === 1 });
    const failed: string[] = [];
    const sender = (who: string, at: number) => async () => {
      await simulation.sleep(at);
      await send(who)
        .apply(changes(who))
        .catch(() => void failed.push(who));
    };
    await simulation.run([sender("a", 0), sender("b", 100), sender("c", 200)]);
    expect(failed).toEqual(["b"]);
    expect(sent).toEqual([
      { at: 0, targets: ["a"] },
      { at: 16_000, targets: ["c"] },
    ]);
  });

  it("give the lead back where they have no time", async () => {
    const { simulation, sent, send } = together();
    const told: string[] = [];
    await simulation.run([
      async () => {
        await send("a").apply(changes("a"));
        await send("b", 100)
          .apply(changes("b"))
          .catch((error: Error) => void told.push(error.message));
        await send("c").apply(changes("c"));
      },
    ]);
    expect(told).toEqual(["the next slot for a command is 8 s away"]);
    expect(sent).toEqual([
      { at: 0, targets: ["a"] },
      { at: 8_000, targets: ["c"] },
    ]);
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
