/**
 * The README's example, end to end: the two files as they are, a log in which one address fails four times within an
 * hour, our daemon and Debian's fail2ban side by side on the same log.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { available } from "../support/require.ts";

const CLI = join(import.meta.dirname, "../../cli/bin.mjs");
const FILTER = `[Definition]
failregex = ^.*haproxy\\[\\d+\\]: <HOST>:\\d+ \\[\\.*\\] http_fe http_fe/<NOSRV> .*
ignoreregex =
`;
const JAIL = `[haproxy-noserv]
enabled = true
filter = haproxy-noserv
action = iptables-allports sendmail-whois[name=Haproxy-noserv, dest=mail@mydomain.com]
bantime = 72000
maxretry = 4
findtime = 6000
logpath = /var/log/haproxy.log
ignoreip = 127.0.0.0/8 10.10.10.1/16
`;

const folder = mkdtempSync(join(tmpdir(), "fleet2ban-seed-"));
const log = join(folder, "haproxy.log");
const config = join(folder, "config");
const socket = join(folder, "f2b.sock");
const children: ChildProcess[] = [];

/** Minutes ago and address of every <NOSRV>; the last of 192.0.2.3 is the fourth within an hour. */
const FAILURES: readonly (readonly [minutesAgo: number, address: string])[] = [
  ...[58, 40, 20, 2].map((ago) => [ago, "192.0.2.3"] as const),
  ...[50, 30, 3].map((ago) => [ago, "192.0.2.4"] as const),
  ...[59, 50, 40, 30, 20].map((ago) => [ago, "10.10.77.1"] as const),
  ...[59, 50, 40, 30, 20].map((ago) => [ago, "127.0.0.9"] as const),
  ...[55, 45, 35, 25].map((ago) => [ago, "2001:db8:1:2:3:4:5:6"] as const),
];

beforeAll(() => {
  mkdirSync(join(config, "filter.d"), { recursive: true });
  mkdirSync(join(config, "jail.d"));
  writeFileSync(join(config, "filter.d/haproxy-noserv.conf"), FILTER);
  writeFileSync(join(config, "jail.d/haproxy.conf"), JAIL);
  writeFileSync(join(config, "jail.local"), `[haproxy-noserv]\nlogpath = ${log}\n`);
  const lines = [...FAILURES]
    .sort(([a], [b]) => b - a)
    .map(([ago, address]) => noserver(Date.now() - ago * 60_000, address));
  const fine = noserver(Date.now() - 60_000, "192.0.2.5").replace("http_fe/<NOSRV>", "app/a1");
  writeFileSync(log, [...lines, fine, fine, fine, fine, ""].join("\n"));
});

afterAll(async () => {
  for (const child of children) child.kill("SIGTERM");
  await Promise.all(children.map((child) => child.exitCode ?? new Promise((done) => child.once("exit", done))));
  rmSync(folder, { recursive: true });
});

describe("the README's example", () => {
  it("bans exactly the address that failed four times, for 72 000 s", async () => {
    const state = join(folder, "state");
    children.push(
      start(process.execPath, [CLI, "run", "--config", config, "--dry-run", "--state", state, "--socket", socket]),
    );
    await until(() => ours("status", "haproxy-noserv").includes("192.0.2.3"));
    expect(ours("status")).toBe("Status\n|- Number of jail:\t1\n`- Jail list:\thaproxy-noserv\n");
    expect(ours("status", "haproxy-noserv")).toBe(
      [
        "Status for the jail: haproxy-noserv",
        "|- Filter",
        "|  |- Currently failed:\t1",
        "|  |- Total failed:\t11",
        `|  \`- File list:\t${log}`,
        "`- Actions",
        "   |- Currently banned:\t2",
        "   |- Total banned:\t2",
        "   `- Banned IP list:\t2001:db8:1:2:3:4:5:6 192.0.2.3",
        "",
      ].join("\n"),
    );
    expect(ours("get", "haproxy-noserv", "banip", "--with-time")).toMatch(/^192\.0\.2\.3 \t.* \+ 72000 = /m);
  });

  it.runIf(available(["fail2ban-client"]))("bans whom Debian's fail2ban bans", async () => {
    const theirs = join(folder, "fail2ban");
    mkdirSync(join(theirs, "action.d"), { recursive: true });
    mkdirSync(join(theirs, "filter.d"));
    mkdirSync(join(theirs, "jail.d"));
    writeFileSync(join(theirs, "filter.d/haproxy-noserv.conf"), FILTER);
    writeFileSync(join(theirs, "jail.d/haproxy.conf"), JAIL);
    writeFileSync(join(theirs, "jail.local"), `[haproxy-noserv]\nbackend = polling\nlogpath = ${log}\n`);
    writeFileSync(join(theirs, "fail2ban.conf"), "[Definition]\ndbfile = None\nallowipv6 = auto\n");
    // The same action names, doing nothing: neither the kernel nor anybody's mailbox is touched.
    for (const action of ["iptables-allports", "sendmail-whois"]) {
      writeFileSync(join(theirs, `action.d/${action}.conf`), "[Definition]\nactionban =\nactionunban =\n");
    }
    const own = ["-c", theirs, "-s", join(folder, "peer.sock"), "-p", join(folder, "peer.pid")];
    const logging = ["--logtarget", join(folder, "peer.log"), "--loglevel", "INFO"];
    children.push(start("fail2ban-server", ["-f", ...own, ...logging, "start"]));
    const peer = (...words: string[]) => run("fail2ban-client", [...own, ...words]);
    await until(() => peer("get", "haproxy-noserv", "banip").trim().split(/\s+/).length === 2);
    const banned = (text: string) => text.trim().split(/\s+/).sort();
    expect(banned(ours("get", "haproxy-noserv", "banip"))).toEqual(banned(peer("get", "haproxy-noserv", "banip")));
    peer("stop");
  });
});

function noserver(at: number, address: string): string {
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString();
  const month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][
    Number(date.slice(5, 7)) - 1
  ];
  const accepted = `${date.slice(8, 10)}/${month}/${date.slice(0, 4)}:${date.slice(11, 23)}`;
  return `haproxy[760]: ${address}:58430 [${accepted}] http_fe http_fe/<NOSRV> -1/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`;
}

function start(command: string, args: readonly string[]): ChildProcess {
  return spawn(command, args, { stdio: "ignore" });
}

function ours(...words: string[]): string {
  return run(process.execPath, [CLI, ...words, "--socket", socket]);
}

function run(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    // Not up yet, or refused: the caller waits or compares.
    return "";
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 150; tries += 1) {
    if (condition()) return;
    await pause(200);
  }
  throw new Error("waited in vain");
}
