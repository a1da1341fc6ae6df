/**
 * The promise of ingest, whatever happens around it: the same ids are banned, and nobody else.
 *
 * Lines come in any order (late by up to a findtime, and again much later), in any batches; batches are lost before they
 * are durable and come again; the process restarts; rows are swept and pruned meanwhile.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ingestEvents } from "../../shared/app/ingest-events.ts";
import { sweepExpired } from "../../shared/app/sweep-expired.ts";
import type { LogEvent } from "../../shared/core/filter/event.ts";
import { all } from "../contracts/subject.ts";
import { jail, rig } from "./rig.ts";

const IDS = [
  "192.0.2.1",
  "192.0.2.2",
  "2001:db8::1",
  "198.51.100.0/24",
  "203.0.113.1",
  "127.0.0.1",
  "10.9.9.9",
  "192.0.2.99",
];
/** Own, loopback, protected, and on ignoreip. */
const NEVER = new Set(["203.0.113.1", "127.0.0.1", "10.9.9.9", "192.0.2.99"]);
const JAILS = ["web", "ssh"];

interface Step {
  readonly events: readonly LogEvent[];
  readonly incident: "go on" | "lose the batch" | "restart" | "sweep and prune";
}
interface Case {
  readonly maxretry: number;
  readonly findtime: number;
  readonly bantime: number | "permanent";
  readonly events: readonly LogEvent[];
  readonly steps: readonly Step[];
}

const cases: fc.Arbitrary<Case> = fc
  .record({
    maxretry: fc.integer({ min: 1, max: 4 }),
    findtime: fc.integer({ min: 1, max: 30 }),
    bantime: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constant("permanent" as const)),
    lines: fc.array(
      fc.record({
        at: fc.nat(300),
        jail: fc.constantFrom(...JAILS),
        who: fc.constantFrom(...IDS),
        delay: fc.double({ min: 0, max: 1, noNaN: true }),
        again: fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { maxLength: 2 }),
      }),
      { maxLength: 60 },
    ),
    cuts: fc.array(
      fc.record({
        size: fc.integer({ min: 1, max: 25 }),
        incident: fc.constantFrom<Step["incident"]>("go on", "go on", "lose the batch", "restart", "sweep and prune"),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  })
  .map(({ lines, cuts, ...policy }) => {
    const events = lines.map(
      ({ at, jail: name, who }, nth): LogEvent => ({ id: `e${nth}`, stream: "s", at, text: `${name} ${who}` }),
    );
    const arrivals = lines
      .flatMap(({ at, delay, again }, nth) =>
        [delay, ...again].map((late) => ({ event: events[nth]!, when: at + late * policy.findtime })),
      )
      .sort((a, b) => a.when - b.when)
      .map(({ event }) => event);
    const steps: Step[] = [];
    for (let from = 0, nth = 0; from < arrivals.length; nth++) {
      const { size, incident } = cuts[nth % cuts.length]!;
      steps.push({ events: arrivals.slice(from, from + size), incident });
      from += size;
    }
    return { ...policy, events, steps };
  });

describe("ingest, against a reference that forgets nothing", () => {
  it("bans exactly the ids that fail maxretry times within findtime, whatever happens, and every ban ends", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (each) => {
        const { banned, left } = await live(each);
        expect([...banned].sort()).toEqual([...reference(each)].sort());
        expect(left).toBe(each.bantime === "permanent" ? banned.size : 0);
      }),
      { numRuns: 400 },
    );
  }, 120_000);
});

async function live({ steps, ...policy }: Case) {
  const jails = JAILS.map((name) => jail(name, { ...policy, ignoreip: ["192.0.2.99"] }));
  let { state, deps } = await rig(jails);
  const decided = new Set<string>();
  let newest = 0;
  for (const { events, incident } of steps) {
    const feed = async () => {
      const report = await ingestEvents(events, deps);
      expect(report.failed).toEqual([]);
      return report;
    };
    if (incident === "lose the batch") {
      const lost = state.batch(async () => {
        await feed();
        throw new Error("killed before the write");
      });
      await expect(lost).rejects.toThrow("killed");
      // What a process knows of bans dies with it.
      deps = (await rig(jails, {}, state)).deps;
    }
    for (const verdict of (await state.batch(feed)).verdicts) {
      if (verdict.kind === "banned" || verdict.kind === "over") decided.add(`${verdict.ban.jail} ${verdict.ban.id}`);
      expect(verdict.kind).not.toBe("held");
    }
    newest = events.reduce((latest, event) => Math.max(latest, event.at), newest);
    if (incident === "restart") deps = (await rig(jails, {}, state)).deps;
    if (incident !== "sweep and prune") continue;
    await state.batch(() => sweepExpired(newest, state));
    await state.batch(() => state.prune(newest, 1_000));
  }
  await state.batch(() => sweepExpired(newest + 1_000, state));
  const rows = await Promise.all(JAILS.map((name) => all(state.bans.inJail(name))));
  return { banned: decided, left: rows.flat().length };
}

function reference({ events, maxretry, findtime }: Case): ReadonlySet<string> {
  const banned = new Set<string>();
  for (const text of new Set(events.map((event) => event.text))) {
    if (NEVER.has(text.split(" ")[1]!)) continue;
    const times = events.filter((event) => event.text === text).map((event) => event.at);
    const complete = times.some((last) => times.filter((at) => at <= last && last - at < findtime).length >= maxretry);
    if (complete) banned.add(text);
  }
  return banned;
}
