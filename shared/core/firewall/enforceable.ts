/**
 * Which targets a host takes. The host script refuses the rest by itself (host-script/address.awk); this says so before
 * anything is sent. A ban on one of these would cut the host off from itself, its network or its credentials.
 */
import { familyOf, parseNetwork, type Target } from "../address.ts";
import { createIgnoreList } from "../detect/ignore.ts";

/** Addresses that no client of a host can have. */
export const NEVER_CLIENTS: readonly Target[] = [
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/3",
  "::/16",
  "fe80::/10",
  "ff00::/8",
].map((text) => parseNetwork(text) as Target);
const neverClients = createIgnoreList(NEVER_CLIENTS);
/** No network wider than this is banned: a slip of the keyboard must not shut out half the internet. */
const WIDEST = { inet4: 8, inet6: 16 } as const;

export type Refusal = "too-wide" | "never-a-client";

/** Why hosts refuse the target, or undefined where they take it. */
export function refusalOf(target: Target): Refusal | undefined {
  const slash = target.indexOf("/");
  if (slash >= 0 && Number(target.slice(slash + 1)) < WIDEST[familyOf(target)]) return "too-wide";
  return neverClients.touches(target) ? "never-a-client" : undefined;
}
