import { describe, expect, it } from "vitest";
import { type BanRequest, banManually } from "../../shared/app/ban-manually.ts";
import { ingestEvents } from "../../shared/app/ingest-events.ts";
import { releaseHeld } from "../../shared/app/release-held.ts";
import { addIgnored, ignoredWords, removeIgnored, setIdle } from "../../shared/app/set-allowlist.ts";
import { type UnbanRequest, unban } from "../../shared/app/unban.ts";
import { createNeverBan } from "../../shared/core/detect/never-ban.ts";
import { sampleBan } from "../contracts/samples.ts";
import { all } from "../contracts/subject.ts";
import { incrementOf } from "../support/jail.ts";
import { event, id, jail, type Rig, rig } from "./rig.ts";

const HOUR = 3_600_000;
const attacker = "192.0.2.1";
const increment = incrementOf();

async function world() {
  const made = await rig([jail("web", { increment, ignoreip: ["198.51.100.0/24", "office.test"] }), jail("ssh")]);
  const deps = {
    ...made.deps,
    control: made.state.control,
    neverBan: createNeverBan([id("203.0.113.1")], [id("10.0.0.0/8")]),
  };
  const rules = (name: string) => made.deps.rules.get(name)!;
  return {
    ...made,
    deps,
    attack: (at: number, who = attacker, times = 3) =>
      made.state.batch(() =>
        ingestEvents(
          Array.from({ length: times }, (_, n) => event(at + n, `web ${who}`)),
          deps,
        ),
      ),
    ban: (request: Partial<BanRequest> & { ids: BanRequest["ids"] }) =>
      made.state.batch(() => banManually({ rules: rules("web"), at: 0, actor: "ann", ...request }, deps)),
    unban: (request: Partial<UnbanRequest> & { ids: UnbanRequest["ids"] }) =>
      made.state.batch(() => unban({ rules: rules("web"), at: HOUR, ...request }, deps)),
    ignore: (words: string[], how = addIgnored, name = "web") =>
      made.state.batch(() => how({ rules: rules(name), words, actor: "ann", at: 0 }, deps)),
    release: (verdict: "ban" | "let-go", at: number) =>
      made.state.batch(() => releaseHeld({ rules: rules("web"), at, verdict }, deps)),
    rules,
  };
}

const banned = async ({ state }: Rig, name = "web") => (await all(state.bans.inJail(name))).map((ban) => ban.id);

describe("banip", () => {
  it("bans, asking no ignoreip, and names who asked", async () => {
    const here = await world();
    const [result] = await here.ban({ ids: [id("198.51.100.5")], at: 50 });
    expect(result).toMatchObject({
      kind: "banned",
      ban: { since: 50, expiresAt: 50 + HOUR, actor: "ann", failures: 0, count: 1 },
    });
  });

  it("takes networks, and a bantime of its own", async () => {
    const here = await world();
    const results = await here.ban({ ids: [id("198.51.100.5/24"), id("2001:db8::/64")], bantime: "permanent" });
    expect(results).toMatchObject([
      { ban: { id: "198.51.100.0/24", expiresAt: undefined } },
      { ban: { id: "2001:db8::/64" } },
    ]);
  });

  it.each([
    { name: "loopback", who: "127.0.0.1", force: false, reason: "loopback" },
    { name: "loopback even by force: no host takes it", who: "127.0.0.1", force: true, reason: "loopback" },
    { name: "its own address", who: "203.0.113.1", force: false, reason: "own" },
    { name: "a network that holds its own address", who: "203.0.113.0/28", force: false, reason: "own" },
    { name: "a protected network", who: "10.0.0.1", force: false, reason: "protected" },
    { name: "the world", who: "0.0.0.0/0", force: true, reason: "unspecified" },
  ])("refuses $name", async ({ who, force, reason }) => {
    const here = await world();
    expect(await here.ban({ ids: [id(who), id(attacker)], force })).toMatchObject([
      { kind: "refused", id: who, reason },
      { kind: "banned" },
    ]);
    expect(await banned(here)).toEqual([attacker]);
  });

  it.each(["203.0.113.1", "10.0.0.1"])("bans %s by force", async (who) => {
    const here = await world();
    expect(await here.ban({ ids: [id(who)], force: true })).toMatchObject([{ kind: "banned" }]);
  });

  it("prolongs a ban, which counts as one, and never shortens it", async () => {
    const here = await world();
    await here.ban({ ids: [id(attacker)], at: 100 });
    expect(await here.ban({ ids: [id(attacker)], at: 200, bantime: 1 })).toMatchObject([{ kind: "standing" }]);
    expect(await here.ban({ ids: [id(attacker)], at: 300, bantime: 2 * HOUR })).toMatchObject([
      {
        kind: "prolonged",
        ban: { since: 100, expiresAt: 300 + 2 * HOUR, count: 1 },
        previous: { expiresAt: 100 + HOUR },
      },
    ]);
    expect((await here.state.offenders.history(id(attacker)))[0]).toMatchObject({ count: 1, until: 300 + 2 * HOUR });
  });

  it("settles the failures of its time", async () => {
    const here = await world();
    await here.attack(0, attacker, 2);
    await here.ban({ ids: [id(attacker)], at: 10 });
    expect((await here.attack(20)).verdicts).toEqual([]);
    expect((await here.attack(10 + HOUR, attacker, 2)).verdicts).toEqual([]);
  });

  it("settles failures from before that come late, also of who had no window yet", async () => {
    const here = await world();
    await here.ban({ ids: [id(attacker)], at: 1_000 });
    expect((await here.state.windows.load([{ jail: "web", id: id(attacker) }]))[0]!.version).toBe(0);
    // Another process than the one that banned knows nothing of it.
    here.deps.known.forget({ jail: "web", id: id(attacker) });
    expect((await here.attack(500)).verdicts).toMatchObject([{ kind: "settled" }]);
    const after = await here.attack(1_000 + HOUR, attacker, 2);
    expect(after.verdicts).toEqual([]);
  });

  it("takes many side by side, each once, with the results in their order, and tells how far it is", async () => {
    const here = await world();
    const list = Array.from({ length: 250 }, (_, nth) => id(`198.18.${nth >> 8}.${nth & 255}`));
    let [now, most] = [0, 0];
    const bans = {
      ...here.deps.bans,
      async put(...given: Parameters<typeof here.deps.bans.put>) {
        now += 1;
        most = Math.max(most, now);
        await new Promise((wake) => setImmediate(wake));
        now -= 1;
        return here.deps.bans.put(...given);
      },
    };
    const told: string[] = [];
    const progress = (done: number, total: number) => void told.push(`${done}/${total}`);
    const request = { rules: here.rules("web"), ids: [...list, list[3]!], at: 0, actor: "ann" };
    const results = await here.state.batch(() =>
      banManually(request, { ...here.deps, bans, concurrency: 8, progress }),
    );
    expect(results.map((result) => (result.kind === "banned" ? result.ban.id : result.kind))).toEqual(list);
    expect(most).toBe(8);
    expect(told).toHaveLength(250);
    expect(told.at(-1)).toBe("250/250");
  });

  it("stops at a failure, keeps what was done, and goes on when it is asked again", async () => {
    const here = await world();
    const list = Array.from({ length: 40 }, (_, nth) => id(`198.18.0.${nth}`));
    let puts = 0;
    const bans = {
      ...here.deps.bans,
      async put(...given: Parameters<typeof here.deps.bans.put>) {
        puts += 1;
        if (puts === 20) throw new Error("the table is gone");
        return here.deps.bans.put(...given);
      },
    };
    const request = { rules: here.rules("ssh"), ids: list, at: 0, actor: "ann" };
    const some = here.state.batch(() =>
      banManually(request, { ...here.deps, bans, concurrency: 4 }).catch((error: Error) => error.message),
    );
    expect(await some).toBe("the table is gone");
    const done = (await banned(here, "ssh")).length;
    expect(done).toBeGreaterThanOrEqual(19);
    expect(done).toBeLessThan(24);
    const again = await here.ban({ rules: here.rules("ssh"), ids: list });
    expect(again.filter(({ kind }) => kind === "standing")).toHaveLength(done);
    expect(await banned(here, "ssh")).toHaveLength(40);
  });

  it("counts for bantime.increment", async () => {
    const here = await world();
    await here.ban({ ids: [id(attacker)], at: 0 });
    expect(await here.ban({ ids: [id(attacker)], at: 2 * HOUR })).toMatchObject([
      { ban: { count: 2, expiresAt: 4 * HOUR } },
    ]);
  });
});

describe("unban", () => {
  it("lifts the ban, and forgets what was counted: failures, history, and what comes late", async () => {
    const here = await world();
    await here.attack(0);
    expect(await here.unban({ ids: [id(attacker)], at: 1000 })).toMatchObject({
      lifted: [{ id: attacker }],
      absent: [],
    });
    expect(await banned(here)).toEqual([]);
    expect((await here.attack(500)).verdicts).toEqual([]);
    expect((await here.attack(1000)).verdicts).toMatchObject([
      { kind: "banned", ban: { count: 1, expiresAt: 1002 + HOUR } },
    ]);
  });

  it("gives the next ban a greater generation, so that hosts see it as later", async () => {
    const here = await world();
    await here.ban({ ids: [id(attacker)], at: 5000 });
    await here.unban({ ids: [id(attacker)], at: 5000 });
    const again = [1, 2, 3].map(() => event(5000, `web ${attacker}`));
    const { verdicts } = await here.state.batch(() => ingestEvents(again, here.deps));
    expect(verdicts).toMatchObject([{ kind: "banned", ban: { since: 5000, generation: 5001 } }]);
    await here.unban({ ids: [id(attacker)], at: 5000 });
    expect(await here.ban({ ids: [id(attacker)], at: 5000 })).toMatchObject([
      { kind: "banned", ban: { generation: 5002 } },
    ]);
  });

  /** The function that banned died before it noted the ban; its batch comes again later. */
  const unnoted = async () => {
    const here = await world();
    const events = [1000, 1001, 1002].map((at) => event(at, `web ${attacker}`));
    const record = () => Promise.reject(new Error("died"));
    const died = { ...here.deps, offenders: { ...here.state.offenders, record } };
    const { failed } = await here.state.batch(() => ingestEvents(events, died));
    expect([failed.length, await banned(here)]).toEqual([1, [attacker]]);
    return { ...here, again: () => here.state.batch(() => ingestEvents(events, here.deps)) };
  };

  it("pardons who was banned by a function that died before it noted that, though enforce notes it later", async () => {
    const here = await unnoted();
    const [ban] = await here.state.bans.ofId(id(attacker));
    await here.unban({ ids: [id("192.0.2.0/24")], at: 2000 });
    await here.state.batch(() => here.state.offenders.record(ban!));
    expect(await here.state.offenders.history(id(attacker))).toMatchObject([{ count: 0, until: 2000 }]);
    const { verdicts } = await here.attack(3000);
    expect(verdicts).toMatchObject([{ kind: "banned", ban: { since: 3002, count: 1 } }]);
  });

  it("makes no second ban of one generation, though it dies itself when the row is gone", async () => {
    const here = await unnoted();
    const ids = [id("192.0.2.0/24")];
    const drop = () => Promise.reject(new Error("died"));
    const died = { ...here.deps, holds: { ...here.state.holds, drop } };
    await here.state.batch(async () => {
      await expect(unban({ rules: here.rules("web"), at: 2000, ids }, died)).rejects.toThrow("died");
    });
    // The row by which the network finds its member is gone.
    expect(await here.unban({ ids, at: 2500 })).toEqual({ lifted: [], absent: ids });
    const { verdicts } = await here.again();
    expect(verdicts).toMatchObject([{ kind: "settled" }]);
    expect(await banned(here)).toEqual([]);
  });

  it.each(["single", "network", "all"])("lifts a ban that is prolonged meanwhile, asked for by %s", async (way) => {
    const here = await world();
    const { bans } = here.state;
    await here.ban({ ids: [id(attacker)], at: 0 });
    const lift: typeof bans.lift = async (ban, at) => {
      const [row] = await bans.ofId(id(attacker));
      if (row?.expiresAt === HOUR) await bans.put({ ...row, expiresAt: 9 * HOUR }, row.generation);
      return bans.lift(ban, at);
    };
    const ids = { single: [id(attacker)], network: [id("192.0.2.0/24")], all: "all" as const }[way]!;
    const found = await here.state.batch(() =>
      unban({ rules: here.rules("web"), at: 1000, ids }, { ...here.deps, bans: { ...bans, lift } }),
    );
    expect(found.lifted.map((ban) => ban.id)).toEqual([attacker]);
    expect(await banned(here)).toEqual([]);
  });

  it("lifts what a batch makes of failures from before, while they are being forgotten", async () => {
    const here = await world();
    const { bans, offenders } = here.state;
    const late = [sampleBan({ jail: "web", id: id(attacker), since: 900, expiresAt: HOUR })];
    const pardon: typeof offenders.pardon = async (key, at) => {
      await offenders.pardon(key, at);
      for (const ban of late.splice(0)) await bans.put(ban);
    };
    const found = await here.state.batch(() =>
      unban(
        { rules: here.rules("web"), at: 1000, ids: [id(attacker)], immune: HOUR },
        { ...here.deps, offenders: { ...offenders, pardon } },
      ),
    );
    expect(found).toMatchObject({ lifted: [{ id: attacker, since: 900 }], absent: [] });
    expect(await banned(here)).toEqual([]);
  });

  it("leaves a ban that begins after it was asked", async () => {
    const here = await world();
    const { offenders } = here.state;
    const pardon: typeof offenders.pardon = async (key, at) => {
      await offenders.pardon(key, at);
      await here.state.bans.put(sampleBan({ ...key, since: 1000, expiresAt: HOUR }));
    };
    const found = await here.state.batch(() =>
      unban(
        { rules: here.rules("web"), at: 1000, ids: [id(attacker)] },
        { ...here.deps, offenders: { ...offenders, pardon } },
      ),
    );
    expect(found).toEqual({ lifted: [], absent: [attacker] });
    expect(await banned(here)).toEqual([attacker]);
  });

  it("frees the members of a network, and the network", async () => {
    const here = await world();
    await here.ban({ ids: ["192.0.2.1", "192.0.2.200", "192.0.2.0/25", "192.0.3.1", "192.0.0.0/16"].map(id) });
    const { lifted, absent } = await here.unban({ ids: [id("192.0.2.0/24")], at: 1 });
    expect(lifted.map((ban) => ban.id).sort()).toEqual(["192.0.2.0/25", "192.0.2.1", "192.0.2.200"]);
    expect(absent).toEqual([]);
    expect((await banned(here)).sort()).toEqual(["192.0.0.0/16", "192.0.3.1"]);
  });

  it("does not free an address by a network that holds it", async () => {
    const here = await world();
    await here.ban({ ids: [id("192.0.2.0/24")] });
    expect(await here.unban({ ids: [id("192.0.2.1")] })).toEqual({ lifted: [], absent: ["192.0.2.1"] });
  });

  it("of all frees all, in its jail", async () => {
    const here = await world();
    await here.ban({ ids: ["192.0.2.1", "192.0.2.2"].map(id) });
    await here.ban({ ids: [id("192.0.2.3")], rules: here.rules("ssh") });
    expect((await here.unban({ ids: "all", at: 1 })).lifted.length).toBe(2);
    expect((await all(here.state.bans.inJail("ssh"))).length).toBe(1);
  });

  it("of who is not banned says so, and forgets the failures all the same", async () => {
    const here = await world();
    await here.attack(0, attacker, 2);
    expect(await here.unban({ ids: [id(attacker)], at: 10 })).toEqual({ lifted: [], absent: [attacker] });
    expect((await here.attack(20, attacker, 2)).verdicts).toEqual([]);
  });

  it("with immunity bans nobody until that is over", async () => {
    const here = await world();
    await here.attack(0);
    await here.unban({ ids: [id(attacker)], at: 100, immune: HOUR });
    expect((await here.attack(HOUR + 97)).verdicts).toEqual([]);
    expect((await here.attack(HOUR + 100)).verdicts).toMatchObject([{ kind: "banned" }]);
  });
});

describe("addignoreip and delignoreip", () => {
  it("add a word that holds at once, in its jail only", async () => {
    const here = await world();
    expect(await here.ignore(["192.0.2.9/24", "New.Test"])).toEqual({
      kind: "changed",
      words: ["198.51.100.0/24", "office.test", "192.0.2.0/24", "new.test"],
    });
    expect((await here.attack(0)).spared.length).toBe(3);
    expect(await ignoredWords(here.rules("ssh"), here.state.control)).toEqual([]);
  });

  it("take a configured word back, and give it again", async () => {
    const here = await world();
    expect(await here.ignore(["198.51.100.77/24"], removeIgnored)).toEqual({ kind: "changed", words: ["office.test"] });
    expect((await here.attack(0, "198.51.100.5")).verdicts.length).toBe(1);
    expect(await here.ignore(["198.51.100.0/24"])).toMatchObject({ words: ["198.51.100.0/24", "office.test"] });
    expect((await here.attack(0, "198.51.100.6")).verdicts.length).toBe(0);
    expect(await here.state.control.entries()).toEqual([]);
  });

  it("refuse nonsense, and do nothing then", async () => {
    const here = await world();
    expect(await here.ignore(["192.0.2.1", "999.1.1.1", "#"])).toEqual({
      kind: "refused",
      unknown: ["999.1.1.1", "#"],
    });
    expect(await here.ignore(["192.0.2.1"], removeIgnored)).toEqual({ kind: "absent", missing: ["192.0.2.1"] });
    expect(await here.state.control.entries()).toEqual([]);
  });

  it("idle a jail, and wake it", async () => {
    const here = await world();
    await here.state.batch(() => setIdle({ jail: "web", idle: true, actor: "ann", at: 0 }, here.state));
    expect((await here.attack(0)).verdicts).toEqual([]);
    await here.state.batch(() => setIdle({ jail: "web", idle: false, actor: "ann", at: 0 }, here.state));
    expect((await here.attack(0)).verdicts.length).toBe(1);
  });
});

describe("what a breaker held", () => {
  async function tripped() {
    const here = await world();
    const limited = { ...here.deps, bansPerMinute: 1 };
    const events = [1, 2, 3].flatMap((n) => [0, 1, 2].map((at) => event(at, `web 192.0.2.${n}`)));
    await here.state.batch(() => ingestEvents(events, limited));
    expect(await banned(here)).toEqual(["192.0.2.1", "192.0.2.2"]);
    return here;
  }

  it("is banned after all", async () => {
    const here = await tripped();
    expect(await here.release("ban", 100)).toMatchObject({ banned: [{ id: "192.0.2.3" }], dropped: [] });
    expect(await banned(here)).toEqual(["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
    expect((await here.state.breakers.load("web")).state.kind).toBe("armed");
    expect(await all(here.state.holds.inJail("web"))).toEqual([]);
  });

  it.each(["ban", "let-go"] as const)(
    "is settled by %s too where it was held while the rest was settled",
    async (verdict) => {
      const here = await tripped();
      const { breakers, holds } = here.state;
      const late = [sampleBan({ jail: "web", id: id("192.0.2.4"), since: 50, expiresAt: HOUR })];
      const load: typeof breakers.load = async (name) => {
        for (const ban of late.splice(0)) await holds.hold(ban);
        return breakers.load(name);
      };
      const found = await here.state.batch(() =>
        releaseHeld({ rules: here.rules("web"), at: 100, verdict }, { ...here.deps, breakers: { ...breakers, load } }),
      );
      expect([...found.banned, ...found.dropped].map((ban) => ban.id)).toEqual(["192.0.2.3", "192.0.2.4"]);
      expect(await all(holds.inJail("web"))).toEqual([]);
    },
  );

  it("is banned where a person let the jail go on just before it was held", async () => {
    const here = await tripped();
    const { holds } = here.state;
    const hold: typeof holds.hold = async (ban) => {
      await releaseHeld({ rules: here.rules("web"), at: 100, verdict: "let-go" }, here.deps);
      await holds.hold(ban);
    };
    const events = [0, 1, 2].map((at) => event(at, "web 192.0.2.4"));
    const deps = { ...here.deps, holds: { ...holds, hold } };
    const { verdicts } = await here.state.batch(() => ingestEvents(events, deps));
    expect(verdicts).toMatchObject([{ kind: "banned", ban: { id: "192.0.2.4" } }]);
    expect(await all(holds.inJail("web"))).toEqual([]);
  });

  it.each([
    { name: "let go", verdict: "let-go" as const, at: 100 },
    { name: "let go where it is over", verdict: "ban" as const, at: 2 * HOUR },
  ])("is $name, and the jail counts again", async ({ verdict, at }) => {
    const here = await tripped();
    expect(await here.release(verdict, at)).toMatchObject({ banned: [], dropped: [{ id: "192.0.2.3" }] });
    expect((await here.attack(at, "192.0.2.3")).verdicts).toMatchObject([{ kind: "banned" }]);
  });
});
