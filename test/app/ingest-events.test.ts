import { describe, expect, it } from "vitest";
import { ingestEvents } from "../../shared/app/ingest-events.ts";
import type { Verdict } from "../../shared/app/place-ban.ts";
import type { LogEvent } from "../../shared/core/filter/event.ts";
import { all } from "../contracts/subject.ts";
import { incrementOf } from "../support/jail.ts";
import { event, id, jail, type Rig, rig } from "./rig.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const attacker = "192.0.2.1";

/** Failures of one id in "web", one a minute from `minute` on. */
function attack(minute = 0, times = 3, who = attacker): LogEvent[] {
  return Array.from({ length: times }, (_, n) => event((minute + n) * MINUTE, `web ${who}`));
}

async function feed({ state, deps }: Rig, ...events: LogEvent[]) {
  return state.batch(() => ingestEvents(events, deps));
}

const kinds = (report: { readonly verdicts: readonly Verdict[] }) => report.verdicts.map((verdict) => verdict.kind);

describe("ingest bans", () => {
  it("an id on its maxretry-th failure, with what explains it", async () => {
    const world = await rig([jail("web", { maxmatches: 2 })]);
    const report = await feed(world, ...attack());
    expect(report.failed).toEqual([]);
    expect(report.verdicts).toEqual([
      {
        kind: "banned",
        ban: {
          id: attacker,
          jail: "web",
          since: 2 * MINUTE,
          expiresAt: 62 * MINUTE,
          generation: 2 * MINUTE,
          count: 1,
          failures: 3,
          matches: [`web ${attacker}`, `web ${attacker}`],
          source: "host-1",
          actor: "fleet2ban",
          ruleset: "ruleset-1",
        },
      },
    ]);
    expect(await world.state.journal.pending(10)).toEqual([
      { sequence: 1, change: { kind: "banned", ban: bansIn(report)[0] } },
    ]);
  });

  it("by failures of several batches", async () => {
    const world = await rig([jail("web")]);
    for (const each of attack(0, 2)) expect(kinds(await feed(world, each))).toEqual([]);
    expect(kinds(await feed(world, ...attack(2, 1)))).toEqual(["banned"]);
  });

  it("nobody twice for the same lines, in the same batch or another", async () => {
    const world = await rig([jail("web")]);
    const [one, two] = attack(0, 2) as [LogEvent, LogEvent];
    expect(kinds(await feed(world, one, two, one, two))).toEqual([]);
    expect(kinds(await feed(world, two, one))).toEqual([]);
    expect(kinds(await feed(world, ...attack(2, 1), one))).toEqual(["banned"]);
  });

  it("again after the ban's end, but not for failures within it", async () => {
    const world = await rig([jail("web")]);
    await feed(world, ...attack());
    expect(kinds(await feed(world, ...attack(10, 30)))).toEqual([]);
    expect(kinds(await feed(world, ...attack(60, 2), ...attack(62, 2)))).toEqual([]);
    expect(kinds(await feed(world, ...attack(64, 1)))).toEqual(["banned"]);
  });

  it("each jail for itself", async () => {
    const world = await rig([jail("web"), jail("ssh")]);
    const mixed = attack(0, 4).map((each, n) => ({ ...each, text: `${n % 2 === 0 ? "web" : "ssh"} ${attacker}` }));
    expect(kinds(await feed(world, ...mixed))).toEqual([]);
  });

  it("for ever where bantime says so", async () => {
    const world = await rig([jail("web", { bantime: "permanent" })]);
    expect(bansIn(await feed(world, ...attack()))[0]!.expiresAt).toBeUndefined();
    expect(kinds(await feed(world, ...attack(1_000_000)))).toEqual([]);
  });

  it("a network that the filter found", async () => {
    const world = await rig([jail("web")]);
    expect(bansIn(await feed(world, ...attack(0, 3, "198.51.100.7/24")))[0]!.id).toBe("198.51.100.0/24");
  });

  it("for longer each time, as bantime.increment says", async () => {
    const increment = incrementOf();
    const world = await rig([jail("web", { increment })]);
    const hours: number[] = [];
    for (let minute = 0; hours.length < 4; minute += 24 * 60) {
      const [ban] = bansIn(await feed(world, ...attack(minute)));
      hours.push((ban!.expiresAt! - ban!.since) / HOUR);
      expect(ban!.count).toBe(hours.length);
    }
    expect(hours).toEqual([1, 2, 4, 8]);
  });

  it.each([
    { overalljails: false, count: 1 },
    { overalljails: true, count: 2 },
  ])("counting other jails' bans where overalljails = $overalljails", async ({ overalljails, count }) => {
    const increment = incrementOf({ overalljails });
    const world = await rig([jail("web", { increment }), jail("ssh", { increment })]);
    await feed(world, ...attack());
    const others = attack(5).map((each) => ({ ...each, text: `ssh ${attacker}` }));
    expect(bansIn(await feed(world, ...others))[0]!.count).toBe(count);
  });

  it("the same time for the same ban, rndtime and all", async () => {
    const increment = incrementOf({ multipliers: [1, 1], rndtime: HOUR });
    const ends = await Promise.all(
      [1, 2].map(async () => {
        const world = await rig([jail("web", { increment })]);
        await feed(world, ...attack());
        return bansIn(await feed(world, ...attack(120)))[0]!.expiresAt! / MINUTE;
      }),
    );
    expect(ends[0]).toBe(ends[1]);
    expect(ends[0]).toBeGreaterThan(122 + 60);
    expect(ends[0]).toBeLessThan(122 + 120);
  });
});

describe("ingest bans nobody", () => {
  it("whose ban was over before its last line was received", async () => {
    const world = await rig([jail("web")]);
    const old = attack().map((each) => ({ ...each, text: `${each.text} @${each.at}`, at: 10 * HOUR }));
    const report = await feed(world, ...old);
    expect(kinds(report)).toEqual(["over"]);
    expect(await all(world.state.bans.inJail("web"))).toEqual([]);
    expect(kinds(await feed(world, ...old))).toEqual([]);
  });

  it.each([
    { name: "on ignoreip", who: "198.51.100.9" },
    { name: "on ignoreip by name", who: "198.51.100.77" },
    { name: "of a network within ignoreip", who: "198.51.100.0/29" },
    { name: "of its own", who: "203.0.113.1" },
    { name: "on loopback", who: "127.0.0.1" },
    { name: "in a protected network", who: "10.1.2.3" },
  ])("$name", async ({ who }) => {
    const world = await rig([jail("web", { ignoreip: ["198.51.100.0/28", "office.test"] })], {
      "office.test": ["198.51.100.77"],
    });
    const report = await feed(world, ...attack(0, 9, who));
    expect([report.verdicts, report.found]).toEqual([[], []]);
    expect(report.spared.length).toBe(9);
    expect((await world.state.totals.read()).get("web")).toEqual({ failed: 0, banned: 0, ignored: 9 });
  });

  it("in an idle jail", async () => {
    const world = await rig([jail("web")]);
    await world.state.batch(() => world.state.control.put({ kind: "idle", jail: "web", actor: "ann", at: 0 }));
    expect((await feed(world, ...attack())).found).toEqual([]);
  });

  it("for a jail that is not configured", async () => {
    const world = await rig([jail("ssh")]);
    expect((await feed(world, ...attack())).found).toEqual([]);
  });

  it("whom ignorecommand spares", async () => {
    const { createAllowlist } = await import("../../shared/app/check-allowlist.ts");
    const { createNeverBan } = await import("../../shared/core/detect/never-ban.ts");
    const world = await rig([jail("web", { ignorecommand: "/bin/x <ip>" }), jail("ssh")]);
    const asked: string[] = [];
    const allowlist = createAllowlist({
      neverBan: createNeverBan([]),
      control: world.state.control,
      resolver: world.deps.resolver,
      ignoreCommand: {
        ignores: async (config, who) => {
          asked.push(`${config.name} ${who}`);
          return who === attacker;
        },
      },
    });
    const events = [
      ...attack(),
      ...attack(0, 3, "192.0.2.2"),
      ...attack().map((each) => ({ ...each, text: `ssh ${attacker}` })),
    ];
    const report = await feed({ ...world, deps: { ...world.deps, allowlist } }, ...events);
    expect(bansIn(report).map((ban) => `${ban.jail} ${ban.id}`)).toEqual(["web 192.0.2.2", `ssh ${attacker}`]);
    expect(asked).toEqual([`web ${attacker}`, "web 192.0.2.2"]);
  });
});

describe("ingest and host names", () => {
  const names = { "two.test": ["192.0.2.5", "2001:db8::5"], "one.test": ["192.0.2.6"] };

  it("count a failure for every address of a name", async () => {
    const world = await rig([jail("web")], names);
    const report = await feed(world, ...attack(0, 3, "two.test"), ...attack(0, 3, "gone.test"));
    expect(bansIn(report).map((ban) => ban.id)).toEqual(names["two.test"]);
    expect(report.unresolved).toEqual(["gone.test"]);
  });

  it("drop a name in the log that DNS is silent about: attackers choose those", async () => {
    const world = await rig([jail("web")], names);
    const report = await feed(world, ...attack(0, 3, "silent.test"), ...attack(0, 3, "one.test"));
    expect(bansIn(report).map((ban) => ban.id)).toEqual(["192.0.2.6"]);
    expect([report.unresolved, report.failed]).toEqual([["silent.test"], []]);
  });

  it("are asked for in bounds: a batch of ten thousand names asks for a hundred and says so", async () => {
    const world = await rig([jail("web")], names);
    const many = Array.from({ length: 10_000 }, (_, nth) => attack(nth, 1, `name-${nth}.test`)).flat();
    const report = await feed(world, ...attack(0, 3, "one.test"), ...many);
    expect(bansIn(report).map((ban) => ban.id)).toEqual(["192.0.2.6"]);
    expect([report.unresolved.length, report.unasked.length, report.failed]).toEqual([99, 9_901, []]);
  });

  it("fail a jail whose allowlist DNS is silent about, and no other", async () => {
    const world = await rig([jail("web", { ignoreip: ["silent.test"] }), jail("ssh")], names);
    const report = await feed(world, ...attack(), ...attack().map((each) => ({ ...each, text: `ssh ${attacker}` })));
    expect(bansIn(report).map((ban) => ban.jail)).toEqual(["ssh"]);
    expect(report.failed).toMatchObject([{ key: { jail: "web", id: attacker }, cause: { code: "allowlist-unknown" } }]);
  });
});

describe("ingest, repeated", () => {
  it("raises no total", async () => {
    const world = await rig([jail("web")]);
    const events = [...attack(0, 5), ...attack(0, 2, "10.0.0.1")];
    for (let times = 0; times < 3; times++) await feed(world, ...events, ...events);
    expect((await world.state.totals.read()).get("web")).toEqual({ failed: 5, banned: 0, ignored: 2 });
  });

  it("after a crash between ban and window finds its ban, and finishes", async () => {
    const world = await rig([jail("web")]);
    const events = attack();
    let crash = true;
    const windows = {
      ...world.deps.windows,
      async save(...args: Parameters<typeof world.deps.windows.save>) {
        if (crash) throw new Error("killed");
        return world.deps.windows.save(...args);
      },
    };
    const lossy: Rig = { ...world, deps: { ...world.deps, windows } };
    const first = await feed(lossy, ...events);
    expect(kinds(first)).toEqual([]);
    expect(first.failed.length).toBe(1);
    crash = false;
    lossy.deps.known.forget({ jail: "web", id: id(attacker) });
    const second = await feed(lossy, ...events);
    expect(second.failed).toEqual([]);
    expect((await world.state.offenders.history(id(attacker)))[0]!.count).toBe(1);
    expect((await world.state.journal.pending(10)).length).toBe(1);
    const [stored] = await world.state.windows.load([{ jail: "web", id: id(attacker) }]);
    expect(stored!.window).toEqual({ failures: [], closed: { until: 62 * MINUTE } });
  });

  it("a day later, with the window gone, starts no second ban from failures within the first", async () => {
    const world = await rig([jail("web")]);
    await feed(world, ...attack());
    await world.state.batch(() =>
      world.state.bans.lift({ jail: "web", id: id(attacker), generation: 2 * MINUTE }, 62 * MINUTE),
    );
    await world.state.batch(() => world.state.prune(3 * HOUR, 1_000));
    world.deps.known.forget({ jail: "web", id: id(attacker) });
    expect(kinds(await feed(world, ...attack(58, 3)))).toEqual(["settled"]);
    expect(await all(world.state.bans.inJail("web"))).toEqual([]);
  });
});

describe("ingest after a writer that died between its ban and the window", () => {
  const settledTo = 11 * MINUTE;
  const open = [2, 3].map((minute) => event(minute * MINUTE, `web ${attacker}`));

  async function abandoned() {
    const world = await rig([jail("web")]);
    await feed(world, ...open);
    const offence = { ...{ id: id(attacker), jail: "web", since: 4 * MINUTE, expiresAt: settledTo }, generation: 1 };
    const ban = { ...offence, count: 1, failures: 3, matches: [], source: "x", actor: "fleet2ban", ruleset: "r" };
    await world.state.batch(() => world.state.offenders.record(ban));
    return world;
  }

  it("lends none of the settled failures to a new ban", async () => {
    const world = await abandoned();
    expect(kinds(await feed(world, event(11.5 * MINUTE, `web ${attacker}`)))).toEqual(["settled"]);
    expect(kinds(await feed(world, event(12 * MINUTE, `web ${attacker}`)))).toEqual([]);
    expect(bansIn(await feed(world, event(12.5 * MINUTE, `web ${attacker}`)))).toMatchObject([
      { since: 12.5 * MINUTE },
    ]);
  });

  it("bans by the others where they are enough by themselves", async () => {
    const world = await abandoned();
    // Later than a findtime after what is settled, so no window holds both; then one between them.
    await feed(world, event(12.8 * MINUTE, `web ${attacker}`), event(13.5 * MINUTE, `web ${attacker}`));
    const report = await feed(world, event(12 * MINUTE, `web ${attacker}`));
    expect(kinds(report)).toContain("banned");
    expect(bansIn(report)).toMatchObject([{ since: 13.5 * MINUTE, failures: 3 }]);
  });
});

describe("ingest and other writers", () => {
  it("reads anew after a conflict, and counts everybody's failures", async () => {
    const world = await rig([jail("web")]);
    let rivals = 2;
    const windows = {
      ...world.deps.windows,
      async save(...args: Parameters<typeof world.deps.windows.save>) {
        const [rival] = attack(rivals, 1) as [LogEvent];
        if (rivals-- > 0) await ingestEvents([rival], world.deps);
        return world.deps.windows.save(...args);
      },
    };
    const report = await feed({ ...world, deps: { ...world.deps, windows } }, ...attack(0, 1));
    expect(kinds(report)).toEqual(["banned"]);
    expect(report.verdicts[0]).toMatchObject({ ban: { since: 2 * MINUTE, failures: 3 } });
  });

  it("gives a row that never rests back to be delivered again", async () => {
    const world = await rig([jail("web")]);
    const waits: number[] = [];
    const report = await feed(
      {
        ...world,
        deps: {
          ...world.deps,
          windows: { ...world.deps.windows, save: async () => "conflict" },
          backoff: async (attempt) => void waits.push(attempt),
        },
      },
      ...attack(0, 1),
    );
    expect(report.failed).toMatchObject([{ cause: { code: "too-busy" } }]);
    expect(waits).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("bans by itself, whatever happens to the window's row", async () => {
    const world = await rig([jail("web")]);
    const windows = { ...world.deps.windows, save: async () => "conflict" as const };
    await feed({ ...world, deps: { ...world.deps, windows } }, ...attack());
    expect((await all(world.state.bans.inJail("web"))).length).toBe(1);
  });

  it("leaves a ban that stands as it is, and settles its window", async () => {
    const world = await rig([jail("web")]);
    const standing = {
      ...bansIn(await feed(await rig([jail("web")]), ...attack()))[0]!,
      expiresAt: 5 * HOUR,
      actor: "ann",
    };
    await world.state.batch(() => world.state.bans.put(standing));
    const report = await feed(world, ...attack(10));
    expect(report.verdicts).toEqual([{ kind: "standing", ban: standing }]);
    expect(kinds(await feed(world, ...attack(20)))).toEqual([]);
    const [stored] = await world.state.windows.load([{ jail: "web", id: id(attacker) }]);
    expect(stored!.window.closed).toEqual({ until: 5 * HOUR });
  });
});

describe("the breaker in ingest", () => {
  it("stops the jail that bans too many, and keeps its decisions", async () => {
    const world = await rig([jail("web"), jail("ssh")]);
    const limited: Rig = { ...world, deps: { ...world.deps, bansPerMinute: 2 } };
    const many = [1, 2, 3, 4, 5].flatMap((n) => [0, 1, 2].map((s) => event(s, `web 192.0.2.${n}`)));
    const report = await feed(limited, ...many, ...[0, 1, 2].map((s) => event(s, "ssh 192.0.2.1")));
    expect(kinds(report)).toEqual(["banned", "banned", "banned", "held", "held", "banned"]);
    expect(report.tripped).toEqual([{ jail: "web", at: 2, bans: 3 }]);
    expect((await all(world.state.holds.inJail("web"))).map((ban) => ban.id)).toEqual(["192.0.2.4", "192.0.2.5"]);
    expect((await all(world.state.bans.inJail("web"))).length).toBe(3);
  });
});

function bansIn({ verdicts }: { readonly verdicts: readonly Verdict[] }) {
  return verdicts.flatMap((verdict) => (verdict.kind === "banned" ? [verdict.ban] : []));
}
