/** Jails that need earlier lines, through the whole use case: batches, conflicts, redelivery, and who is never asked. */
import { describe, expect, it } from "vitest";
import { ingestEvents } from "../../shared/app/ingest-events.ts";
import type { JailConfig } from "../../shared/core/config/model.ts";
import type { LogEvent } from "../../shared/core/filter/event.ts";
import { createMatcher } from "../../shared/core/filter/matcher.ts";
import { PortError } from "../../shared/ports/failure.ts";
import type { LineStates } from "../../shared/ports/line-states.ts";
import { CONNECTIONS } from "../core/filter/connection-filters.ts";
import { jailOf } from "../support/jail.ts";
import { rig } from "./rig.ts";

const connection = jailOf({ ...CONNECTIONS, name: "conn", maxretry: 2 });
const single = jailOf({ name: "line", failregex: ["^denied <HOST>$"], datepattern: ["{NONE}"], maxretry: 2 });

function line(text: string, second: number): LogEvent {
  return { id: `${second} ${text}`, stream: "host-1", at: 1_000_000 + second * 1_000, text };
}

async function world(jails: readonly JailConfig[] = [connection, single]) {
  const { state, deps } = await rig(jails);
  const { matcher } = createMatcher(jails, { localOffset: () => 0 });
  const ingest = (events: readonly LogEvent[], lineStates: LineStates = deps.lineStates) =>
    state.batch(() => ingestEvents(events, { ...deps, matcher, lineStates }));
  const stateOf = async () => (await state.lineStates.load([{ jail: "conn", stream: "host-1" }]))[0]!;
  return { state, ingest, stateOf, deps };
}

const kinds = (report: Awaited<ReturnType<typeof ingestEvents>>) => report.verdicts.map(({ kind }) => kind);

describe("a jail that needs earlier lines", () => {
  it("bans across batches, and its tallies say so", async () => {
    const { ingest } = await world();
    const first = await ingest([line("c1: failed", 1), line("c2: failed", 2)]);
    expect([first.found, kinds(first)]).toEqual([[], []]);
    const second = await ingest([line("c1: hello from 192.0.2.1", 3)]);
    expect(second.found.length).toBe(1);
    const third = await ingest([line("c2: hello from 192.0.2.1", 4), line("denied 192.0.2.7", 4)]);
    expect(kinds(third)).toEqual(["banned"]);
    expect(third.match.tallies.get("conn")).toMatchObject({ matched: 1 });
    expect(third.match.failures.map(({ jail }) => jail).sort()).toEqual(["conn", "line"]);
  });

  it("counts nothing twice when batches come again", async () => {
    const { ingest, stateOf, state } = await world();
    const batches = [[line("c1: failed", 1)], [line("c1: hello from 192.0.2.1", 2)]];
    for (const batch of [...batches, ...batches, batches[1]!]) expect(kinds(await ingest(batch))).toEqual([]);
    expect((await stateOf()).version).toBe(2);
    expect((await state.totals.read()).get("conn")).toMatchObject({ failed: 1, banned: 0 });
  });

  it("remembers nothing of a batch that has to come again", async () => {
    const { deps, ingest, stateOf, state } = await world();
    const silent = { ...deps.windows, load: deps.windows.load, save: () => Promise.reject(new Error("no answer")) };
    const { matcher } = createMatcher([connection], { localOffset: () => 0 });
    const batch = [line("c1: failed from 192.0.2.1", 1)];
    const report = await state.batch(() => ingestEvents(batch, { ...deps, matcher, windows: silent }));
    expect(report.failed.length).toBe(1);
    expect((await stateOf()).version).toBe(0);
    expect((await ingest(batch)).found.length).toBe(1);
    expect((await stateOf()).version).toBe(1);
  });

  it("goes on from what another batch left where that was faster, and judges only what is new", async () => {
    const { ingest, state, stateOf } = await world();
    let raced = false;
    const contested: LineStates = {
      load: (keys) => state.lineStates.load(keys),
      async save(...saved) {
        if (!raced) {
          raced = true;
          const [key, , version] = saved;
          const { matcher } = createMatcher([connection], { localOffset: () => 0 });
          const [other] = matcher.match([line("c1: failed", 1)]).threads;
          await state.lineStates.save(key, other!.resume((await stateOf()).state).state, version, 9_999_999);
        }
        return state.lineStates.save(...saved);
      },
    };
    const report = await ingest([line("c1: hello from 192.0.2.1", 2), line("c2: failed from 192.0.2.2", 2)], contested);
    expect(raced).toBe(true);
    expect(report.found.map(({ id }) => id)).toEqual(["192.0.2.2", "192.0.2.1"]);
    expect(report.match.failures.length).toBe(2);
    expect((await state.totals.read()).get("conn")).toMatchObject({ failed: 2 });
    expect((await stateOf()).version).toBe(2);
  });

  it("gives up on a state that never rests, and the batch comes again", async () => {
    const { ingest, state } = await world();
    const restless: LineStates = { load: (keys) => state.lineStates.load(keys), save: async () => "conflict" };
    const given = await ingest([line("c1: failed", 1)], restless).catch((error: unknown) => error);
    expect(given).toBeInstanceOf(PortError);
    expect((given as PortError).code).toBe("too-busy");
  });

  it("costs nothing where no line concerns it", async () => {
    const { ingest } = await world();
    const forbidden: LineStates = {
      load: () => Promise.reject(new Error("asked")),
      save: () => Promise.reject(new Error("asked")),
    };
    const report = await ingest([line("denied 192.0.2.7", 1), line("c1: of no concern", 2)], forbidden);
    expect(report.found.length).toBe(1);
  });
});

describe("old states", () => {
  it("are forgotten with the other rows", async () => {
    const { ingest, state, stateOf } = await world();
    await ingest([line("c1: failed", 1)]);
    const forgetAt = 1_001_000 + 3_600_000;
    expect(await state.batch(() => state.prune(forgetAt - 1, 100))).toBe(0);
    expect(await state.batch(() => state.prune(forgetAt, 100))).toBe(1);
    expect((await stateOf()).version).toBe(0);
  });
});

describe("searches that were given up", () => {
  it("are counted by the metric, with those of threads", async () => {
    const costly = "^<HOST> (?:(a+)(?:\\1|a))+$";
    const jails = ["one", "many"].map((name) =>
      jailOf({ name, failregex: [costly], datepattern: ["{NONE}"], maxlines: name === "one" ? 1 : 2 }),
    );
    const { state, deps } = await rig(jails);
    const { matcher } = createMatcher(jails, { localOffset: () => 0 });
    const counted: unknown[][] = [];
    const metrics = { ...deps.metrics, count: (...given: unknown[]) => void counted.push(given) };
    await state.batch(() => ingestEvents([line(`192.0.2.1 ${"a".repeat(3_000)}b`, 1)], { ...deps, matcher, metrics }));
    expect(
      counted.filter(([name]) => name === "BudgetsExceeded").map(([, by, jail]) => [jail, Number(by) > 0]),
    ).toEqual([
      ["one", true],
      ["many", true],
    ]);
  });
});
