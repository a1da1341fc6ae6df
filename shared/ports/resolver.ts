/** DNS, for host names in logs (`usedns`) and in `ignoreip`. */
import type { IpAddress } from "../core/address.ts";

export interface Resolver {
  /**
   * The IPv4 and IPv6 addresses of a name; none where the name does not exist. Throws where nobody could say: what
   * that means (no ban, or try again) is the caller's decision.
   */
  resolve(name: string): Promise<readonly IpAddress[]>;
}
