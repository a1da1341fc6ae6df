/** The small parts around the daemon: ban log, mail, log routes, schedules, ignorecommand. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createSchedule, describeReport, hopelessFailure } from "../../cli/daemon/host-health.ts";
import { createSpeaker } from "../../cli/daemon/journal-lines.ts";
import { createLogRoutes } from "../../cli/daemon/log-routes.ts";
import { messageOf } from "../../cli/daemon/mail-text.ts";
import { createSystemResolver } from "../../cli/daemon/resolver.ts";
import { shellIgnoreCommand } from "../../cli/daemon/run-ignore-command.ts";
import { createMailNotifier } from "../../cli/daemon/send-mail.ts";
import { parseIp } from "../../shared/core/address.ts";
import type { Ban } from "../../shared/core/ban.ts";
import { banMail, type Teller } from "../../shared/core/report/mail-text.ts";
import type { MailAction } from "../../shared/ports/notifier.ts";
import type { Whois } from "../../shared/ports/whois.ts";
import { jailOf } from "../support/jail.ts";

const dir = mkdtempSync(join(tmpdir(), "fleet2ban-parts-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const id = parseIp("192.0.2.1")!;
const logs = (...paths: string[]) => paths.map((path) => ({ path, from: "head" }) as const);

describe("the ban log", () => {
  const notes: string[] = [];
  const speaker = (file: string) =>
    createSpeaker({ note: (line) => notes.push(line), zone: () => 0, now: () => 0, file });

  it("is written to the file and to standard error", async () => {
    const file = join(dir, "ban.log");
    await speaker(file).write([{ kind: "ban", jail: "web", id: "192.0.2.1" }], 1_000);
    const line = `1970-01-01 00:00:01,000 fail2ban.actions        [${process.pid}]: NOTICE  [web] Ban 192.0.2.1`;
    expect([readFileSync(file, "utf8"), notes.at(-1)]).toEqual([`${line}\n`, line]);
  });

  it("that cannot be written is told once, and nothing stops", async () => {
    notes.length = 0;
    const broken = speaker(join(dir, "no", "such", "folder.log"));
    for (let n = 0; n < 3; n++) await broken.write([{ kind: "unban", jail: "web", id: "192.0.2.1" }], 0);
    expect(notes.filter((line) => line.includes("cannot write the ban log"))).toHaveLength(1);
    expect(notes.filter((line) => line.includes("Unban"))).toHaveLength(3);
  });
});

describe("the system's resolver", () => {
  it("knows /etc/hosts, and what does not exist", async () => {
    const resolver = createSystemResolver();
    expect(await resolver.resolve("localhost")).toContain("127.0.0.1");
    const gone = createSystemResolver({
      look: () => Promise.reject(Object.assign(new Error(), { code: "ENOTFOUND" })),
    });
    expect(await gone.resolve("gone.test")).toEqual([]);
  });

  it("asks for two names at a time, in their order", async () => {
    const asked: string[] = [];
    const answers: (() => void)[] = [];
    const look = (name: string) => {
      asked.push(name);
      return new Promise<string[]>((resolve) => answers.push(() => resolve([`192.0.2.${name}`])));
    };
    const { resolve } = createSystemResolver({ look });
    const all = Promise.all(["1", "2", "3", "4"].map(resolve));
    expect(asked).toEqual(["1", "2"]);
    for (let nth = 0; nth < 4; nth++) {
      answers[nth]!();
      await new Promise(setImmediate);
    }
    expect(await all).toEqual([["192.0.2.1"], ["192.0.2.2"], ["192.0.2.3"], ["192.0.2.4"]]);
  });

  it("gives up who waits too long, and never asks for it", async () => {
    const asked: string[] = [];
    const answers: (() => void)[] = [];
    const look = (name: string) => {
      asked.push(name);
      return new Promise<string[]>((resolve) => answers.push(() => resolve([])));
    };
    const { resolve } = createSystemResolver({ look, patience: 20 });
    const outcomes = await Promise.allSettled(["a", "b", "c"].map(resolve));
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    await expect(resolve("d")).rejects.toThrow("no answer about d");
    for (const answer of answers) answer();
    await new Promise(setImmediate);
    expect(asked).toEqual(["a", "b"]);
    const late = resolve("e");
    answers.at(-1)!();
    expect([await late, asked]).toEqual([[], ["a", "b", "e"]]);
  });
});

describe("mail about a ban", () => {
  const action: MailAction = {
    kind: "mail",
    name: "sendmail-whois-lines",
    dest: "admin@example.com",
    sender: "f2b@example.com",
    subjectName: "Web\r\nBcc: everybody@example.com",
    whois: true,
    lines: true,
  };
  const ban: Ban = {
    id,
    jail: "web",
    since: 0,
    expiresAt: 3_600_000,
    generation: 1,
    count: 2,
    failures: 3,
    matches: ["GET /\x1b[2J\x07\u202e evil"],
    source: "x.log",
    actor: "fleet2ban",
    ruleset: "r",
  };

  const teller: Teller = { name: "web-1", stack: undefined, zone: () => 0 };
  const asked: string[] = [];
  const whois: Whois = {
    async about(target) {
      asked.push(target);
      return { kind: "known", facts: ["Holder: TEST\x1b[31m"] };
    },
  };

  it("has Fail2Ban's subject, and nothing that a client or a slip could smuggle into it", () => {
    const mail = banMail({ ban, subjectName: action.subjectName, whois: undefined, lines: true, teller });
    const [head, ...body] = messageOf(mail, action, new Date(0)).split("\n\n");
    expect(head).toMatch(/^Subject: \[Fail2Ban\] Web Bcc: everybody@example\.com: banned 192\.0\.2\.1 from web-1\n/);
    expect(head).toContain("\nDate: Thu, 01 Jan 1970 00:00:00 +0000\n");
    expect(head!.split("\n").filter((line) => /^(To|From|Subject|Bcc):/.test(line))).toHaveLength(3);
    expect(body.join("\n\n")).toContain("192.0.2.1 was banned in the jail web after 3 failures, for 1h.");
  });

  it("is sent by sendmail, with what whois says where the action asks for it", async () => {
    const script = join(dir, "sendmail");
    const sent = join(dir, "sent");
    writeFileSync(script, `#!/bin/sh\n{ printf '%s|' "$@"; echo; cat; } >> '${sent}'\n`, { mode: 0o755 });
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    const mail = createMailNotifier({ warn, sendmail: script, whois, teller });
    await mail.notify([{ action, ban }]);
    await mail.notify([{ action: { ...action, whois: false }, ban }]);
    await mail.drain();
    const text = readFileSync(sent, "utf8");
    expect(text).toMatch(/^-i\|-f\|f2b@example\.com\|admin@example\.com\|\n/);
    expect(text.split("What whois says of 192.0.2.1:\n  Holder: TEST·[31m\n")).toHaveLength(2);
    expect(text.match(/^Subject: /gm)).toHaveLength(2);
    expect(asked).toEqual(["192.0.2.1"]);
    expect(warnings).toEqual([]);
  });

  it("that cannot be sent is a warning, and an address that looks like an option is none", async () => {
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    const mail = createMailNotifier({ warn, sendmail: "/nonexistent/sendmail", whois, teller });
    await mail.notify([{ action: { ...action, whois: false }, ban }]);
    await mail.notify([{ action: { ...action, whois: false, dest: "-oQ/x" }, ban }]);
    await mail.drain();
    expect(warnings).toEqual([
      expect.stringContaining("no mail to admin@example.com about 192.0.2.1 in web: spawn /nonexistent/sendmail"),
      expect.stringContaining("-oQ/x is no address"),
    ]);
  });
});

describe("log routes", () => {
  const web = jailOf({ name: "web", logs: logs("/var/log/haproxy.log", "/srv/*/access.log") });
  const recidive = jailOf({ name: "recidive", logs: logs("/var/log/fleet2ban.log") });
  const old = jailOf({ name: "old", logs: logs("/var/log/fail2ban.log") });
  const routes = createLogRoutes("/logs/ban.log");

  it.each([
    { jail: web, stream: "/var/log/haproxy.log", reads: true },
    { jail: web, stream: "/srv/a/access.log", reads: true },
    { jail: web, stream: "/srv/a/error.log", reads: false },
    { jail: web, stream: "/logs/ban.log", reads: false },
    { jail: recidive, stream: "/logs/ban.log", reads: true },
    { jail: old, stream: "/logs/ban.log", reads: true },
    { jail: old, stream: "/var/log/fail2ban.log", reads: true },
    { jail: recidive, stream: "/var/log/haproxy.log", reads: false },
  ])("$jail.name reads $stream: $reads", ({ jail, stream, reads }) => {
    expect(routes.reads(jail, stream)).toBe(reads);
  });

  it("follow everything but our own ban log, each file once", () => {
    expect(routes.follow([web, { ...web, name: "web2" }, recidive, old]).map(({ path }) => path)).toEqual([
      "/var/log/haproxy.log",
      "/srv/*/access.log",
      "/var/log/fail2ban.log",
    ]);
  });
});

describe("hosts that are not well", () => {
  it("are tried again after waits that double, until they are", () => {
    const schedule = createSchedule();
    expect(schedule.isDue(0)).toBe(false);
    schedule.failed(0);
    expect([schedule.isDue(9_999), schedule.isDue(10_000)]).toEqual([false, true]);
    schedule.failed(10_000);
    expect([schedule.isDue(29_999), schedule.isDue(30_000)]).toEqual([false, true]);
    schedule.succeeded();
    expect(schedule.isDue(1e12)).toBe(false);
  });

  it.each([
    { code: "no-firewall", hopeless: "install nft" },
    { code: "locked", hopeless: undefined },
  ] as const)("$code keeps the daemon from starting: $hopeless", ({ code, hopeless }) => {
    const report = { kind: "replied", host: "h", reply: { kind: "failed", code, message: "install nft" } } as const;
    expect(hopelessFailure([report])).toBe(hopeless);
    expect(describeReport(report)).toBe("the firewall of h did not change: install nft");
  });
});

describe("ignorecommand", () => {
  it.each([
    { command: "test <ip> = 192.0.2.1", ignores: true },
    { command: "test <ip> = 192.0.2.2", ignores: false },
    { command: "test <family> = inet4", ignores: true },
    { command: "exit 3", ignores: false },
  ])("$command: $ignores", async ({ command, ignores }) => {
    expect(await shellIgnoreCommand.ignores(jailOf({ ignorecommand: command }), id)).toBe(ignores);
  });

  it("that is killed is no answer", async () => {
    await expect(shellIgnoreCommand.ignores(jailOf({ ignorecommand: "kill -9 $$" }), id)).rejects.toThrow(
      /ignorecommand/,
    );
  });
});
