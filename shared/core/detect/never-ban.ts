/**
 * Who no jail may ban, whatever the configuration says: a fleet that bans itself is down (decision 11 in docs/architecture.md).
 *
 * A network is refused as soon as it touches one of these, so that a wrong prefix length ("0.0.0.0/0") bans nothing.
 */
import { parseNetwork, type Target } from "../address.ts";
import { NEVER_CLIENTS, type Refusal, refusalOf } from "../firewall/enforceable.ts";
import { createIgnoreList, type IgnoreList } from "./ignore.ts";

/** "own" and "protected" are a matter of this fleet, and a person may insist; the others no host would enforce. */
export type NeverBanReason =
  | "unspecified"
  | "loopback"
  | "link-local"
  | "multicast"
  | "broadcast"
  | "own"
  | "protected"
  | Refusal;

const FIXED: readonly (readonly [NeverBanReason, readonly string[]])[] = [
  ["unspecified", ["0.0.0.0/8", "::"]],
  ["loopback", ["127.0.0.0/8", "::1"]],
  ["link-local", ["169.254.0.0/16", "fe80::/10"]],
  ["multicast", ["224.0.0.0/4", "ff00::/8"]],
  ["broadcast", ["255.255.255.255"]],
];

export interface NeverBan {
  /** Why the target may not be banned, or undefined where it may. */
  reason(target: Target): NeverBanReason | undefined;
}

/** `own` = this host's or the fleet's addresses, `protectedRanges` = the networks it lives in (the VPC's ranges). */
export function createNeverBan(own: Iterable<Target>, protectedRanges: Iterable<Target> = []): NeverBan {
  const lists: (readonly [NeverBanReason, IgnoreList])[] = [
    ...FIXED.map(
      ([reason, ranges]) => [reason, createIgnoreList(ranges.map((range) => parseNetwork(range)!))] as const,
    ),
    ["own", createIgnoreList(own)],
    ["protected", createIgnoreList(protectedRanges)],
  ];
  const anything = createIgnoreList([...NEVER_CLIENTS, ...lists.flatMap(([, list]) => list.targets)]);
  return {
    reason: (target) => {
      // Asked for every failure: an ordinary address is let through by one look-up.
      if (!target.includes("/") && !anything.touches(target)) return undefined;
      // What hosts refuse is refused here too, whatever the lists say.
      return lists.find(([, list]) => list.touches(target))?.[0] ?? refusalOf(target);
    },
  };
}
