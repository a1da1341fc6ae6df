/** Bans as packets feel them: a server on a host with rules of its own, two clients, a real kernel, both backends. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it, type TestContext } from "vitest";
import type { Client } from "../support/netns.ts";
import { available } from "../support/require.ts";
import {
  type Answer,
  BACKENDS,
  type Backend,
  BRIEFLY,
  ban,
  createRig,
  firewall,
  type Peer,
  receiptOf,
  startPeer,
  startServer,
  TOOLS,
  unban,
} from "./firewall-rig.ts";

const USUAL_RULES = [
  "-I INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT",
  ...[22, 80, 443, 9000].map((port) => `-A INPUT -p tcp -m tcp --dport ${port} -j ACCEPT`),
  "-A INPUT -p udp -m udp --dport 53 -j ACCEPT",
  "-A INPUT -p ipv6-icmp -j ACCEPT",
  "-A INPUT -j DROP",
];

async function scene(backend: Backend, { onTestFinished }: TestContext) {
  const rig = createRig(backend);
  onTestFinished(rig.destroy);
  const { host, clients } = rig.net;
  for (const rule of USUAL_RULES) {
    if (!rule.includes("ipv6")) host.must(["iptables", "-w", ...rule.split(" ")]);
    host.must(["ip6tables", "-w", ...rule.split(" ")]);
  }
  await startServer(host, [22, 80, 443, "push", 9000]);
  const [client, other] = clients as [Client, Client];
  return { ...rig, host, client, peer: startPeer(client), other, otherPeer: startPeer(other) };
}

const NO_ANSWER = { ok: false, error: "timeout" };

/** True once the connection brought nothing for a while; the server's window may fill before that. */
async function stalls(peer: Peer, connection: Answer): Promise<boolean> {
  for (let tries = 0; tries < 20; tries++) {
    const before = await peer.received(connection);
    await sleep(BRIEFLY.patience);
    if ((await peer.received(connection)) === before) return true;
  }
  return false;
}

async function flows(peer: Peer, connection: Answer): Promise<boolean> {
  const before = await peer.received(connection);
  for (let tries = 0; tries < 100; tries++) {
    await sleep(50);
    if ((await peer.received(connection)) > before) return true;
  }
  return false;
}

describe.skipIf(!available(TOOLS, { root: true }))("a ban", () => {
  describe.each(BACKENDS)("on %s", (backend) => {
    for (const family of ["v4", "v6"] as const) {
      it.concurrent(`cuts open ${family} connections, stops new ones, spares others, and ends by itself`, async (test) => {
        const { expect } = test;
        const { client, peer, other, otherPeer, fleet } = await scene(backend, test);
        const server = (of: Client) => (family === "v4" ? of.hostV4 : of.hostV6);
        const open = await peer.open(server(client), 80);
        const push = await peer.open(server(client), 9000);
        const otherOpen = await otherPeer.open(server(other), 80);
        const otherPush = await otherPeer.open(server(other), 9000);
        expect(await peer.echo(open)).toEqual({ ok: true });
        expect(await otherPeer.echo(otherOpen)).toEqual({ ok: true });
        expect(await flows(peer, push)).toBe(true);

        const expiresAt = Date.now() + 9000;
        const everyPort = firewall({ ports: "all" });
        const receipt = receiptOf(await fleet.apply([ban(client[family], { expiresAt, firewall: everyPort })]));
        expect(receipt).toMatchObject({ backend, banned: 1, added: 1, bans: 1, missing: 0, broken: 0 });

        expect(await peer.echo(open, BRIEFLY)).toEqual(NO_ANSWER);
        expect(await peer.open(server(client), 80, BRIEFLY)).toEqual(NO_ANSWER);
        expect(await stalls(peer, push)).toBe(true);
        expect(await otherPeer.echo(otherOpen)).toEqual({ ok: true });
        expect(await flows(otherPeer, otherPush)).toBe(true);
        expect(await otherPeer.open(server(other), 80)).toMatchObject({ ok: true });

        let again: Answer = { ok: false };
        while (!again.ok && Date.now() < expiresAt + 30_000) again = await peer.open(server(client), 80, BRIEFLY);
        expect(again.ok).toBe(true);
        expect(Date.now()).toBeGreaterThanOrEqual(expiresAt);
      });
    }

    it.concurrent("of some ports leaves the others open", async (test) => {
      const { expect } = test;
      const { client, peer, fleet } = await scene(backend, test);
      await fleet.apply([ban(client.v4, { firewall: firewall({ ports: "http,400:450" }) })]);
      expect(await peer.open(client.hostV4, 80, BRIEFLY)).toEqual(NO_ANSWER);
      expect(await peer.open(client.hostV4, 443, BRIEFLY)).toEqual(NO_ANSWER);
      expect(await peer.open(client.hostV4, 22)).toMatchObject({ ok: true });
      expect(await peer.udp(client.hostV4, 53)).toEqual({ ok: true });
    });

    for (const { protocol, tcp, udp } of [
      { protocol: "udp", tcp: true, udp: false },
      { protocol: "tcp", tcp: false, udp: true },
      { protocol: "tcp,udp", tcp: false, udp: false },
      { protocol: "all", tcp: false, udp: false },
    ]) {
      it.concurrent(`of protocol ${protocol} stops just that`, async (test) => {
        const { expect } = test;
        const { client, peer, fleet } = await scene(backend, test);
        await fleet.apply([ban(client.v4, { firewall: firewall({ ports: "all", protocol }) })]);
        expect((await peer.open(client.hostV4, 22, tcp ? {} : BRIEFLY)).ok).toBe(tcp);
        expect((await peer.udp(client.hostV4, 53, udp ? {} : BRIEFLY)).ok).toBe(udp);
      });
    }

    for (const { blocktype, v4, v6, open } of [
      { blocktype: "REJECT", v4: "ECONNREFUSED", v6: "ECONNREFUSED", open: "timeout" },
      {
        blocktype: "REJECT --reject-with icmp-host-unreachable",
        v4: "EHOSTUNREACH",
        v6: "EHOSTUNREACH",
        open: "timeout",
      },
      { blocktype: "REJECT --reject-with icmp-admin-prohibited", v4: "EHOSTUNREACH", v6: "EACCES", open: "timeout" },
      { blocktype: "REJECT --reject-with icmp-net-unreachable", v4: "ENETUNREACH", v6: "ENETUNREACH", open: "timeout" },
      { blocktype: "REJECT --reject-with tcp-reset", v4: "ECONNREFUSED", v6: "ECONNREFUSED", open: "ECONNRESET" },
    ]) {
      it.concurrent(`by ${blocktype} answers so in both families`, async (test) => {
        const { expect } = test;
        const { client, peer, fleet } = await scene(backend, test);
        const connections = [await peer.open(client.hostV4, 80), await peer.open(client.hostV6, 80)];
        const rule = { firewall: firewall({ blocktype }) };
        await fleet.apply([ban(client.v4, rule), ban(client.v6, rule)]);
        for (const connection of connections) {
          expect(await peer.echo(connection, open === "timeout" ? BRIEFLY : {})).toEqual({ ok: false, error: open });
        }
        // An answer that comes back while connect() still holds the socket is heard only after the next SYN.
        expect(await peer.open(client.hostV4, 80)).toEqual({ ok: false, error: v4 });
        expect(await peer.open(client.hostV6, 80)).toEqual({ ok: false, error: v6 });
      });
    }

    it.concurrent("of a network hits all of it, and one inside another has its own end", async (test) => {
      const { expect } = test;
      const { client, peer, other, otherPeer, fleet } = await scene(backend, test);
      const far = "10.77.1.200";
      client.must(["ip", "addr", "add", `${far}/24`, "dev", "up0"]);
      const inner = "10.77.1.192/26";
      const bans = [ban(client.network), ban(inner), ban("fd77:1::/64"), ban(client.v4)];
      expect(receiptOf(await fleet.apply(bans))).toMatchObject({ added: 4, missing: 0 });
      for (const from of [client.v4, far]) {
        expect(await peer.open(client.hostV4, 80, { from, ...BRIEFLY })).toEqual(NO_ANSWER);
      }
      expect(await peer.open(client.hostV6, 80, BRIEFLY)).toEqual(NO_ANSWER);
      expect(await otherPeer.open(other.hostV4, 80)).toMatchObject({ ok: true });
      expect(await otherPeer.open(other.hostV6, 80)).toMatchObject({ ok: true });

      await fleet.apply([unban(client.network), unban(client.v4)]);
      expect(await peer.open(client.hostV4, 80, { from: client.v4 })).toMatchObject({ ok: true });
      expect(await peer.open(client.hostV4, 80, { from: far, ...BRIEFLY })).toEqual(NO_ANSWER);
      await fleet.apply([unban(inner), unban("fd77:1::/64")]);
      expect(await peer.open(client.hostV4, 80, { from: far })).toMatchObject({ ok: true });
      expect(await peer.open(client.hostV6, 80)).toMatchObject({ ok: true });
    });

    it.concurrent("in FORWARD stops what the host forwards, and not what it serves", async (test) => {
      const { expect } = test;
      const { host, client, peer, other, fleet } = await scene(backend, test);
      host.must(["sysctl", "-qw", "net.ipv4.ip_forward=1"]);
      await startServer(other, [80]);
      expect(await peer.open(other.v4, 80)).toMatchObject({ ok: true });
      await fleet.apply([ban(client.v4, { firewall: firewall({ chain: "FORWARD" }) })]);
      expect(await peer.open(other.v4, 80, BRIEFLY)).toEqual(NO_ANSWER);
      expect(await peer.open(client.hostV4, 80)).toMatchObject({ ok: true });
    });

    it.concurrent("is lifted by an unban, permanent or not", async (test) => {
      const { expect } = test;
      const { client, peer, fleet } = await scene(backend, test);
      await fleet.apply([ban(client.v4, { expiresAt: undefined }), ban(client.v6)]);
      expect(await peer.open(client.hostV4, 80, BRIEFLY)).toEqual(NO_ANSWER);
      expect(await peer.open(client.hostV6, 80, BRIEFLY)).toEqual(NO_ANSWER);
      await fleet.apply([unban(client.v4), unban(client.v6), unban("198.51.100.9")]);
      expect(await peer.open(client.hostV4, 80)).toMatchObject({ ok: true });
      expect(await peer.open(client.hostV6, 80)).toMatchObject({ ok: true });
    });

    it.concurrent("holds again after the host threw our rules away, with one run", async (test) => {
      const { expect } = test;
      const { host, client, peer, fleet } = await scene(backend, test);
      const saved = host.must(["iptables-save", "-t", "filter"]);
      await fleet.apply([ban(client.v4)]);
      const open = await peer.open(client.hostV4, 22);
      if (backend === "ipset") host.must(["iptables-restore"], { input: saved });
      else host.must(["nft", "delete", "table", "inet", "fleet2ban"]);
      expect(await peer.open(client.hostV4, 80)).toMatchObject({ ok: true });
      const receipt = receiptOf(await fleet.apply([]));
      expect(receipt).toMatchObject({ missing: 0, broken: 0, bans: 1 });
      expect(receipt.repaired).toBeGreaterThan(0);
      expect(await peer.open(client.hostV4, 80, BRIEFLY)).toEqual(NO_ANSWER);
      expect(await peer.echo(open)).toEqual({ ok: true });
    });
  });
});
