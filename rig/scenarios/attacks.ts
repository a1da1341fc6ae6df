/** Attackers of all kinds: whoever fails often enough, wherever, is dropped by every host; nobody else is. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Attack, get, type Rig } from "../rig.ts";
import { drops, must, type Scenario, type Stage, told } from "./scenario.ts";

/** Four failures are one ban in every jail of the rig. */
const ENOUGH = 4;
const UNROUTED = get("/", "10.0.0.1");
const FIRST = ["web-1"] as const;
const IGNORED = "198.51.100.26";

/** Attackers of one host that are dropped on all. */
export const ON_ONE_HOST: readonly (Pick<Attack, "from" | "bytes" | "status" | "port"> & { readonly name: string })[] =
  [
    { name: "attack on one host, dropped on all", from: "198.51.100.10", bytes: UNROUTED, status: 503 },
    { name: "the same over IPv6", from: "2001:db8:bad::10", bytes: UNROUTED, status: 503 },
    { name: "401: guessing passwords", from: "198.51.100.11", bytes: get("/account"), status: 401 },
    { name: "404: probing", from: "198.51.100.12", bytes: get("/old/admin.bak"), status: 404 },
    { name: "garbage instead of HTTP", from: "198.51.100.13", bytes: "\x16\x03\x01 ?\r\n\r\n", status: 400 },
    { name: "slow clients", from: "198.51.100.14", bytes: "GET / HTTP/1.1\r\nHost: sh", status: 408 },
    { name: "no TLS where TLS is spoken", from: "198.51.100.15", bytes: UNROUTED, status: 0, port: 443 },
  ];

async function isOpenEverywhere(rig: Rig, from: string): Promise<void> {
  for (const host of rig.fleet)
    must(await rig.opens(host, from), `${from} was dropped by ${host} before it did anything`);
}

/** How long a change may be on its way that a full list has overtaken, ms. */
const OVERTAKEN = 30_000;

/** A full list brings a host what it lacks: the ban must have come as a change too, or it was only healed. */
async function untilSent(rig: Rig, from: string): Promise<void> {
  const line = new RegExp(`^b ${from.replaceAll(".", "\\.")}( |$)`, "m");
  const isSent = () =>
    rig.cloud.ssm.sent.some(
      ({ Parameters }) => Parameters?.Mode?.[0] === "apply" && line.test(Parameters.Changes?.[0] ?? ""),
    );
  for (const begun = Date.now(); !isSent(); await sleep(200))
    must(Date.now() < begun + OVERTAKEN, `${from} was never sent as a change`);
}

const onOneHost: readonly Scenario[] = ON_ONE_HOST.map(({ name, ...attack }) => ({
  name,
  async run(rig) {
    await isOpenEverywhere(rig, attack.from);
    const last = await rig.attack({ ...attack, hosts: FIRST, times: ENOUGH });
    const dropped = drops(await rig.untilDropped(attack.from, last));
    await untilSent(rig, attack.from);
    return dropped;
  },
}));

const spread: Scenario = {
  name: "four failures spread over four hosts",
  async run(rig) {
    const from = "198.51.100.20";
    await isOpenEverywhere(rig, from);
    const last = await rig.attack({ from, hosts: rig.fleet, bytes: UNROUTED, status: 503, times: ENOUGH });
    return drops(await rig.untilDropped(from, last));
  },
};

/** What firewalls commonly begin with: it lets every packet of an open connection in. */
const LETS_OPEN_ONES_BE = ["-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT"];

const keptAlive: Scenario = {
  name: "an attacker's open connections are cut, although the hosts' firewalls let open ones be",
  async run(rig) {
    const from = "198.51.100.21";
    // One host of each firewall.
    const hosts = ["web-1", "web-2"] as const;
    const held = await Promise.all(
      hosts.map(async (host) => {
        rig.host(host).must(["iptables", "-w", "-I", "INPUT", ...LETS_OPEN_ONES_BE]);
        const visit = await rig.attackers.hold(rig.addressOf(host, from), from, get("/"));
        must(visit.status === 200, `the connection was answered with ${visit.status}`);
        const again = await rig.attackers.again(visit, get("/"));
        must(again.status === 200, "the connection was not kept open");
        return { host, visit };
      }),
    );
    const last = await rig.attack({ from, hosts: ["web-3"], bytes: UNROUTED, status: 503, times: ENOUGH });
    const dropped = drops(await rig.untilDropped(from, last));
    for (const { host, visit } of held) {
      const after = await rig.attackers.again(visit, get("/"));
      must(!after.ok, `a request on it was answered with ${after.status} by ${host} after the ban`);
    }
    return dropped;
  },
};

/** Who failed so often is not dropped, although whoever fails after that is: so what came before was counted. */
async function staysIn(rig: Rig, from: string, other: string, attack: Pick<Attack, "hosts" | "times">) {
  const unrouted = { bytes: UNROUTED, status: 503 };
  await rig.attack({ from, ...attack, ...unrouted });
  const last = await rig.attack({ from: other, ...attack, ...unrouted, times: ENOUGH });
  const dropped = drops(await rig.untilDropped(other, last));
  await isOpenEverywhere(rig, from);
  return dropped;
}

const ignored: Scenario = {
  name: "an address on the ignore list is not banned",
  run: (rig) => staysIn(rig, IGNORED, "198.51.100.27", { hosts: FIRST, times: ENOUGH }),
};

const tooFew: Scenario = {
  name: "three failures, each shipped twice: no ban",
  run: (rig) => staysIn(rig, "198.51.100.22", "198.51.100.23", { hosts: rig.fleet, times: ENOUGH - 1 }),
};

const observed: Scenario = {
  name: "observe mode: recorded, and nobody is dropped",
  async run(rig) {
    const [from, other] = ["198.51.100.24", "198.51.100.25"];
    await rig.attack({ from, hosts: FIRST, bytes: get("/staff"), status: 403, times: ENOUGH });
    const last = await rig.attack({ from: other, hosts: FIRST, bytes: UNROUTED, status: 503, times: ENOUGH });
    await rig.untilDropped(other, last);
    await isOpenEverywhere(rig, from);
    const { out } = await rig.cloud.command("status", "haproxy-denied");
    must(out.includes(from), `the command line does not list ${from} in the observed jail:\n${out}`);
    return {};
  },
};

export const attacks: Stage = {
  title: "Attacks, side by side",
  async prepare(rig) {
    await told(rig, [], "set", "haproxy-noserver", "addignoreip", IGNORED);
  },
  scenarios: [...onOneHost, spread, keptAlive, tooFew, ignored, observed],
};
