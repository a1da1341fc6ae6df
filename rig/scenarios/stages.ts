/** All scenarios, in the order in which they run. */
import { attacks } from "./attacks.ts";
import { besideFail2Ban } from "./beside-fail2ban.ts";
import { goodClients } from "./good-clients.ts";
import { hostChanges, standstill } from "./hosts.ts";
import { people } from "./people.ts";
import type { Stage } from "./scenario.ts";
import { amnesties, storms } from "./storms.ts";

/** How long a host is offline, s; in a short run less. */
const OFFLINE = { whole: 120, short: 15 };

/** Those of a whole run, or of a short one. */
export function stagesOf(length: keyof typeof OFFLINE): readonly Stage[] {
  const all = [
    ...[attacks, people, besideFail2Ban, hostChanges(OFFLINE[length]), standstill],
    ...[amnesties, storms, goodClients],
  ];
  return all.filter(({ isLong }) => length === "whole" || isLong !== true);
}
