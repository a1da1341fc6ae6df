/**
 * Debian's Fail2Ban on one host, ours on the others, with the same jail and the same lines: the same addresses are banned.
 *
 * The host is not of the fleet yet, so what its kernel drops is Fail2Ban's doing alone; its log goes to both.
 */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BUNDLED_CONFIG } from "../../cli/paths.ts";
import { changesIn } from "../cloud.ts";
import { DELAYS } from "../delays.ts";
import { get, type Rig } from "../rig.ts";
import { drops, must, type Scenario, type Stage } from "./scenario.ts";

const HOST = "web-5";
/** How often each of them asks for a host that is not served; four are one too many. */
const TIMES = [4, 3, 4];
const TIMES_V6 = [4, 2];

interface Client {
  readonly from: string;
  readonly times: number;
}

/** Clients that nobody has seen yet: their addresses end in numbers from this one on. */
function clientsFrom(first: number): readonly Client[] {
  return [
    ...TIMES.map((times, nth) => ({ from: `198.51.100.${first + nth}`, times })),
    ...TIMES_V6.map((times, nth) => ({ from: `2001:db8:bad::${first + nth}`, times })),
  ];
}

/** Ours is measured twice. */
const PASSES = [
  { delays: DELAYS.none, whose: "all hosts of ours", clients: clientsFrom(60) },
  { delays: DELAYS.aws, whose: "all hosts of ours, with AWS's delays", clients: clientsFrom(70) },
];

/** Starts it in the host's namespace, reading the log file of the host; returns what ends it. */
async function startFail2Ban(rig: Rig): Promise<() => void> {
  const folder = join(rig.folder, "fail2ban");
  mkdirSync(folder);
  symlinkSync("/etc/fail2ban/action.d", join(folder, "action.d"));
  symlinkSync(join(BUNDLED_CONFIG, "filter.d"), join(folder, "filter.d"));
  const paths = { socket: "socket", pidfile: "pid", logtarget: "log" };
  const plain = ["loglevel = INFO", "syslogsocket = auto", "allowipv6 = auto", "dbpurgeage = 1d", "dbfile = None"];
  const own = Object.entries(paths).map(([name, file]) => `${name} = ${join(folder, file)}`);
  writeFileSync(join(folder, "fail2ban.conf"), ["[Definition]", ...plain, ...own, ""].join("\n"));
  writeFileSync(
    join(folder, "jail.conf"),
    `[haproxy-noserver]
enabled = true
filter = haproxy-noserver
backend = auto
logpath = ${rig.logFile(HOST)}
maxretry = 4
findtime = 1h
bantime = 1h
action = iptables-allports[name=noserver, blocktype=DROP]
`,
  );
  const files = ["-c", folder, "-s", join(folder, "socket"), "-p", join(folder, "pid")];
  const server = rig.host(HOST).start(["fail2ban-server", "-f", ...files, "start"], { env: { TZ: "UTC" } });
  server.stdout?.resume();
  const isReady = () => rig.host(HOST).run(["fail2ban-client", ...files, "status", "haproxy-noserver"]).code === 0;
  for (const end = Date.now() + 30_000; !isReady(); ) {
    must(Date.now() < end && server.exitCode === null, "fail2ban-server did not start");
    await new Promise((wake) => setTimeout(wake, 300));
  }
  return () => {
    rig.host(HOST).run(["fail2ban-client", ...files, "stop"]);
  };
}

/** A ban within eight seconds of a command waits for the next: waits until there was none for longer. The second pass takes longer anyway. */
async function quiet(rig: Rig): Promise<void> {
  const commands = () => rig.cloud.ssm.sent.filter((command) => changesIn(command) > 0).length;
  for (let last = -1, since = 0; last !== commands() || Date.now() < since + 9_000; await sleep(200)) {
    if (last === commands()) continue;
    last = commands();
    since = Date.now();
  }
}

/** Seconds from the last failure until the last of the clients with four is dropped, by Fail2Ban and by all hosts of ours. */
async function measure(rig: Rig, clients: readonly Client[]) {
  const ours: number[] = [];
  const theirs: number[] = [];
  const hosts = [HOST, ...rig.fleet] as const;
  await Promise.all(
    clients.map(async ({ from, times }) => {
      const bytes = get("/", "10.0.0.1");
      const last = await rig.attack({ from, hosts: [HOST], bytes, status: 503, times });
      if (times < 4) return;
      const seconds = await rig.untilDropped(from, last, hosts);
      theirs.push(seconds[HOST]!);
      ours.push(...rig.fleet.map((host) => seconds[host]!));
    }),
  );
  const looks = clients.flatMap(({ from, times }) =>
    hosts.map(async (host) => {
      const isOpen = await rig.opens(host, from);
      must(isOpen === times < 4, `${from} with ${times} failures ${isOpen ? "is let in" : "is dropped"} by ${host}`);
    }),
  );
  await Promise.all(looks);
  return { theirs: Math.max(...theirs), ours: Math.max(...ours) };
}

const beside: Scenario = {
  name: "the same lines to Debian's Fail2Ban: the same addresses banned",
  async run(rig) {
    const stop = await startFail2Ban(rig);
    try {
      let slowest = 0;
      const ours: Record<string, number> = {};
      await quiet(rig);
      for (const { delays, whose, clients } of PASSES) {
        rig.story.tell("attackers", `five clients; delays of AWS: ${delays.name}`);
        const seconds = await rig.withDelays(delays, () => measure(rig, clients));
        slowest = Math.max(slowest, seconds.theirs);
        ours[whose] = seconds.ours;
      }
      return drops({ Fail2Ban: slowest, ...ours }, "last dropped by");
    } finally {
      stop();
      rig.host(HOST).run(["sh", "-c", "iptables -F; iptables -X; ip6tables -F; ip6tables -X; nft flush ruleset"]);
    }
  },
};

export const besideFail2Ban: Stage = { title: "Beside Debian's Fail2Ban", scenarios: [beside] };
