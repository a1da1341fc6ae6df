/** Mail about bans: what a batch becomes, what a repeated one does not, and what faults leave behind. */
import { describe, expect, it } from "vitest";
import { type NotifyDeps, notifyPeople } from "../../shared/app/notify-people.ts";
import type { BanChange } from "../../shared/core/ban.ts";
import { PortError } from "../../shared/ports/failure.ts";
import { banned, banOf, mailAction, notifyRig, type Sent } from "./notify-rig.ts";
import { createVirtualTime } from "./virtual-time.ts";

const START = 1_000;
const many = (count: number): BanChange[] => Array.from({ length: count }, (_, n) => banned(banOf(n)));
const subjects = (sent: readonly Sent[]) => sent.map(({ box, subject, at }) => [box, subject, at - START]);
const single = (n: number) => `[Fail2Ban] Web: banned 198.18.0.${n} from prod`;

function open(change: Partial<NotifyDeps> = {}, faults: Parameters<typeof notifyRig>[2] = {}) {
  const time = createVirtualTime(START);
  const rig = notifyRig(time, change, faults);
  return { ...rig, notify: (changes: readonly BanChange[]) => time.run(notifyPeople(changes, rig.deps)) };
}

describe("few bans", () => {
  it("are a mail each, a second apart", async () => {
    const { notify, sent, counts } = open();
    const report = await notify(many(3));
    expect(report).toEqual({ mails: 3, digests: 0, unserved: [], failed: [] });
    expect(subjects(sent)).toEqual([0, 1, 2].map((n) => ["box of ops", single(n), n * 1_000]));
    expect(sent.map(({ kind, jail }) => [kind, jail])).toEqual(Array(3).fill(["ban", "web"]));
    expect(counts).toEqual(new Map([["MailsSent", 3]]));
  });

  it("go to each action's own box at once, and once to a box that two actions share", async () => {
    const actions = [
      mailAction({ dest: "ops" }),
      mailAction({ dest: "soc", subjectName: "Soc" }),
      mailAction({ dest: "root", whois: true }),
      mailAction({ dest: "admin", lines: true }),
    ];
    const { deps, notify, sent } = open({ actions: new Map([["web", actions]]) });
    const boxOf = deps.mailbox.boxOf;
    Object.assign(deps.mailbox, { boxOf: (dest: string) => (/root|admin/.test(dest) ? "box of rest" : boxOf(dest)) });
    await notify([banned(banOf(0, { matches: ["GET /x"] }))]);
    expect(subjects(sent)).toEqual([
      ["box of ops", single(0), 0],
      ["box of soc", "[Fail2Ban] Soc: banned 198.18.0.0 from prod", 0],
      ["box of rest", single(0), 0],
    ]);
    expect(sent.map(({ text }) => [text.includes("Holder:   Example"), text.includes("  GET /x")])).toEqual([
      [false, false],
      [false, false],
      [true, true],
    ]);
  });

  it.each<{ name: string; changes: BanChange[] }>([
    { name: "lifted", changes: [{ kind: "lifted", ban: banOf(0), reason: "expired" }] },
    { name: "prolonged", changes: [{ kind: "renewed", ban: banOf(0, { generation: 2 }), previous: banOf(0) }] },
    { name: "over by now", changes: [banned(banOf(0, { expiresAt: START }))] },
    { name: "of a jail without mail", changes: [banned(banOf(0, { jail: "quiet" }))] },
  ])("that are $name are nobody's business", async ({ changes }) => {
    const { notify, sent } = open();
    expect(await notify(changes)).toEqual({ mails: 0, digests: 0, unserved: [], failed: [] });
    expect(sent).toEqual([]);
  });

  it("of somebody banned anew after an earlier ban are told", async () => {
    const { notify, sent } = open();
    const previous = banOf(0, { expiresAt: 500 });
    await notify([{ kind: "renewed", ban: banOf(0, { since: 500, generation: 2, count: 2 }), previous }]);
    expect(sent).toHaveLength(1);
  });

  it("of a jail that only observes say so", async () => {
    const { notify, sent } = open({ observed: new Set(["web"]) });
    await notify(many(1));
    await notify(many(6));
    expect(sent.map(({ text }) => text.includes("nothing is blocked"))).toEqual([true, true]);
  });

  it("for an address that no box serves are named", async () => {
    const { deps, notify } = open();
    Object.assign(deps.mailbox, { boxOf: () => undefined });
    expect(await notify(many(2))).toEqual({ mails: 0, digests: 0, unserved: ["ops"], failed: [] });
  });
});

describe("many bans", () => {
  it("are one digest, the next one a minute later", async () => {
    const { notify, sent, counts } = open();
    expect(await notify(many(6))).toEqual({ mails: 0, digests: 1, unserved: [], failed: [] });
    await notify(many(7));
    expect(subjects(sent)).toEqual([
      ["box of ops", "[Fail2Ban] 6 bans in web from prod", 0],
      ["box of ops", "[Fail2Ban] 7 bans in web from prod", 60_000],
    ]);
    expect(sent.map(({ kind, jail }) => [kind, jail])).toEqual(Array(2).fill(["digest", "web"]));
    expect(counts).toEqual(
      new Map([
        ["MailsSent", 2],
        ["MailsDigested", 13],
      ]),
    );
  });

  it("count each ban once, and those that are over apart", async () => {
    const { notify, sent } = open();
    const over = banned(banOf(9, { expiresAt: START }));
    await notify([...many(6), ...many(6), over]);
    expect(sent[0]!.text).toMatch(/^6 bans began .*\n1 more ban began and ended/);
  });

  it("that are all over by now are no mail", async () => {
    const { notify, sent } = open();
    await notify(many(6).map(({ ban }) => banned({ ...ban, expiresAt: START })));
    expect(sent).toEqual([]);
  });

  it("of a jail with mail and one without tell of the first alone", async () => {
    const { notify, sent } = open();
    await notify([...many(6), banned(banOf(99, { jail: "quiet" }))]);
    expect(sent[0]!.text).not.toContain("quiet");
  });
});

describe("a batch that comes again", () => {
  it.each([{ count: 3 }, { count: 600 }])("after success mails nothing ($count bans)", async ({ count }) => {
    const { notify, sent } = open();
    await notify(many(count));
    const before = sent.length;
    expect(await notify(many(count))).toEqual({ mails: 0, digests: 0, unserved: [], failed: [] });
    expect(sent).toHaveLength(before);
  });

  it("after a failure mails what is lacking, and other boxes have theirs already", async () => {
    let down = true;
    const gone = new PortError("unavailable", "SNS is down", "Wait.");
    const actions = new Map([["web", [mailAction(), mailAction({ dest: "soc" })]]]);
    const before = ({ box, subject }: Sent) => {
      if (down && box === "box of ops" && subject === single(1)) throw gone;
    };
    const { notify, sent } = open({ actions }, { before });
    expect(await notify(many(3))).toMatchObject({ mails: 3, failed: [{ box: "box of ops", cause: gone }] });
    down = false;
    expect(await notify(many(3))).toMatchObject({ mails: 2, failed: [] });
    for (const box of ["box of ops", "box of soc"]) {
      expect(sent.filter((mail) => mail.box === box).map(({ subject }) => subject)).toEqual([0, 1, 2].map(single));
    }
  });

  it("mails again what a process that ended in between could not mark", async () => {
    let crash = true;
    const after = () => {
      if (crash) throw new Error("the process ended");
    };
    const { notify, sent } = open({}, { after });
    expect((await notify(many(1))).failed).toHaveLength(1);
    crash = false;
    await notify(many(1));
    expect(sent).toHaveLength(2);
  });
});

describe("what cannot be mailed", () => {
  it.each(["rejected", "missing", "denied"] as const)("as it is %s is set aside, and stops nobody", async (code) => {
    const before = ({ subject }: Sent) => {
      if (subject === single(0)) throw new PortError(code, "SNS says no", "Look.");
    };
    const { notify, sent, aside, counts } = open({}, { before });
    expect(await notify(many(2))).toEqual({ mails: 1, digests: 0, unserved: [], failed: [] });
    expect(await notify(many(2))).toEqual({ mails: 0, digests: 0, unserved: [], failed: [] });
    expect(sent).toHaveLength(1);
    expect(aside).toEqual([{ source: "box of ops", reason: "SNS says no", body: expect.stringContaining(single(0)) }]);
    expect(counts.get("Malformed")).toBe(1);
  });

  it("nor set aside comes again", async () => {
    const before = () => {
      throw new PortError("denied", "SNS says no", "Look.");
    };
    const full = { put: () => Promise.reject(new PortError("unavailable", "SQS is down", "Wait.")) };
    const { notify } = open({ setAside: full }, { before });
    expect((await notify(many(1))).failed).toMatchObject([{ cause: { code: "unavailable" } }]);
  });

  it("but for a slot that is free goes, however short the time", async () => {
    const { notify, sent } = open({ longest: () => -1 });
    await notify(many(1));
    expect(sent).toHaveLength(1);
  });

  it("in the time that is left comes again", async () => {
    const { deps, notify, sent } = open();
    Object.assign(deps, { longest: () => START + 40_000 - deps.now() });
    await notify(many(6));
    const report = await notify(many(7));
    expect(report.failed).toMatchObject([{ box: "box of ops", cause: { code: "unavailable" } }]);
    expect(sent).toHaveLength(1);
  });
});
