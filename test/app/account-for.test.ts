/** `why`: what is known of one id. */
import { describe, expect, it } from "vitest";
import { accountFor } from "../../shared/app/account-for.ts";
import { banManually } from "../../shared/app/ban-manually.ts";
import { ingestEvents } from "../../shared/app/ingest-events.ts";
import { addIgnored } from "../../shared/app/set-allowlist.ts";
import { unban } from "../../shared/app/unban.ts";
import { createNeverBan } from "../../shared/core/detect/never-ban.ts";
import { type Account, formatAccounts } from "../../shared/core/report/account.ts";
import { sampleBan } from "../contracts/samples.ts";
import { event, id, jail, rig } from "./rig.ts";

const HOUR = 3_600_000;
const WHO = "192.0.2.1";

async function world() {
  const { state, deps: base } = await rig([jail("web"), jail("ssh", { ignoreip: ["198.51.100.0/24", "office.test"] })]);
  const deps = { ...base, control: state.control, neverBan: createNeverBan([id("203.0.113.1")]) };
  const web = base.rules.get("web")!;
  const ask = (text: string, now: number) => accountFor(id(text), now, deps);
  return {
    ask,
    /** The words of `why`, without the line that names the id. */
    words: async (text: string, now: number) =>
      formatAccounts([await ask(text, now)], () => 0)
        .split("\n  ")
        .slice(1),
    fail: (at: number, times: number, who = WHO) =>
      state.batch(() =>
        ingestEvents(
          Array.from({ length: times }, (_, n) => event(at + n * 1000, `web ${who}`)),
          deps,
        ),
      ),
    ban: (who: string, at = 0) =>
      state.batch(() => banManually({ rules: web, ids: [id(who)], at, actor: "ann" }, deps)),
    unban: (at: number, immune?: number) =>
      state.batch(() => unban({ rules: web, ids: [id(WHO)], at, ...(immune !== undefined && { immune }) }, deps)),
    ignore: (word: string) => state.batch(() => addIgnored({ rules: web, words: [word], actor: "ann", at: 0 }, deps)),
    hold: (who: string) =>
      state.batch(() => state.holds.hold(sampleBan({ id: id(who), jail: "web", since: 0, expiresAt: HOUR }))),
  };
}

describe("why", () => {
  it("shows a ban with its lines, its log, and its end", async () => {
    const here = await world();
    await here.fail(0, 3);
    expect(await here.words(WHO, 5000)).toEqual([
      "banned in web since 1970-01-01 00:00:02, until 1970-01-01 01:00:02, after 3 failures; logged by host-1",
      `  web ${WHO}`,
      `  web ${WHO}`,
      `  web ${WHO}`,
    ]);
    expect(await here.ask(WHO, 5000)).toMatchObject({ bans: [{ jail: "web", failures: 3 }], counted: [], spared: [] });
  });

  it.each(["192.0.0.0/8", "192.0.2.0/24", "192.0.2.0/31", WHO])("finds a ban of %s that holds it", async (network) => {
    const here = await world();
    await here.ban(network);
    await here.ban("192.0.2.2");
    const { bans } = await here.ask(WHO, 10);
    expect(bans.map((ban) => ban.id)).toEqual([id(network)]);
  });

  it.each(["2001::/16", "2001:db8::/64", "2001:db8::/127"])("finds a ban of %s that holds it", async (network) => {
    const here = await world();
    await here.ban(network);
    expect(await here.words("2001:db8::1", 10)).toEqual([
      `banned in web with ${network} since 1970-01-01 00:00:00, until 1970-01-01 01:00:00, by hand, by ann`,
    ]);
  });

  it("shows what is counted, up to a findtime back, and nothing of a ban that is over", async () => {
    const here = await world();
    await here.fail(0, 2);
    expect(await here.words(WHO, 599_999)).toEqual([
      "counted in web: 2 of 3 failures within 10m",
      `  1970-01-01 00:00:00 host-1: web ${WHO}`,
      `  1970-01-01 00:00:01 host-1: web ${WHO}`,
    ]);
    expect((await here.words(WHO, 600_000))[0]).toBe("counted in web: 1 of 3 failures within 10m");
    expect((await here.words(WHO, 601_000))[0]).toMatch(/^nothing is known of it/);
    await here.ban(WHO);
    expect(await here.words(WHO, HOUR)).toEqual([
      "was banned in web once, last since 1970-01-01 00:00:00, until 1970-01-01 01:00:00",
    ]);
  });

  it("shows what keeps it from a ban", async () => {
    const here = await world();
    await here.ignore("192.0.2.0/25");
    expect(await here.words(WHO, 10)).toEqual(["ignored by web: 192.0.2.0/25"]);
    expect((await here.ask("198.51.100.7", 10)).spared).toEqual([
      { kind: "ignored", jail: "ssh", by: "198.51.100.0/24" },
    ]);
    expect((await here.ask("192.0.2.128", 10)).spared).toEqual([]);
    expect((await here.ask("203.0.113.1", 10)).neverBan).toBe("own");
    expect(await here.words("127.0.0.1", 10)).toEqual(["no jail may ban it: it is the machine itself (loopback)"]);
  });

  it("shows immunity after an unban, as long as it lasts, and none while it is banned", async () => {
    const here = await world();
    await here.fail(0, 3);
    expect((await here.ask(WHO, 3000)).spared).toEqual([]);
    await here.unban(5000, HOUR);
    expect((await here.ask(WHO, 6000)).spared).toEqual([{ kind: "immune", jail: "web", until: 5000 + HOUR }]);
    expect((await here.ask(WHO, 5000 + HOUR)).spared).toEqual([]);
  });

  it("shows what a stopped jail holds back", async () => {
    const here = await world();
    await here.hold(WHO);
    await here.hold("192.0.2.2");
    expect((await here.ask(WHO, 10)).held).toHaveLength(1);
    expect((await here.words(WHO, 10))[0]).toMatch(/^held back in web since .* set web held ban, or let-go$/);
    expect((await here.ask(WHO, HOUR)).held).toEqual([]);
  });
});

describe("what clients and strangers wrote", () => {
  const account = (bans: Account["bans"]): Account => ({
    ...{ id: id(WHO), bans, held: [], counted: [], spared: [], history: [] },
  });

  it("steers no terminal, and stays in lines of its own", () => {
    const matches = ["one\n  banned in web for ever\u001b[2J", ...Array.from({ length: 30 }, (_, n) => `line ${n}`)];
    const ban = sampleBan({ id: id(WHO), matches, source: "host\u001b]0;x\u0007\nx" });
    const lines = formatAccounts([account([ban])], () => 0).split("\n");
    expect(lines.join("")).not.toMatch(/\p{Cc}/u);
    const ours = lines.filter((line) => /^ {2}\S/.test(line));
    expect(ours).toEqual([expect.stringMatching(/^ {2}banned in web since/), "  (and 12 more lines)"]);
  });
});
