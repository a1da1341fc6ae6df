import { describe, expect, it } from "vitest";
import { UndecidedBatch } from "../../cli/engine/engine.ts";
import { showJail } from "../../shared/app/show-status.ts";
import { engineRig, events, JAILS, rulesetOf, START, settle } from "./engine-rig.ts";

const bad = (ip: string, times: number) => Array.from({ length: times }, () => `bad from ${ip}`);
const HOUR = 3_600_000;

describe("the engine", () => {
  it("bans, tells the firewall and the ban log, and ends the ban on time", async () => {
    const { engine, state, applied, written } = await engineRig();
    await engine.ingest(events(bad("192.0.2.1", 3)));
    await settle(engine, START + 3_000);
    expect(applied).toMatchObject([{ kind: "ban", jail: "web", target: "192.0.2.1", expiresAt: START + 2_000 + HOUR }]);
    await engine.sweep(START + HOUR);
    await settle(engine, START + HOUR);
    expect(applied).toHaveLength(1);
    await engine.sweep(START + HOUR + 2_000);
    await settle(engine, START + HOUR + 2_000);
    expect(applied[1]).toMatchObject({ kind: "unban", target: "192.0.2.1" });
    expect(written).toEqual([
      { kind: "ban", jail: "web", id: "192.0.2.1" },
      { kind: "unban", jail: "web", id: "192.0.2.1" },
    ]);
    const rules = engine.ruleset().rules.get("web")!;
    expect(await showJail(rules, [], START + HOUR + 2_000, state)).toMatchObject({
      filter: { totalFailed: 3 },
      actions: { currentlyBanned: 0, totalBanned: 1 },
    });
  });

  it("ignores whom ignoreip names", async () => {
    const { engine, applied } = await engineRig();
    const report = await engine.ingest(events(bad("10.1.2.3", 9)));
    await settle(engine, START);
    expect({ spared: report.spared.length, applied }).toEqual({ spared: 9, applied: [] });
  });

  it("counts the bans of other jails for recidive, without reading its own log's file", async () => {
    const { engine, written } = await engineRig();
    await engine.ingest(events(bad("192.0.2.1", 3)));
    await settle(engine, START);
    await engine.ingest(events(["worse from 192.0.2.1", "worse from 192.0.2.1"], START + 60_000));
    await settle(engine, START + 61_000);
    expect(written.map(({ kind, jail }) => `${kind} ${jail}`)).toEqual(["ban web", "ban deep", "ban recidive"]);
  });

  it("stores what belongs to a batch together with it, or not at all", async () => {
    const { engine, state } = await engineRig();
    await engine.ingest(events(bad("192.0.2.1", 2)), () => state.offsets.set("positions", "here"));
    expect([...(await state.offsets.all())]).toEqual([["positions", "here"]]);
  });

  it("stores nothing of a batch that it cannot decide, and bans when the batch comes again", async () => {
    const ruleset = await rulesetOf(`${JAILS}\n[named]\nmaxretry = 3\nignoreip = good.example.com\n`);
    const { engine, state, applied, broken } = await engineRig({ ruleset });
    const batch = events(bad("192.0.2.1", 3));
    broken.resolver = new Error("DNS is away");
    const save = () => state.offsets.set("positions", "here");
    await expect(engine.ingest(batch, save)).rejects.toThrow(UndecidedBatch);
    await settle(engine, START);
    expect({ applied, offsets: (await state.offsets.all()).size }).toEqual({ applied: [], offsets: 0 });
    delete broken.resolver;
    await engine.ingest(batch, save);
    await settle(engine, START + 3_000);
    expect(applied.map((change) => change.jail).sort()).toEqual(["named", "web"]);
  });

  it("acts again on what was not noted done: after a crash between the firewall and the note", async () => {
    const { engine, state, applied, broken } = await engineRig();
    await engine.ingest(events(bad("192.0.2.1", 3)));
    broken.fleet = new Error("killed");
    await expect(engine.act(START)).rejects.toThrow("killed");
    const next = await engineRig({ state });
    await settle(next.engine, START + 3_000);
    expect({ before: applied.length, after: next.applied.map((change) => change.target) }).toEqual({
      before: 0,
      after: ["192.0.2.1"],
    });
  });

  it("takes a new ruleset, and lets go who is ignored by it", async () => {
    const { engine, reconciled, applied } = await engineRig();
    await engine.ingest(events([...bad("192.0.2.1", 3), ...bad("192.0.2.2", 3)]));
    await settle(engine, START + 6_000);
    engine.use(await rulesetOf(JAILS.replace("ignoreip = 10.0.0.0/8", "ignoreip = 192.0.2.1")));
    const { standing, lifted } = await engine.restore(START + 7_000);
    await engine.reconcile(START + 7_000);
    await settle(engine, START + 7_000);
    expect(standing.map((ban) => ban.id)).toEqual(["192.0.2.2"]);
    expect(lifted.map((ban) => ban.id)).toEqual(["192.0.2.1"]);
    expect(reconciled.at(-1)?.map((ban) => ban.target)).toEqual(["192.0.2.2"]);
    expect(applied.at(-1)).toMatchObject({ kind: "unban", target: "192.0.2.1" });
  });

  it("leaves bans in force at a start without DNS, and says of which jail it cannot know who is ignored", async () => {
    const { state, engine } = await engineRig();
    await engine.ingest(events([...bad("192.0.2.1", 3), ...bad("192.0.2.2", 3)]));
    const named = JAILS.replace("ignoreip = 10.0.0.0/8", "ignoreip = good.example.com");
    const next = await engineRig({ state, ruleset: await rulesetOf(named) });
    next.broken.resolver = new Error("DNS is away");
    const { standing, lifted, doubts } = await next.engine.restore(START + 7_000);
    expect([standing.map((ban) => ban.id), lifted]).toEqual([["192.0.2.1", "192.0.2.2"], []]);
    expect([...doubts]).toMatchObject([["web", { code: "allowlist-unknown" }]]);
  });

  it("reads file: lists of ignoreip, and has no ruleset where one cannot be read", async () => {
    const jails = JAILS.replace("ignoreip = 10.0.0.0/8", "ignoreip = file:/etc/friends");
    const { engine } = await engineRig({ ruleset: await rulesetOf(jails, async () => "192.0.2.0/24 # office\n") });
    expect((await engine.ingest(events(bad("192.0.2.1", 3)))).spared).toHaveLength(3);
    await expect(
      rulesetOf(jails, async () => {
        throw new Error("EACCES");
      }),
    ).rejects.toThrow("EACCES");
  });
});
