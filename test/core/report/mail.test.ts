/** Mails about bans: what they say, and that neither their length nor their look is for a client to decide. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIp } from "../../../shared/core/address.ts";
import type { Ban } from "../../../shared/core/ban.ts";
import { digestMail } from "../../../shared/core/report/mail-digest.ts";
import { oneLine, quoted } from "../../../shared/core/report/mail-quote.ts";
import { type BanMailParts, banMail, type Teller } from "../../../shared/core/report/mail-text.ts";

const teller: Teller = { name: "prod", stack: "prod", zone: () => 0 };
const ban: Ban = {
  id: parseIp("203.0.113.9")!,
  jail: "haproxy-auth",
  since: Date.UTC(2026, 10, 22, 17, 30, 0),
  expiresAt: Date.UTC(2026, 10, 22, 18, 30, 0),
  generation: 1,
  count: 2,
  failures: 5,
  matches: ["POST /login 401", "POST /admin 401"],
  source: "i-0abc",
  actor: "fleet2ban",
  ruleset: "r",
};
const parts: BanMailParts = { ban, subjectName: "Web", whois: undefined, lines: true, teller };

describe("the mail about one ban", () => {
  it("says who, where, why, until when, and how to go on", () => {
    expect(banMail({ ...parts, whois: { kind: "known", facts: ["Holder:   Example"] } })).toEqual({
      subject: "[Fail2Ban] Web: banned 203.0.113.9 from prod",
      text: `203.0.113.9 was banned in the jail haproxy-auth after 5 failures, for 1h.
It is ban number 2 of this address.

Since:     2026-11-22 17:30:00
Until:     2026-11-22 18:30:00
Logged by: i-0abc

What whois says of 203.0.113.9:
  Holder:   Example

Log lines:
  POST /login 401
  POST /admin 401

To look further:
  fleet2ban why 203.0.113.9 --stack prod
  fleet2ban set haproxy-auth unbanip 203.0.113.9 --stack prod

fleet2ban
`,
    });
  });

  it.each([
    { name: "a first ban", change: { ban: { ...ban, count: 1 } }, lacks: "It is ban number" },
    { name: "one failure", change: { ban: { ...ban, failures: 1 } }, has: "after 1 failure, for 1h." },
    { name: "a permanent ban", change: { ban: { ...ban, expiresAt: undefined } }, has: "Until:     for ever" },
    {
      name: "a ban by hand",
      change: { ban: { ...ban, failures: 0, actor: "arn:aws:iam::1:user/a", source: undefined, matches: [] } },
      has: "by hand, by arn:aws:iam::1:user/a, for 1h.",
      lacks: "Logged by",
    },
    { name: "lines not asked for", change: { lines: false }, lacks: "Log lines" },
    {
      name: "whois without an answer",
      change: { whois: { kind: "unknown", reason: "the registry\ntook too long" } },
      has: "Whois says nothing of 203.0.113.9: the registry took too long\n",
    },
    { name: "a jail that observes", change: { observed: true }, has: "nothing is blocked.\n" },
    {
      name: "readers in other zones",
      change: { teller: { ...teller, zoneName: "UTC" } },
      has: "Since:     2026-11-22 17:30:00 UTC\nUntil:     2026-11-22 18:30:00 UTC\n",
    },
    { name: "one machine", change: { teller: { ...teller, stack: undefined } }, lacks: "--stack" },
  ] as const)("reads right for $name", ({ change, ...wanted }) => {
    const { text } = banMail({ ...parts, ...(change as Partial<BanMailParts>) });
    if ("has" in wanted) expect(text).toContain(wanted.has);
    if ("lacks" in wanted) expect(text).not.toContain(wanted.lacks);
  });

  it.each([1e20, -1e20, Number.MAX_VALUE])("can be written of a row whose times are no dates (%d)", (at) => {
    const odd = { ...ban, since: at, expiresAt: at };
    expect(banMail({ ...parts, ban: odd }).text).toContain("Since:");
    expect(digestMail({ bans: [odd, ban], over: 0, teller }).text).toContain("2 bans began");
  });

  it("shows no more than 50 lines, however many a ban keeps", () => {
    const { text } = banMail({ ...parts, ban: { ...ban, matches: Array.from({ length: 80 }, (_, n) => `line ${n}`) } });
    expect(text).toContain("  line 49\n(and 30 more lines)\n");
    expect(text).not.toContain("line 50");
  });
});

describe("text of others", () => {
  const hostile = fc.string({
    unit: fc.constantFrom(..."ab \n\r\t\x00\x1b\x7f\u0085\u2028\u202e\ud800·é"),
    maxLength: 300,
  });

  it("never brings a character into a mail that steers anything, nor a line of its own", () => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 4 }), hostile, (matches, source) => {
        const { subject, text } = banMail({
          ...parts,
          ban: { ...ban, matches, source, actor: source },
          subjectName: source,
          whois: { kind: "known", facts: matches },
        });
        expect(subject).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(text).not.toMatch(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/u);
        const ours =
          /^(?:$| {2}|203\.0\.113\.9 was|It is|Since:|Until:|Logged by:|What whois|Log lines:|\(and|To look|fleet2ban$)/;
        expect(text.split("\n").filter((line) => !ours.test(line))).toEqual([]);
      }),
    );
  });

  it.each([
    { name: "keeps a short line", text: "GET /", longest: 10, expected: "GET /" },
    { name: "cuts a long one", text: "0123456789abc", longest: 10, expected: "012345678…" },
    { name: "cuts between characters, not inside one", text: "😀😀😀😀", longest: 3, expected: "😀😀…" },
    { name: "joins lines", text: "a\r\nb", longest: 10, expected: "a b" },
  ])("$name", ({ text, longest, expected }) => expect(oneLine(text, longest)).toBe(expected));

  it("is indented, line by line", () => {
    expect(quoted(["a\nfleet2ban", "b\r"], 10)).toEqual(["  a", "  fleet2ban", "  b"]);
  });
});

describe("a digest", () => {
  const bansOf = (count: number, change: (n: number) => Partial<Ban> = () => ({})): Ban[] =>
    Array.from({ length: count }, (_, n) => ({
      ...ban,
      id: parseIp(`198.18.${n >> 8}.${n & 255}`)!,
      since: ban.since + ((n * 7) % count) * 1000,
      ...change(n),
    }));

  it("counts by jail and lists the bans", () => {
    const bans = bansOf(3, (n) => (n === 2 ? { jail: "sshd", failures: 0, actor: "alice", expiresAt: undefined } : {}));
    expect(digestMail({ bans, over: 2, observed: new Set(["sshd"]), teller })).toEqual({
      subject: "[Fail2Ban] 3 bans in 2 jails from prod",
      text: `3 bans began between 2026-11-22 17:30:00 and 2026-11-22 17:30:02.
2 more bans began and ended before this mail could go.

Bans by jail:
  haproxy-auth           2
  sshd                   1  (only observed: nothing is blocked)

  id                  jail              failures  since                until                logged by
  198.18.0.0          haproxy-auth             5  2026-11-22 17:30:00  2026-11-22 18:30:00  i-0abc
  198.18.0.1          haproxy-auth             5  2026-11-22 17:30:01  2026-11-22 18:30:00  i-0abc
  198.18.0.2          sshd               by hand  2026-11-22 17:30:02  for ever             alice

To look further:
  fleet2ban banned --stack prod
  fleet2ban status haproxy-auth --stack prod
  fleet2ban status sshd --stack prod

fleet2ban
`,
    });
  });

  it("stays readable whatever it is about", () => {
    const wild = (n: number) => ({ jail: `jail-${n}-${"x".repeat(300)}`, source: "s".repeat(10_000) });
    const { subject, text } = digestMail({ bans: bansOf(10_000, wild), over: 0, teller });
    expect(subject).toBe("[Fail2Ban] 10000 bans in 10000 jails from prod");
    expect(text).toContain("and 9800 more bans\n");
    expect(text).toContain("and 9950 more jails\n");
    expect(text.length).toBeLessThan(64 * 1024);
  });
});
