/** What a batch asks of the tables: nothing for who is known, and of a breaker's row one writer at a time. */
import { describe, expect, it } from "vitest";
import { ingestEvents } from "../../shared/app/ingest-events.ts";
import { createKnownBans } from "../../shared/app/known-bans.ts";
import { createTurns } from "../../shared/app/take-turns.ts";
import type { LogEvent } from "../../shared/core/filter/event.ts";
import { event, jail, rig } from "./rig.ts";

const attackers = (count: number, at = 0) =>
  Array.from({ length: 3 * count }, (_, nth) => event(at + nth, `web 192.0.2.${nth % count}`));

async function counting(frugal = true) {
  const made = await rig([jail("web")]);
  const calls: string[] = [];
  const watch = <T extends object>(name: string, port: T): T =>
    Object.fromEntries(
      Object.entries(port).map(([method, call]) => [
        method,
        (...args: unknown[]) => {
          calls.push(`${name}.${method}`);
          return call(...args);
        },
      ]),
    ) as T;
  const { windows, bans, offenders, breakers, totals } = made.deps;
  const deps = {
    ...made.deps,
    windows: watch("windows", windows),
    bans: watch("bans", bans),
    offenders: watch("offenders", offenders),
    breakers: watch("breakers", breakers),
    totals: watch("totals", totals),
    frugal,
  };
  const ingest = (events: readonly LogEvent[], more: Partial<typeof deps> = {}) =>
    made.state.batch(() => ingestEvents(events, { ...deps, ...more }));
  return { ...made, deps, calls, ingest };
}

describe("a batch", () => {
  it("of ids known to be banned asks nothing", async () => {
    const here = await counting();
    await here.ingest(attackers(3));
    here.calls.length = 0;
    const { found } = await here.ingest(attackers(3, 100));
    expect(found.length).toBe(9);
    expect(here.calls).toEqual([]);
  });

  it("of such ids still counts into the totals where writing is free", async () => {
    const here = await counting(false);
    await here.ingest(attackers(3));
    here.calls.length = 0;
    await here.ingest(attackers(3, 100));
    expect(here.calls).toEqual(["totals.add"]);
  });

  it("of ids that another process banned reads their windows once, and asks nothing the next time", async () => {
    const here = await counting();
    await here.ingest(attackers(3));
    const known = createKnownBans();
    here.calls.length = 0;
    await here.ingest(attackers(3, 100), { known });
    expect(here.calls).toEqual(["windows.load", "totals.add"]);
    here.calls.length = 0;
    await here.ingest(attackers(3, 200), { known });
    expect(here.calls).toEqual([]);
  });

  it("without a ban asks neither history nor breaker", async () => {
    const here = await counting();
    await here.ingest([event(0, "web 192.0.2.1"), event(1, "web 192.0.2.2")]);
    expect(here.calls).toEqual(["windows.load", "windows.save", "windows.save", "totals.add"]);
  });
});

describe("a breaker that trips", () => {
  it("is told of once, by the ban that was one too many", async () => {
    const here = await counting();
    const { tripped, verdicts } = await here.ingest(attackers(6), {
      bansPerMinute: 2,
      concurrency: 6,
      turn: createTurns(),
    });
    expect(tripped).toMatchObject([{ jail: "web", bans: 3 }]);
    // All six were placed side by side, before anybody could see it tripped.
    expect(verdicts.length).toBe(6);
  });

  it("is written without conflict by bans that are placed side by side", async () => {
    const here = await counting();
    await here.ingest(attackers(8), { concurrency: 8, turn: createTurns() });
    expect(here.calls.filter((call) => call === "breakers.save").length).toBe(8);
    expect((await here.state.breakers.load("web")).state).toMatchObject({ rate: [[0, 8]] });
  });
});
