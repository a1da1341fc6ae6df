/**
 * From log lines to packets and back, through everything that a deployment has: the payload of a subscription, the real
 * ingest asset, the tables, their stream, the real enforce asset, the document, the host script, two kernels, and the
 * end of the ban by either way. All Lambdas run under their own Node; only what AWS does between them stands in
 * (cloud-rig.ts says what).
 *
 * The bans are longer than a kernel can time, so no entry goes by itself: what is gone was removed by the row's REMOVE.
 */
import { GetItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BRIEFLY, startPeer, startServer, TOOLS } from "../adapters/firewall-rig.ts";
import type { Client } from "../support/netns.ts";
import { lambdaParts } from "../support/node24.ts";
import { available } from "../support/require.ts";
import { type CloudRig, createCloudRig, subscriptionEvent } from "./cloud-rig.ts";

const DAY = 86_400_000;
const LAMBDAS = ["ingest", "enforce", "sweep", "reconcile"] as const;
const BACKENDS = ["ipset", "nft"] as const;
const CONFIGURATION = {
  "filter.d/haproxy-noserv.conf": `[Definition]
failregex = ^.*haproxy\\[\\d+\\]: <HOST>:\\d+ \\[\\.*\\] http_fe http_fe/<NOSRV> .*
ignoreregex =
`,
  "jail.local": `[haproxy-noserv]
enabled = true
filter = haproxy-noserv
action = iptables-allports
bantime = 30d
maxretry = 4
findtime = 6000
logpath = /var/log/haproxy.log
`,
};

/** A request that no backend took, as HAProxy logs it. */
function failure(address: string, at: number) {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(at).toUTCString())!;
  const text = `haproxy[760]: ${address}:58430 [${day}/${month}/${year}:${time}.603] http_fe http_fe/<NOSRV> -1/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`;
  return { at, text };
}

const parts = await lambdaParts();

describe.skipIf(parts === undefined || !available([...TOOLS, "python3"], { root: true }))(
  "the cloud",
  { timeout: 180_000 },
  () => {
    let rig: CloudRig;
    /** The same address on both hosts: the attacker. */
    let attackers: readonly Client[];
    let bystanders: readonly Client[];

    beforeAll(async () => {
      rig = await createCloudRig({
        parts: parts!,
        configuration: CONFIGURATION,
        lambdas: LAMBDAS,
        backends: BACKENDS,
      });
      const nets = BACKENDS.map((backend) => rig.hosts.get(backend)!);
      for (const net of nets) await startServer(net.host, [80]);
      attackers = nets.map((net) => net.clients[0]!);
      bystanders = nets.map((net) => net.clients[1]!);
    }, 300_000);
    afterAll(() => rig?.destroy());
    beforeEach(async () => {
      await rig.engine.empty();
      // New processes: one that lived on would remember for a while whom it banned.
      for (const name of LAMBDAS) rig.lambda(name).recycle();
    });

    type Family = "v4" | "v6";
    const reached = (clients: readonly Client[], family: Family = "v4") =>
      Promise.all(
        clients.map(async (client) => {
          const address = family === "v4" ? client.hostV4 : client.hostV6;
          return (await startPeer(client).open(address, 80, BRIEFLY)).ok;
        }),
      );
    const rowOf = async (address: string) =>
      (
        await rig.engine.client.send(
          new GetItemCommand({
            TableName: rig.engine.tables.bans,
            Key: { id: { S: address }, jail: { S: "haproxy-noserv" } },
            ConsistentRead: true,
          }),
        )
      ).Item;
    const kernels = () => [
      rig.hosts.get("ipset")!.host.must(["ipset", "save"]),
      rig.hosts.get("nft")!.host.run(["nft", "list", "ruleset"]).stdout,
    ];

    /** Four failures within a findtime, seen by the real ingest; the ban is in both kernels afterwards. */
    async function ban(address: string): Promise<void> {
      const at = Date.now();
      const event = subscriptionEvent([3, 2, 1, 0].map((ago) => failure(address, at - ago * 60_000)));
      await rig.lambda("ingest").resultOf(event);
      expect(await rowOf(address)).toMatchObject({ id: { S: address } });
      // CloudWatch delivers at least once; a ban is a ban all the same.
      await rig.lambda("ingest").resultOf(event);
      await rig.drain();
      for (const kernel of kernels()) expect(kernel).toContain(address);
    }

    const endings = [
      {
        name: "the sweep",
        family: "v4" as const,
        end: async () => {
          const sweep = await rig.lambdaAhead("sweep", 31 * DAY);
          expect(await sweep.resultOf({})).toEqual({ lifted: 1 });
        },
      },
      {
        name: "the tables' TTL",
        family: "v6" as const,
        end: async () => expect(await rig.stream.expire(Date.now() + 31 * DAY)).toBe(1),
      },
      {
        name: "the TTL of a replica, which signs nothing",
        family: "v4" as const,
        end: async () => expect(await rig.stream.expire(Date.now() + 31 * DAY, { signed: false })).toBe(1),
      },
    ];
    it.each(endings)("bans $family by log lines in every kernel, and lifts by $name", async ({ end, family }) => {
      const address = attackers[0]![family];
      const everyone = [...attackers, ...bystanders];
      expect(await reached(everyone, family)).toEqual([true, true, true, true]);

      await ban(address);
      expect(await reached(everyone, family)).toEqual([false, false, true, true]);

      // Too early: nothing is due, so nothing may go.
      expect(await rig.lambda("sweep").resultOf({})).toEqual({ lifted: 0 });
      expect(await rig.stream.expire(Date.now())).toBe(0);
      await rig.drain();
      expect(await reached(everyone, family)).toEqual([false, false, true, true]);

      await end();
      expect(await rowOf(address)).toBeUndefined();
      // A month later there too: the slot for a command is long free.
      await rig.drain(await rig.lambdaAhead("enforce", 31 * DAY));
      for (const kernel of kernels()) expect(kernel).not.toContain(address);
      expect(await reached(everyone, family)).toEqual([true, true, true, true]);
    });

    it("puts back what a reboot and a hand took from the kernels", async () => {
      const address = attackers[0]!.v4;
      await ban(address);
      rig.hosts.get("ipset")!.host.must(["iptables", "-F"]);
      rig.ssm.reboot("i-nft");
      expect(await reached(attackers)).toEqual([true, true]);

      expect(await rig.lambda("reconcile").resultOf({})).toMatchObject({ kind: "checked", hosts: 2, inSync: 2 });
      await rig.ssm.idle();
      for (const kernel of kernels()) expect(kernel).toContain(address);
      expect(await reached([...attackers, ...bystanders])).toEqual([false, false, true, true]);

      await rig.stream.expire(Date.now() + 31 * DAY);
      await rig.drain(await rig.lambdaAhead("enforce", 31 * DAY));
      expect(await reached(attackers)).toEqual([true, true]);
    });

    it("bans nobody for three failures, nor for four that are one redelivered", async () => {
      const at = Date.now();
      const event = subscriptionEvent([2, 1, 0].map((ago) => failure(attackers[0]!.v4, at - ago * 60_000)));
      for (let i = 0; i < 3; i += 1) await rig.lambda("ingest").resultOf(event);
      await rig.drain();
      const { Items } = await rig.engine.client.send(new ScanCommand({ TableName: rig.engine.tables.bans }));
      expect(Items).toEqual([]);
      expect(await reached(attackers)).toEqual([true, true]);
    });

    it("left no error in any log, and asked nothing of mail and queue", () => {
      const lines = rig.log();
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.filter((line) => !line.startsWith("{") || /"level":"(warn|error)"/i.test(line))).toEqual([]);
      expect(rig.others.asked).toEqual([]);
    });
  },
);
