/**
 * What one host is told: a target goes into, or out of, the kernel's set of one jail.
 *
 * A change says everything that a host needs, so hosts keep no configuration, and changes may arrive twice, late and in
 * any order: of one jail and target the newest generation counts.
 */
import type { Target } from "../address.ts";

/** What happens to a packet: dropped, answered with an ICMP error (REJECT), or with a TCP reset. */
export type Block = "drop" | "reject" | "reject-host" | "reject-net" | "reject-admin" | "reset";

export type Protocol = "all" | "icmp" | "tcp" | "udp" | "udplite" | "sctp" | "dccp";

/** Ports `first` to `last`, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface FirewallRule {
  readonly protocol: Protocol;
  /** "all", or sorted ranges that do not touch, few enough for one kernel rule (MULTIPORT_SLOTS). */
  readonly ports: "all" | readonly PortRange[];
  readonly block: Block;
}

/** What a jail does to the packets of its targets; compiled from its actions by `compileFirewall`. */
export interface JailFirewall {
  /** Which edition of the configuration it comes from; greater = later. A host ignores an older one. */
  readonly revision: number;
  /** Chains of the host that get a jump at their top: INPUT, FORWARD, DOCKER-USER. */
  readonly hooks: readonly string[];
  readonly rules: readonly FirewallRule[];
}

export interface HostBan {
  readonly kind: "ban";
  readonly jail: string;
  readonly target: Target;
  /** Epoch ms; undefined = permanent. The host rounds it up to its second. */
  readonly expiresAt: number | undefined;
  readonly generation: number;
  readonly firewall: JailFirewall;
}

export interface HostUnban {
  readonly kind: "unban";
  readonly jail: string;
  readonly target: Target;
  /** The generation of the ban that is lifted: of one generation the unban wins. */
  readonly generation: number;
}

export type HostChange = HostBan | HostUnban;
