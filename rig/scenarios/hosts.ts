/** Hosts that change under the fleet's feet: each is in sync again without anybody's help, shown by its packets. */
import { setTimeout as sleep } from "node:timers/promises";
import { DELIVERY_TIME } from "../../shared/contract/host-document.ts";
import type { HostName } from "../network.ts";
import { get, type Rig } from "../rig.ts";
import { drops, type Figures, must, type Scenario, type Stage, told } from "./scenario.ts";

const UNROUTED = get("/", "10.0.0.1");
/** Seconds; a host that is back sooner gets what waits for it, so that loses it by hand here. */
const LOST_AFTER = (2 * DELIVERY_TIME) / 1000;

/** Who is banned everywhere before hosts change. */
const BANNED = "198.51.100.40";

async function banFirst(rig: Rig): Promise<void> {
  await told(rig, [], "set", "haproxy-noserver", "banip", BANNED);
  await rig.untilDropped(BANNED, Date.now());
}

/** A script that runs at the moment may put back what was just taken: how often it is taken then. */
const TAKEN = 5;

/** Takes something from a host; it must let the banned one in, and drop it again later. */
async function breaks(rig: Rig, host: HostName, take: () => void) {
  for (let times = 0; times < TAKEN; times += 1) {
    take();
    const since = Date.now();
    if (await rig.opens(host, BANNED)) return drops(await rig.untilDropped(BANNED, since, [host]), "in sync again:");
  }
  throw new Error(`${host} still drops ${BANNED}, so nothing was taken from it`);
}

const rebooted: Scenario = {
  name: "a host reboots: its kernel is empty",
  run: (rig) => breaks(rig, "web-4", () => rig.cloud.ssm.reboot("i-web-4")),
};

/** By firewall: what a hand does that is in a hurry. */
const FLUSHED = [
  { host: "web-1", tool: "iptables", command: ["iptables", "-w", "-F"] },
  { host: "web-2", tool: "nft", command: ["nft", "flush", "ruleset"] },
] as const;

const flushed: readonly Scenario[] = FLUSHED.map(({ host, tool, command }) => ({
  name: `somebody flushes a host's rules by hand, with ${tool}`,
  run: (rig) => breaks(rig, host, () => void rig.host(host).must(command)),
}));

/** Offline for so many seconds; what is sent to a host meanwhile waits for a minute and is then lost. */
const offline = (seconds: number): Scenario => ({
  name: `a host is offline for ${seconds} s while an address is banned`,
  async run(rig) {
    const from = "198.51.100.41";
    const begun = Date.now();
    rig.cloud.ssm.setOnline("i-web-3", false);
    const others = rig.fleet.filter((name) => name !== "web-3");
    const last = await rig.attack({ from, hosts: others, bytes: UNROUTED, status: 503, times: 4 });
    const dropped = drops(await rig.untilDropped(from, last, others));
    await sleep(Math.max(0, begun + seconds * 1000 - Date.now()));
    must(await rig.opens("web-3", from), "the host that is offline drops it already");
    if (seconds < LOST_AFTER) rig.cloud.ssm.expire("i-web-3");
    const since = Date.now();
    rig.cloud.ssm.setOnline("i-web-3", true);
    return { ...dropped, ...drops(await rig.untilDropped(from, since, ["web-3"]), "in sync again:") };
  },
});

const added: Scenario = {
  name: "a host joins the fleet: it learns the bans that stand",
  async run(rig) {
    must(await rig.opens("web-5", BANNED), "a host that is not of the fleet drops a banned address");
    const since = Date.now();
    rig.join("web-5");
    return drops(await rig.untilDropped(BANNED, since, ["web-5"]), "in sync:");
  },
};

/** Of the jail haproxy-paths here, ms. */
const BANTIME = 60_000;
/** One of each family. */
const SHORTLY_BANNED = ["198.51.100.42", "2001:db8:bad::42"];
/** How long `sweep` may take to notice what is over, ms. */
const SWEPT_WITHIN = 60_000;

const withoutCloud: Scenario = {
  name: "a ban ends on time while the whole cloud stands still",
  async run(rig) {
    const attack = { hosts: rig.fleet, bytes: get("/.env"), status: 410, times: 4 };
    const lasts = await Promise.all(SHORTLY_BANNED.map((from) => rig.attack({ from, ...attack })));
    await Promise.all(SHORTLY_BANNED.map((from, nth) => rig.untilDropped(from, lasts[nth]!)));
    await rig.cloud.stop();
    rig.story.tell("cloud", "everything is stopped: only kernels are left");
    let figures: Figures = {};
    try {
      for (const host of rig.fleet)
        for (const from of SHORTLY_BANNED)
          must(!(await rig.opens(host, from)), `${host} lets ${from} in before the ban is over`);
      const open = await Promise.all(SHORTLY_BANNED.map((from, nth) => rig.untilOpen(from, lasts[nth]!)));
      for (const [host, after] of open.flatMap(Object.entries)) {
        // The kernel counts whole seconds.
        must(after >= BANTIME / 1000 - 1, `${host} let one in after ${after} s, before the ban was over`);
      }
      figures = drops(open[0]!, "open after");
      must(!SHORTLY_BANNED.some((from) => rig.cloud.lifted.has(from)), "a row went while the cloud stood still");
    } finally {
      rig.cloud.resume();
      rig.story.tell("cloud", "goes on");
    }
    const resumed = Date.now();
    while (!SHORTLY_BANNED.every((from) => rig.cloud.lifted.has(from))) {
      must(Date.now() < resumed + SWEPT_WITHIN, "the rows of bans that are over still stand");
      await sleep(200);
    }
    return { ...figures, "rows gone after": (Date.now() - resumed) / 1000 };
  },
};

/** `seconds`: how long the one is offline that is. */
export const hostChanges = (seconds: number): Stage => ({
  title: "Hosts that change, side by side",
  prepare: banFirst,
  scenarios: [rebooted, ...flushed, offline(seconds), added],
});

export const standstill: Stage = { title: "The cloud stands still", scenarios: [withoutCloud] };
