/** Which targets a registry can know: an address that many networks use at once is asked of nobody. */
import { contains, familyOf, parseNetwork, type Target } from "../../core/address.ts";

/** IPv4 that is private, shared, reserved, for documents or no single host's. */
const NOBODYS: readonly Target[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
  "2001:db8::/32",
].map(network);
/** All of IPv6 that is given out. */
const GLOBAL_IPV6 = network("2000::/3");

export function isPublic(target: Target): boolean {
  if (NOBODYS.some((range) => contains(range, target) || contains(target, range))) return false;
  return familyOf(target) === "inet4" || contains(GLOBAL_IPV6, target);
}

function network(text: string): Target {
  return parseNetwork(text) as Target;
}
