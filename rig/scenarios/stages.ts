/** All scenarios, in the order in which they run. */
import { attacks } from "./attacks.ts";
import { besideFail2Ban } from "./beside-fail2ban.ts";
import { goodClients } from "./good-clients.ts";
import { hostChanges, standstill } from "./hosts.ts";
import { end, people, storms } from "./people.ts";
import type { Stage } from "./scenario.ts";

export const STAGES: readonly Stage[] = [
  attacks,
  people,
  besideFail2Ban,
  hostChanges,
  standstill,
  storms,
  end,
  goodClients,
];
