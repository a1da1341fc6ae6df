/** What people and clients do in a storm: who fails when, at which host, and what a person asks for. */
import { contains, type Target } from "../../shared/core/address.ts";
import { type JailRules, rulesOf } from "../../shared/core/detect/policy.ts";
import type { LogEvent } from "../../shared/core/filter/event.ts";
import { id, jail } from "../app/rig.ts";
import type { World } from "./world.ts";

export const MINUTE = 60_000;
export const START = Date.UTC(2026, 10, 22, 12);
/** Clients are active, and the weather is bad, for so long, ms. */
export const STORM = 60 * MINUTE;

/** On the allowlist of every jail. */
const IGNORED = "192.0.2.128/25";

export const RULES: ReadonlyMap<string, JailRules> = rulesOf([
  jail("web", { maxretry: 3, findtime: 30 * MINUTE, bantime: 10 * MINUTE, ignoreip: [IGNORED], actions: [] }),
  jail("ssh", { maxretry: 2, findtime: 30 * MINUTE, bantime: 75 * MINUTE, ignoreip: [IGNORED], actions: [] }),
]);

export function isIgnored(who: Target): boolean {
  return contains(id(IGNORED), who);
}

/** A failure, as its host logs it. */
export interface Logged {
  readonly jail: string;
  readonly id: Target;
  readonly event: LogEvent;
}

/** A person's command. */
export interface Request {
  readonly kind: "ban" | "unban";
  readonly jail: string;
  readonly id: Target;
  readonly at: number;
}

export interface Story {
  readonly failures: readonly Logged[];
  readonly requests: readonly Request[];
}

/** Makes one up. `hosts` are the names of the hosts that log. */
export function makeStory(world: World, hosts: readonly string[]): Story {
  const failures: Logged[] = [];
  let serial = 0;
  const client = (last: number) => id(`192.0.2.${last}`);
  const fail = (jailName: string, who: Target, at: number) => {
    serial += 1;
    const event = { id: `event-${serial}`, stream: world.pick(hosts), at, text: `${jailName} ${who}` };
    failures.push({ jail: jailName, id: who, event });
  };
  const burst = (jailName: string, who: Target, count: number, from: number, length: number) => {
    for (let n = 0; n < count; n++) fail(jailName, who, from + world.between(0, length));
  };
  const anywhere = () => START + world.between(0, STORM - 15 * MINUTE);

  for (let n = 1; n <= world.between(2, 5); n++) {
    const name = world.pick(["web", "ssh"]);
    const { maxretry } = RULES.get(name)!.window;
    // All at once, or spread over minutes: the first makes batches that are complete by themselves.
    burst(name, client(n), maxretry + world.between(0, 6), anywhere(), world.pick([500, MINUTE, 14 * MINUTE]));
  }
  // As few as make a ban, at several hosts at once.
  for (let n = 6; n <= 8; n++) burst("web", client(n), 3, anywhere(), 200);
  for (let n = 11; n <= 13; n++) {
    const name = world.pick(["web", "ssh"]);
    burst(name, client(n), RULES.get(name)!.window.maxretry - 1, anywhere(), 14 * MINUTE);
  }
  // Never three within thirty minutes.
  for (const at of [0, 15, 31, 47]) fail("web", client(21), START + at * MINUTE + world.between(0, 20_000));
  // Come back when their ban is over, or just so.
  for (let n = 31; n <= 36; n++) {
    const first = START + world.between(0, 20 * MINUTE);
    burst("web", client(n), 4, first, 2_000);
    burst("web", client(n), 4, first + 10 * MINUTE + world.between(3_000, MINUTE), 2_000);
    burst("web", client(n), 3, first + world.between(22 * MINUTE, 24 * MINUTE), MINUTE);
  }
  // Is on the allowlist.
  burst("web", client(200), 8, anywhere(), 5 * MINUTE);
  burst("ssh", client(201), 8, anywhere(), 5 * MINUTE);
  // A person lets go who was caught, and bans who was not.
  const caught = anywhere();
  burst("ssh", client(41), 5, caught, 2 * MINUTE);
  const requests: Request[] = [
    { kind: "unban", jail: "ssh", id: client(41), at: caught + world.between(0, 10 * MINUTE) },
    { kind: "ban", jail: "ssh", id: client(51), at: anywhere() },
  ];
  return { failures, requests };
}
