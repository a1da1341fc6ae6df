/**
 * The network of the rig: a router with a link to each host and each visitor, all of them namespaces of their own.
 *
 * Hosts have private addresses, as in a VPC; visitors have whole networks of documentation addresses that are routed to
 * them, so that one process can come from thousands of addresses.
 */
import { type Client, createNetwork } from "../test/support/netns.ts";

export const HOSTS = ["web-1", "web-2", "web-3", "web-4", "web-5"] as const;
export type HostName = (typeof HOSTS)[number];

const ATTACKERS = ["198.51.100.0/24", "198.18.0.0/16", "2001:db8:bad::/48"];
const VISITORS = ["203.0.113.0/24", "2001:db8:900d::/48"];

export interface RigNetwork {
  readonly hosts: ReadonlyMap<HostName, Client>;
  readonly attackers: Client;
  readonly visitors: Client;
  destroy(): void;
}

export function buildNetwork(): RigNetwork {
  const network = createNetwork({ clients: HOSTS.length + 2 });
  try {
    const { host: router, clients } = network;
    router.must(["sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]);
    for (const client of clients) client.must(["ip", "-6", "route", "add", "default", "via", client.hostV6]);
    const [attackers, visitors] = clients.slice(HOSTS.length) as [Client, Client];
    for (const [client, networks] of [[attackers, ATTACKERS] as const, [visitors, VISITORS] as const]) {
      // IPv6 lets a process use such an address only where it is told to.
      client.must(["sysctl", "-qw", "net.ipv6.ip_nonlocal_bind=1"]);
      for (const each of networks) {
        const family = each.includes(":") ? "-6" : "-4";
        router.must(["ip", family, "route", "add", each, "via", family === "-6" ? client.v6 : client.v4]);
        // Every address of the network is one of the namespace's own.
        client.must(["ip", family, "route", "add", "local", each, "dev", "lo"]);
      }
    }
    return {
      hosts: new Map(HOSTS.map((name, index) => [name, clients[index]!])),
      ...{ attackers, visitors },
      destroy: () => network.destroy(),
    };
  } catch (error) {
    network.destroy();
    throw error;
  }
}
