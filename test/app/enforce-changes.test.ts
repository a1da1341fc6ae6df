import { describe, expect, it } from "vitest";
import { countBans } from "../../shared/app/count-bans.ts";
import { enforceChanges, hostBans } from "../../shared/app/enforce-changes.ts";
import { restoreBans } from "../../shared/app/restore-bans.ts";
import { bansOf, showBanned, showBannedWhere, showJail } from "../../shared/app/show-status.ts";
import { sweepExpired } from "../../shared/app/sweep-expired.ts";
import { logChanges, notifyOfChanges } from "../../shared/app/tell-changes.ts";
import type { Ban, BanChange } from "../../shared/core/ban.ts";
import type { ActionConfig } from "../../shared/core/config/model.ts";
import type { HostChange, JailFirewall } from "../../shared/core/firewall/change.ts";
import type { Happening } from "../../shared/core/report/log-line.ts";
import type { FleetReport } from "../../shared/ports/fleet.ts";
import type { Notice } from "../../shared/ports/notifier.ts";
import { sampleBan } from "../contracts/samples.ts";
import { incrementOf } from "../support/jail.ts";
import { id, jail, rig, wordMatcher } from "./rig.ts";

const HOUR = 3_600_000;
const firewall: JailFirewall = {
  revision: 1,
  hooks: ["INPUT"],
  rules: [{ protocol: "tcp", ports: "all", block: "drop" }],
};
const mail: ActionConfig = {
  kind: "mail",
  name: "sendmail",
  dest: "root",
  sender: "f2b",
  subjectName: "web",
  whois: false,
  lines: false,
};
const ban = sampleBan({ since: 0, expiresAt: HOUR, generation: 7 });
const hostBan = { kind: "ban", jail: "web", target: ban.id, expiresAt: HOUR, generation: 7, firewall };

async function world(reports: readonly FleetReport[] = []) {
  const made = await rig([jail("web", { actions: [mail] }), jail("ssh")]);
  const applied: HostChange[][] = [];
  const notices: Notice[] = [];
  const log: Happening[] = [];
  return {
    ...made,
    applied,
    notices,
    log,
    enforce: {
      fleet: {
        apply: async (changes: readonly HostChange[]) => {
          applied.push([...changes]);
          return reports;
        },
        reconcile: async () => [],
        status: async () => [],
        clear: async () => [],
      },
      notifier: { notify: async (more: readonly Notice[]) => void notices.push(...more) },
      banLog: { write: async (more: readonly Happening[]) => void log.push(...more) },
      rules: made.deps.rules,
      firewalls: new Map([["web", firewall]]),
    },
  };
}

describe("enforce", () => {
  const cases: readonly {
    name: string;
    change: BanChange;
    hosts: readonly unknown[];
    mails: number;
    lines: readonly unknown[];
  }[] = [
    {
      name: "a ban",
      change: { kind: "banned", ban },
      hosts: [hostBan],
      mails: 1,
      lines: [{ kind: "ban", jail: "web", id: ban.id }],
    },
    {
      name: "a ban in the place of one that was over",
      change: { kind: "renewed", ban, previous: { ...ban, expiresAt: -5 } },
      hosts: [hostBan],
      mails: 1,
      lines: [{ kind: "ban", jail: "web", id: ban.id }],
    },
    {
      name: "a ban that goes on for longer",
      change: { kind: "renewed", ban, previous: { ...ban, expiresAt: 5 } },
      hosts: [hostBan],
      mails: 0,
      lines: [{ kind: "increase", jail: "web", id: ban.id, count: 1, since: 0, bantime: HOUR }],
    },
    {
      name: "a ban that is over by now",
      change: { kind: "banned", ban: { ...ban, expiresAt: 100 } },
      hosts: [],
      mails: 0,
      lines: [{ kind: "ban", jail: "web", id: ban.id }],
    },
    {
      name: "the end of a ban",
      change: { kind: "lifted", ban, reason: "expired" },
      hosts: [{ kind: "unban", jail: "web", target: ban.id, generation: 7 }],
      mails: 0,
      lines: [{ kind: "unban", jail: "web", id: ban.id }],
    },
    {
      name: "a ban in a jail without firewall actions",
      change: { kind: "banned", ban: { ...ban, jail: "ssh" } },
      hosts: [],
      mails: 0,
      lines: [{ kind: "ban", jail: "ssh", id: ban.id }],
    },
    {
      name: "the end of a ban in a jail that is gone",
      change: { kind: "lifted", ban: { ...ban, jail: "gone" }, reason: "manual" },
      hosts: [{ kind: "unban", jail: "gone", target: ban.id, generation: 7 }],
      mails: 0,
      lines: [{ kind: "unban", jail: "gone", id: ban.id }],
    },
  ];

  it.each(cases)("$name", async ({ change, hosts, mails, lines }) => {
    const here = await world();
    const report = await enforceChanges([change], 100, here.enforce);
    await logChanges([change], 100, here.enforce);
    expect(await notifyOfChanges([change], 100, here.enforce)).toBe(mails);
    expect(here.applied).toEqual(hosts.length > 0 ? [hosts] : []);
    expect(here.notices).toEqual(Array.from({ length: mails }, () => ({ action: mail, ban: change.ban })));
    expect(here.log).toEqual(lines);
    expect(report.unhealthy).toEqual([]);
  });

  it("sends many changes at once, in their order", async () => {
    const here = await world();
    await enforceChanges(
      [
        { kind: "banned", ban },
        { kind: "lifted", ban, reason: "manual" },
      ],
      0,
      here.enforce,
    );
    expect(here.applied.map((batch) => batch.map((change) => change.kind))).toEqual([["ban", "unban"]]);
  });

  it("names hosts that are not as they should be", async () => {
    const failed: FleetReport = {
      kind: "replied",
      host: "h",
      reply: { kind: "failed", code: "no-firewall", message: "none" },
    };
    const sent: FleetReport = { kind: "sent", to: "tag", command: "c" };
    const here = await world([failed, sent]);
    expect((await enforceChanges([{ kind: "banned", ban }], 0, here.enforce)).unhealthy).toEqual([failed]);
  });
});

describe("counting bans", () => {
  const source = { stream: "/var/log/fleet2ban.log", zone: () => 60 };
  const recidive = {
    match: (events: Parameters<typeof wordMatcher.match>[0]) =>
      wordMatcher.match(
        events.map((event) => {
          const found = / NOTICE {2}\[(?!recidive)[^\]]+\] Ban (\S+)$/.exec(event.text);
          return { ...event, text: event.stream === source.stream && found !== null ? `recidive ${found[1]}` : "" };
        }),
      ),
  };

  it("bans in recidive whom other jails ban again and again, counting each ban once", async () => {
    const { state, deps } = await rig([
      jail("web"),
      jail("recidive", { maxretry: 2, findtime: 24 * HOUR, bantime: 168 * HOUR }),
    ]);
    const counting = { ...deps, matcher: recidive, banLogSource: source };
    const changes: BanChange[] = [0, 1].map((n) => ({
      kind: "banned",
      ban: { ...ban, since: n * 2 * HOUR, expiresAt: n * 2 * HOUR + HOUR, generation: n },
    }));
    for (let times = 0; times < 3; times++) {
      expect((await state.batch(() => countBans(changes.slice(0, 1), counting))).verdicts).toEqual([]);
    }
    const { verdicts } = await state.batch(() => countBans(changes, counting));
    expect(verdicts).toMatchObject([
      { kind: "banned", ban: { jail: "recidive", id: ban.id, since: 2 * HOUR, source: source.stream } },
    ]);
    const own: BanChange = { kind: "banned", ban: (verdicts[0] as { ban: Ban }).ban };
    expect((await state.batch(() => countBans([own], counting))).found).toEqual([]);
    expect(await state.totals.read()).toMatchObject(
      new Map([
        ["web", { failed: 0, banned: 2, ignored: 0 }],
        ["recidive", { failed: 2, banned: 1, ignored: 0 }],
      ]),
    );
  });

  it("notes a ban in the history of its id, whose writer may have died before it did", async () => {
    const { state, deps } = await rig([jail("web")]);
    const change: BanChange = { kind: "banned", ban };
    const counting = { ...deps, matcher: recidive, banLogSource: source };
    for (let times = 0; times < 2; times++) await state.batch(() => countBans([change], counting));
    expect(await state.offenders.history(ban.id)).toMatchObject([
      { jail: "web", count: 1, until: HOUR, generation: 7 },
    ]);
  });

  it("counts neither what goes on nor what ends", async () => {
    const { state, deps } = await rig([jail("web"), jail("recidive", { maxretry: 1 })]);
    const changes: BanChange[] = [
      { kind: "renewed", ban, previous: { ...ban, expiresAt: 5 } },
      { kind: "lifted", ban, reason: "manual" },
    ];
    const report = await state.batch(() => countBans(changes, { ...deps, matcher: recidive, banLogSource: source }));
    expect([report, await state.totals.read()]).toEqual([
      { found: [], verdicts: [], tripped: [], failed: [] },
      new Map(),
    ]);
  });
});

describe("the sweep", () => {
  it("ends what is over, as many as allowed, and nothing else", async () => {
    const { state } = await rig([jail("web")]);
    const ends = [100, 200, 300, undefined];
    await state.batch(async () => {
      for (const [n, expiresAt] of ends.entries())
        await state.bans.put(sampleBan({ id: id(`192.0.2.${n}`), since: 0, expiresAt }));
    });
    expect(await state.batch(() => sweepExpired(250, state, 1))).toBe(1);
    expect(await state.batch(() => sweepExpired(250, state))).toBe(1);
    expect(await state.batch(() => sweepExpired(250, state))).toBe(0);
    expect((await bansOf("web", 0, state)).map((each) => each.expiresAt)).toEqual([300, undefined]);
    const changes = (await state.journal.pending(10)).map(({ change }) => change);
    expect(changes.slice(4)).toMatchObject([
      { kind: "lifted", reason: "expired" },
      { kind: "lifted", reason: "expired" },
    ]);
  });
});

describe("status", () => {
  it("counts what stands, although rows outlive their bans", async () => {
    const { state, deps } = await rig([jail("web"), jail("ssh")]);
    await state.batch(async () => {
      await state.bans.put(sampleBan({ id: id("192.0.2.2"), since: 20, expiresAt: 500 }));
      await state.bans.put(sampleBan({ id: id("192.0.2.1"), since: 10, expiresAt: undefined }));
      await state.bans.put(sampleBan({ id: id("192.0.2.3"), since: 5, expiresAt: 400 }));
      await state.totals.add("x", new Map([["web", { failed: 9, banned: 3, ignored: 1 }]]));
      const window = { failures: [{ at: 450, identity: "e", stream: "s", line: undefined }], closed: undefined };
      await state.windows.save({ jail: "web", id: id("192.0.2.9") }, window, 0, 10_000_000);
    });
    expect(await showJail(deps.rules.get("web")!, ["/var/log/x"], 400, state)).toEqual({
      name: "web",
      filter: { currentlyFailed: 1, totalFailed: 9, files: ["/var/log/x"] },
      actions: { currentlyBanned: 2, totalBanned: 3, banned: ["192.0.2.1", "192.0.2.2"] },
    });
    expect((await showJail(deps.rules.get("web")!, [], 450 + 600_000, state)).filter.currentlyFailed).toBe(0);
    expect(await showBanned(["web", "ssh"], 500, state)).toEqual([
      { jail: "web", ids: ["192.0.2.1"] },
      { jail: "ssh", ids: [] },
    ]);
    expect(await showBannedWhere([id("192.0.2.1"), id("192.0.2.3")], 400, state)).toEqual([["web"], []]);
  });
});

describe("restore", () => {
  const increment = incrementOf({ maxtime: 2 * HOUR });
  const now = 1.5 * HOUR;
  it.each([
    {
      name: "keeps what stands",
      with_: { since: HOUR },
      made: { since: HOUR, expiresAt: 2 * HOUR },
      expected: 2 * HOUR,
    },
    { name: "drops what is over", with_: {}, made: { since: 0, expiresAt: HOUR }, expected: "gone" },
    {
      name: "cuts to a bantime that was made shorter",
      with_: {},
      made: { since: HOUR, expiresAt: 9 * HOUR },
      expected: 2 * HOUR,
    },
    { name: "drops what that ends", with_: {}, made: { since: 0, expiresAt: 9 * HOUR }, expected: "gone" },
    {
      name: "cuts a permanent ban where bans are no longer permanent",
      with_: {},
      made: { since: HOUR, expiresAt: undefined },
      expected: 2 * HOUR,
    },
    {
      name: "keeps a permanent ban where they are",
      with_: { bantime: "permanent" as const },
      made: { since: 0, expiresAt: undefined },
      expected: undefined,
    },
    {
      name: "keeps a timed ban where they are permanent",
      with_: { bantime: "permanent" as const },
      made: { since: 0, expiresAt: 9 * HOUR },
      expected: 9 * HOUR,
    },
    {
      name: "cuts to maxtime with increment",
      with_: { increment },
      made: { since: HOUR, expiresAt: 9 * HOUR },
      expected: 3 * HOUR,
    },
    {
      name: "keeps what increment gave under maxtime",
      with_: { increment },
      made: { since: 0, expiresAt: 2 * HOUR },
      expected: 2 * HOUR,
    },
    {
      name: "leaves what a person gave",
      with_: {},
      made: { since: 0, expiresAt: 9 * HOUR, actor: "ann" },
      expected: 9 * HOUR,
    },
    {
      name: "lets go who is ignored by now",
      with_: { ignoreip: ["192.0.2.0/24"] },
      made: { since: HOUR, expiresAt: 2 * HOUR, actor: "ann" },
      expected: "gone",
    },
  ])("$name", async ({ with_, made, expected }) => {
    const { state, deps } = await rig([jail("web", with_)]);
    const row = sampleBan({ generation: 5, ...made });
    await state.batch(() => state.bans.put(row));
    const restored = await state.batch(() => restoreBans(now, { ...deps, bans: state.bans }));
    const left = await bansOf("web", 0, state);
    expect(left.map((each) => each.expiresAt)).toEqual(expected === "gone" ? [] : [expected]);
    const doubts = new Map();
    expect(restored).toEqual(
      expected === "gone" ? { standing: [], lifted: [row], doubts } : { standing: left, lifted: [], doubts },
    );
    expect(hostBans(restored.standing, new Map([["web", firewall]])).length).toBe(left.length);
    expect(hostBans(restored.standing, new Map()).length).toBe(0);
  });

  it("leaves the bans of a jail that is not configured, and does not enforce them", async () => {
    const { state, deps } = await rig([jail("ssh")]);
    await state.batch(() => state.bans.put(sampleBan({ expiresAt: undefined })));
    expect(await state.batch(() => restoreBans(now, { ...deps, bans: state.bans }))).toEqual({
      standing: [],
      lifted: [],
      doubts: new Map(),
    });
    expect((await bansOf("web", 0, state)).length).toBe(1);
  });
});
