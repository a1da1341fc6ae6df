/**
 * Debian's Fail2Ban on one host, ours on the others, with the same jail and the same lines: the same addresses are banned.
 *
 * The host is not of the fleet yet, so what its kernel drops is Fail2Ban's doing alone; its log goes to both.
 */
import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BUNDLED_CONFIG } from "../../cli/paths.ts";
import { get, type Rig } from "../rig.ts";
import { drops, must, type Scenario, type Stage } from "./scenario.ts";

const HOST = "web-5";
/** How often each of them asks for a host that is not served; four are one too many. */
const CLIENTS = [
  { from: "198.51.100.60", times: 4 },
  { from: "198.51.100.61", times: 3 },
  { from: "198.51.100.62", times: 4 },
  { from: "2001:db8:bad::60", times: 4 },
  { from: "2001:db8:bad::61", times: 2 },
];

/** Starts it in the host's namespace, reading what the host logs from now on; returns what ends it. */
async function startFail2Ban(rig: Rig): Promise<() => void> {
  const folder = join(rig.folder, "fail2ban");
  mkdirSync(folder);
  symlinkSync("/etc/fail2ban/action.d", join(folder, "action.d"));
  symlinkSync(join(BUNDLED_CONFIG, "filter.d"), join(folder, "filter.d"));
  const log = join(folder, "haproxy.log");
  writeFileSync(log, "");
  rig.listen(HOST, (line) => appendFileSync(log, `${line}\n`));
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
logpath = ${log}
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

const beside: Scenario = {
  name: "the same lines to Debian's Fail2Ban: the same addresses banned",
  async run(rig) {
    const stop = await startFail2Ban(rig);
    try {
      const ours: number[] = [];
      const theirs: number[] = [];
      const hosts = [HOST, ...rig.fleet] as const;
      await Promise.all(
        CLIENTS.map(async ({ from, times }) => {
          const bytes = get("/", "10.0.0.1");
          const last = await rig.attack({ from, hosts: [HOST], bytes, status: 503, times });
          if (times < 4) return;
          const seconds = await rig.untilDropped(from, last, hosts);
          theirs.push(seconds[HOST]!);
          ours.push(...rig.fleet.map((host) => seconds[host]!));
        }),
      );
      for (const { from, times } of CLIENTS)
        for (const host of hosts) {
          const isOpen = await rig.opens(host, from);
          must(
            isOpen === times < 4,
            `${from} with ${times} failures ${isOpen ? "is let in" : "is dropped"} by ${host}`,
          );
        }
      return drops({ Fail2Ban: Math.max(...theirs), "all hosts of ours": Math.max(...ours) }, "last dropped by");
    } finally {
      stop();
      rig.host(HOST).run(["sh", "-c", "iptables -F; iptables -X; ip6tables -F; ip6tables -X; nft flush ruleset"]);
    }
  },
};

export const besideFail2Ban: Stage = { title: "Beside Debian's Fail2Ban", scenarios: [beside] };
