/** The daemon for real: a host in a network namespace, its firewall, and clients whose packets stop and come through again. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, createNetwork, type Network } from "../support/netns.ts";
import { available } from "../support/require.ts";
import { DaemonRig, failure } from "./daemon-rig.ts";

const SERVER = `require("node:net").createServer((s) => s.on("error", () => {}).pipe(s)).listen(8080, "::", () => console.log("up"))`;
/** Exits with 0 when the host answers within a second. */
const KNOCK = `const s = require("node:net").connect(8080, process.argv[1]);
s.setTimeout(1000, () => process.exit(1)); s.on("error", () => process.exit(1)); s.on("connect", () => process.exit(0));`;

const JAIL = `[web]
enabled = true
filter =
failregex = bad login from <ADDR>$
usedns = no
logpath = LOG
maxretry = 3
findtime = 1h
bantime = 6s
ignoreself = true
action = iptables-allports
[deep]
enabled = true
filter =
failregex = worse login from <ADDR>$
usedns = no
logpath = LOG
maxretry = 1
bantime = -1
action = iptables-multiport[port="8080"]
`;

describe.skipIf(!available(["ip", "iptables", "ipset"], { root: true }))(
  "the daemon on a host",
  { timeout: 120_000 },
  () => {
    let network: Network;
    let daemon: DaemonRig;
    let attacker: Client;
    let other: Client;

    beforeAll(async () => {
      network = createNetwork({ clients: 2 });
      [attacker, other] = network.clients as [Client, Client];
      const server = network.host.start([process.execPath, "-e", SERVER]);
      await new Promise((resolve) => server.stdout?.once("data", resolve));
      daemon = new DaemonRig({ prefix: network.host.prefix });
      daemon.configure("jail.d/jails.conf", JAIL);
      await daemon.start();
    });
    afterAll(async () => {
      await daemon?.destroy();
      network?.destroy();
    });

    const reaches = (client: Client, address: string) =>
      client.run([process.execPath, "-e", KNOCK, address]).code === 0;
    const isBanned = (id: string) => async () => (await daemon.ask("banned", id)).text !== "[[]]";

    it.each(["v4", "v6"] as const)(
      "stops a client that failed (%s), no other, and lets it in again on time",
      async (family) => {
        const [from, to] = family === "v4" ? [attacker.v4, attacker.hostV4] : [attacker.v6, attacker.hostV6];
        expect(reaches(attacker, to)).toBe(true);
        daemon.append(failure(from), failure(from), failure(from));
        await daemon.until("the ban", isBanned(from));
        expect(reaches(attacker, to)).toBe(false);
        expect(reaches(other, family === "v4" ? other.hostV4 : other.hostV6)).toBe(true);
        await daemon.until("it reaches the host again", async () => reaches(attacker, to));
        await daemon.until("the books say so too", async () => daemon.banLogText.includes(`[web] Unban ${from}\n`));
        expect(await isBanned(from)()).toBe(false);
      },
    );

    it("bans for ever, over SIGKILL, and over a firewall that somebody emptied", async () => {
      daemon.append(failure(attacker.v4).replace("bad", "worse"));
      await daemon.until("the ban", isBanned(attacker.v4));
      expect(reaches(attacker, attacker.hostV4)).toBe(false);
      await daemon.signal("SIGKILL");
      network.host.must(["iptables", "-F"]);
      network.host.must(["iptables", "-X"]);
      expect(reaches(attacker, attacker.hostV4)).toBe(true);
      await daemon.start();
      await daemon.until("it is shut out again", async () => !reaches(attacker, attacker.hostV4));
      expect(daemon.banLogText).toContain(`[deep] Restore Ban ${attacker.v4}\n`);
      expect(await daemon.ask("set", "deep", "unbanip", attacker.v4)).toEqual({ code: 0, text: "1" });
      expect(reaches(attacker, attacker.hostV4)).toBe(true);
    });

    it("puts back what somebody's iptables-restore has thrown away, and leaves the rest as it is", async () => {
      const saved = network.host.must(["iptables-save"]).replace(/^.*f2b-.*\n/gm, "");
      const own = "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT";
      await daemon.ask("set", "deep", "banip", attacker.v4);
      network.host.must(["iptables-restore"], { input: saved.replace("COMMIT", `${own}\nCOMMIT`) });
      expect(reaches(attacker, attacker.hostV4)).toBe(true);
      await daemon.until("it is shut out again", async () => !reaches(attacker, attacker.hostV4));
      expect(network.host.must(["iptables-save"])).toContain(own);
      await daemon.ask("set", "deep", "unbanip", attacker.v4);
    });

    it("never bans the host itself", async () => {
      daemon.append(...Array.from({ length: 5 }, () => failure(attacker.hostV4)));
      await daemon.until("it says so", async () =>
        daemon.output.includes(`[web] Ignore ${attacker.hostV4} by never-ban`),
      );
      expect((await daemon.ask("set", "web", "banip", attacker.hostV4)).code).toBe(255);
      expect(await isBanned(attacker.hostV4)()).toBe(false);
    });

    it("ends with its bans in place, and a person can still lift them by starting it again", async () => {
      await daemon.ask("set", "deep", "banip", attacker.v4);
      expect(await daemon.signal("SIGTERM")).toBe(0);
      await sleep(100);
      expect(reaches(attacker, attacker.hostV4)).toBe(false);
      await daemon.start();
      await daemon.ask("unban", "--all");
      expect(reaches(attacker, attacker.hostV4)).toBe(true);
    });
  },
);

/** Where Debian has awk and its like, but neither iptables, ipset nor nft. */
const PLAIN_TOOLS = "/usr/bin:/bin";

describe.skipIf(!available(["ip"], { root: true }))("a host without a firewall", { timeout: 60_000 }, () => {
  it("is told so in one sentence, and nothing runs", async () => {
    const network = createNetwork({ clients: 0 });
    const daemon = new DaemonRig({ prefix: [...network.host.prefix, "env", `FLEET2BAN_PATH=${PLAIN_TOOLS}`] });
    try {
      daemon.configure("jail.d/jails.conf", JAIL);
      await expect(daemon.start()).rejects.toThrow(/ended with 255[\s\S]*this machine cannot ban/);
    } finally {
      await daemon.destroy();
      network.destroy();
    }
  });
});
