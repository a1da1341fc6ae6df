/** The fleet on real hosts: document, parameters, environment, sh, kernel; and what a check brings back. */

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collectReceipts } from "../../../../shared/app/collect-receipts.ts";
import { hostBans } from "../../../../shared/app/enforce-changes.ts";
import { reconcileFleet } from "../../../../shared/app/reconcile-fleet.ts";
import { learn, standing } from "../../../../shared/core/firewall/ledger.ts";
import { formatHosts } from "../../../../shared/core/report/hosts-report.ts";
import { available } from "../../../support/require.ts";
import { SEED } from "../../../support/seed.ts";
import { serviceError } from "../../../support/ssm-agent.ts";
import {
  BRIEFLY,
  ban,
  firewall,
  kernelEntries,
  type Rig,
  startPeer,
  startServer,
  TOOLS,
  unban,
} from "../../firewall-rig.ts";
import { createFleetRig, type FleetRig, row } from "./fleet-rig.ts";

const A = "192.0.2.1";
const B = "198.51.100.7";
const V6 = "2001:db8::7";

describe.skipIf(!available(TOOLS, { root: true }))("a fleet behind SSM", { timeout: 120_000 }, () => {
  let rig: FleetRig;
  beforeEach(() => {
    rig = createFleetRig(["ipset", "nft"]);
  });
  afterEach(() => rig.destroy());

  const enforce = async (...addresses: string[]) => {
    const rows = addresses.map((address) => row(address));
    rig.rows.push(...rows);
    await rig.fleet.apply(hostBans(rows, rig.deps.firewalls));
    await rig.standIn.idle();
  };

  it("puts a ban into every kernel", async () => {
    await enforce(A, V6);
    for (const host of ["i-1", "i-2"]) expect(await rig.ask(host)).toMatchObject({ bans: 2, missing: 0, broken: 0 });
    expect(rig.nets[0]!.host.must(["ipset", "save"])).toContain(`add f2b-web ${A}`);
    expect(rig.nets[1]!.host.must(["nft", "list", "ruleset"])).toContain(A);
  });

  it("stops the packets of who is banned, and lets them in again", async () => {
    const net = rig.nets[0]!;
    const [client] = net.clients;
    if (client === undefined) throw new Error("the rig has a client");
    await startServer(net.host, [80]);
    const peer = startPeer(client);
    expect(await peer.open(client.hostV4, 80)).toMatchObject({ ok: true });
    await enforce(client.v4);
    expect(await peer.open(client.hostV4, 80, BRIEFLY)).toMatchObject({ ok: false });
    await rig.fleet.apply([unban(client.v4)]);
    await rig.standIn.idle();
    expect(await peer.open(client.hostV4, 80)).toMatchObject({ ok: true });
  });

  it("finds nothing to do where nothing happened", async () => {
    await enforce(A);
    await rig.check();
    const { report, relisted } = await rig.check();
    expect(report).toMatchObject({
      inSync: 2,
      hosts: [
        { host: "i-1", bans: 1 },
        { host: "i-2", bans: 1 },
      ],
    });
    expect(relisted).toEqual([]);
    expect(await rig.show()).toMatchObject({ inSync: 2 });
    expect(rig.metrics.levels).toEqual(
      new Map([
        ["Hosts", 2],
        ["HostsInSync", 2],
        ["HostsSilent", 0],
        ["HostsOutOfSync", 0],
        ["BansStanding", 1],
      ]),
    );
  });

  it.each<{ name: string; spoil: () => Promise<void> | void; sent: string[] }>([
    {
      name: "a new host",
      spoil: () => {
        rig.standIn.remove("i-2");
        rig.standIn.add({ id: "i-3", namespace: rig.nets[1]!.host, env: rig.envOf("i-3", "nft") });
      },
      sent: ["i-3"],
    },
    { name: "a reboot that kept its disk: the host heals itself", spoil: () => rig.standIn.reboot("i-2"), sent: [] },
    {
      name: "a host restored from a snapshot of an earlier day",
      spoil: () => {
        rig.standIn.reboot("i-2");
        rig.emptyState("i-2");
      },
      sent: ["i-2"],
    },
    {
      name: "sets flushed by hand",
      spoil: () => void rig.nets[0]!.host.must(["ipset", "flush", "f2b-web"]),
      sent: [],
    },
    { name: "jumps flushed by hand", spoil: () => void rig.nets[0]!.host.must(["iptables", "-F", "INPUT"]), sent: [] },
    {
      name: "an entry put in by hand",
      spoil: () => void rig.nets[0]!.host.must(["ipset", "add", "f2b-web", "203.0.113.99"]),
      sent: ["i-1"],
    },
    {
      name: "a ban that one host never heard of",
      spoil: async () => {
        rig.standIn.setOnline("i-2", false);
        await enforce(B);
        rig.standIn.expire("i-2");
        rig.standIn.setOnline("i-2", true);
      },
      sent: ["i-2"],
    },
    {
      name: "an unban that one host never heard of",
      spoil: async () => {
        rig.standIn.setOnline("i-1", false);
        rig.rows.length = 0;
        await rig.fleet.apply([unban(A), unban(V6)]);
        await rig.standIn.idle();
        rig.standIn.expire("i-1");
        rig.standIn.setOnline("i-1", true);
      },
      sent: ["i-1"],
    },
  ])("repairs $name", async ({ spoil, sent }) => {
    await enforce(A, V6);
    await rig.check();
    await spoil();
    // What a host learnt within the last minute stays, so a minute passes.
    const { report, relisted } = await rig.check(70_000);
    expect(relisted).toEqual(sent);
    expect(report).toMatchObject({ inSync: 2 });
    const bans = rig.rows.length;
    for (const { host } of report.hosts) {
      expect(await rig.ask(host)).toMatchObject({ bans, missing: 0, foreign: 0, broken: 0 });
    }
  });

  it("tells which hosts are not there, and repairs them when they are back", async () => {
    await enforce(A);
    await rig.check();
    rig.standIn.setOnline("i-2", false);
    await enforce(B);
    const { report } = await rig.check();
    expect(report.hosts[1]).toMatchObject({ host: "i-2", state: { reason: { kind: "offline" } } });
    expect(formatHosts(await rig.show(), () => 0)).toMatch(/^1 of 2 hosts in sync\ni-2 {2}offline since /);
    expect(rig.metrics.levels.get("HostsSilent")).toBe(1);
    rig.standIn.expire("i-2");
    rig.standIn.setOnline("i-2", true);
    expect(await rig.check()).toMatchObject({ relisted: ["i-2"], report: { inSync: 2 } });
    expect(await rig.ask("i-2")).toMatchObject({ bans: 2, missing: 0 });
  });

  it("brings a long list in several parts, which hosts take side by side", async () => {
    for (let i = 0; i < 2_600; i++) rig.rows.push(row(`198.51.${100 + (i >> 8)}.${i & 255}`));
    const { report, relisted } = await rig.check();
    expect(relisted).toEqual(["i-1", "i-2"]);
    expect(report).toMatchObject({ inSync: 2, hosts: [{ bans: 2_600 }, { bans: 2_600 }] });
    const parts = rig.standIn.sent.filter((input) => input.Parameters?.Mode?.[0] === "reconcile");
    expect(parts.length).toBeGreaterThan(1);
    expect(await rig.check()).toMatchObject({ relisted: [] });
  });

  it("brings the rules of a new configuration", async () => {
    await enforce(A);
    await rig.check();
    const deps = { ...rig.deps, firewalls: new Map([["web", firewall({ ports: "22" }, 2)]]) };
    expect(await reconcileFleet(deps)).toMatchObject({ relisted: ["i-1", "i-2"], report: { inSync: 2 } });
    expect(rig.nets[0]!.host.must(["iptables", "-S"])).toMatch(/--dports? 22 /);
    expect(await reconcileFleet(deps)).toMatchObject({ relisted: [] });
  });

  it("is as if nothing had been, when SSM is back after half an hour", async () => {
    await enforce(A, B);
    await rig.check();
    rig.standIn.fail(serviceError("ServiceUnavailable", "down", 503));
    rig.rows.splice(0, 1, row(V6));
    await expect(rig.fleet.apply([unban(A)])).rejects.toMatchObject({ code: "unavailable" });
    await expect(rig.check()).rejects.toMatchObject({ code: "unavailable" });
    expect(kernelEntries({ net: rig.nets[0]! } as Rig, "ipset")).toEqual([`f2b-web ${A}`, `f2b-web ${B}`]);
    rig.standIn.fail(undefined);
    expect(await rig.check(1_800_000)).toMatchObject({ report: { inSync: 2 } });
    expect(kernelEntries({ net: rig.nets[0]! } as Rig, "ipset")).toEqual([`f2b-web ${B}`, `f2b-web ${V6}`]);
  });

  it("forgets hosts that are gone", async () => {
    await enforce(A);
    await rig.check();
    rig.standIn.remove("i-2");
    expect(await rig.check()).toMatchObject({ forgotten: ["i-2"], report: { inSync: 1, hosts: [{ host: "i-1" }] } });
    expect(await rig.deps.hosts.all()).toHaveLength(1);
  });

  it("does nothing on a host where the command comes late", async () => {
    await rig.fleetAt(-600_000).apply(hostBans([row(A)], rig.deps.firewalls));
    await rig.standIn.idle();
    await collectReceipts(Date.now(), rig.deps);
    expect((await rig.deps.hosts.all())[0]?.reply).toMatchObject({ kind: "failed", code: "late" });
    expect(await rig.ask("i-1")).toMatchObject({ bans: 0 });
  });

  it("drops commands that wait for a host longer than a minute", async () => {
    rig.standIn.setOnline("i-1", false);
    await enforce(A);
    rig.standIn.expire("i-1");
    rig.standIn.setOnline("i-1", true);
    await rig.standIn.idle();
    expect(await rig.ask("i-1")).toMatchObject({ bans: 0 });
    expect((await collectReceipts(Date.now(), rig.deps)).lost).toMatchObject([
      { host: "i-1", status: "Delivery Timed Out" },
    ]);
  });

  it("fails closed on an agent that cannot pass variables, and says so", async () => {
    rig.destroy();
    rig = createFleetRig(["ipset", "nft"], ["3.3.2656.0"]);
    await enforce(A);
    const { report } = await rig.check();
    expect(report).toMatchObject({ inSync: 1, hosts: [{ state: { reason: { kind: "agent-too-old" } } }, {}] });
    expect(rig.nets[0]!.host.must(["ipset", "list", "-n"])).toBe("");
    expect(formatHosts(report, () => 0)).toContain("Update the SSM agent to 3.3.2746.0 or later");
  });

  it("ends in the same state in whatever order hosts run their commands", async () => {
    const change = fc.tuple(fc.constantFrom(A, B, V6), fc.integer({ min: 1, max: 3 }), fc.boolean());
    const some = fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { minLength: 5, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(some, async (batches) => {
        for (const batch of batches) {
          await rig.fleet.apply(
            batch.map(([id, generation, lifts]) => (lifts ? unban(id, generation) : ban(id, { generation }))),
          );
        }
        await rig.standIn.idle();
        const [first, second] = [await rig.ask("i-1"), await rig.ask("i-2")];
        const all = batches
          .flat()
          .map(([id, generation, lifts]) => (lifts ? unban(id, generation) : ban(id, { generation })));
        const expected = standing(learn(new Map(), all, Date.now()), Date.now());
        expect(first).toMatchObject({ bans: expected.length, missing: 0, foreign: 0 });
        expect(second.digest).toBe(first.digest);
        await rig.fleet.clear();
        await rig.standIn.idle();
      }),
      { seed: SEED, numRuns: 3 },
    );
  });
});
