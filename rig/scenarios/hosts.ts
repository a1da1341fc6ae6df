/** Hosts that change under the fleet's feet: each is in sync again without anybody's help, shown by its packets. */
import type { HostName } from "../network.ts";
import { get, type Rig } from "../rig.ts";
import { drops, must, type Scenario, type Stage } from "./scenario.ts";

const UNROUTED = get("/", "10.0.0.1");

/** Who is banned everywhere before hosts change. */
const BANNED = "198.51.100.40";

async function banFirst(rig: Rig): Promise<void> {
  const { code, out } = await rig.cloud.command("set", "haproxy-noserver", "banip", BANNED);
  must(code === 0, `banip ended with ${code}: ${out}`);
  await rig.untilDropped(BANNED, Date.now());
}

/** Takes something from a host; it must let the banned one in, and drop it again later. */
async function breaks(rig: Rig, host: HostName, take: () => void) {
  take();
  const since = Date.now();
  must(await rig.opens(host, BANNED), `${host} still drops ${BANNED}, so nothing was taken from it`);
  return drops(await rig.untilDropped(BANNED, since, [host]), "in sync again:");
}

const rebooted: Scenario = {
  name: "a host reboots: its kernel is empty",
  run: (rig) => breaks(rig, "web-1", () => rig.cloud.ssm.reboot("i-web-1")),
};

const flushed: Scenario = {
  name: "somebody flushes a host's rules by hand",
  run: (rig) => breaks(rig, "web-2", () => void rig.host("web-2").must(["nft", "flush", "ruleset"])),
};

const offline: Scenario = {
  name: "a host is offline while an address is banned",
  async run(rig) {
    const from = "198.51.100.41";
    rig.cloud.ssm.setOnline("i-web-3", false);
    const others = rig.fleet.filter((name) => name !== "web-3");
    const last = await rig.attack({ from, hosts: others, bytes: UNROUTED, status: 503, times: 4 });
    const dropped = drops(await rig.untilDropped(from, last, others));
    must(await rig.opens("web-3", from), "the host that is offline drops it already");
    // What was sent meanwhile is lost, as after a longer time offline.
    rig.cloud.ssm.expire("i-web-3");
    const since = Date.now();
    rig.cloud.ssm.setOnline("i-web-3", true);
    return { ...dropped, ...drops(await rig.untilDropped(from, since, ["web-3"]), "in sync again:") };
  },
};

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

const withoutCloud: Scenario = {
  name: "a ban ends on time while the whole cloud stands still",
  async run(rig) {
    const from = "198.51.100.42";
    const last = await rig.attack({ from, hosts: rig.fleet, bytes: get("/.env"), status: 410, times: 4 });
    await rig.untilDropped(from, last);
    await rig.cloud.stop();
    rig.story.tell("cloud", "everything is stopped: only kernels are left");
    try {
      for (const host of rig.fleet) must(!(await rig.opens(host, from)), `${host} lets it in before the ban is over`);
      const open = await rig.untilOpen(from, last);
      for (const [host, after] of Object.entries(open)) {
        // The kernel counts whole seconds.
        must(after >= BANTIME / 1000 - 1, `${host} let it in after ${after} s, before the ban was over`);
      }
      return drops(open, "open after");
    } finally {
      rig.cloud.resume();
      rig.story.tell("cloud", "goes on");
    }
  },
};

export const hostChanges: Stage = {
  title: "Hosts that change, side by side",
  prepare: banFirst,
  scenarios: [rebooted, flushed, offline, added],
};

export const standstill: Stage = { title: "The cloud stands still", scenarios: [withoutCloud] };
