/** What people and clients do in a storm: who fails when, at which host, and what a person asks for. */
import { banManually } from "../../shared/app/ban-manually.ts";
import { releaseHeld } from "../../shared/app/release-held.ts";
import { addIgnored, removeIgnored } from "../../shared/app/set-allowlist.ts";
import { unban } from "../../shared/app/unban.ts";
import type { Target } from "../../shared/core/address.ts";
import type { JailRules } from "../../shared/core/detect/policy.ts";
import type { LogEvent } from "../../shared/core/filter/event.ts";
import { id } from "../app/rig.ts";
import { NEVER_BAN, type Process } from "./process.ts";
import { MINUTE, RULESETS } from "./rulesets.ts";
import type { World } from "./world.ts";

export const START = Date.UTC(2026, 10, 22, 12);
/** Clients are active, and the weather is bad, for so long, ms. */
export const STORM = 60 * MINUTE;

/** A failure, as its host logs it. */
export interface Logged {
  readonly jail: string;
  readonly id: Target;
  readonly event: LogEvent;
}

/** A person's command. */
export interface Request {
  readonly kind: "ban" | "unban" | "ignore" | "unignore" | "release" | "let-go";
  readonly jail: string;
  /** Whom it is about; undefined = whoever is held. */
  readonly id: Target | undefined;
  /** When a person first asks, epoch ms. */
  readonly at: number;
  /** Of a ban by hand, ms; undefined = the jail's own. */
  readonly bantime: number | undefined;
  /** Does it as of `at` (epoch ms), in a process of the person's own. */
  do(asked: { readonly rules: JailRules; readonly at: number; readonly process: Process }): Promise<unknown>;
}

export interface Story {
  readonly failures: readonly Logged[];
  readonly requests: Request[];
}

export function banRequest(jail: string, who: Target, at: number, bantime?: number): Request {
  return {
    ...{ kind: "ban", jail, id: who, at, bantime },
    do: ({ rules, at, process }) =>
      banManually(
        { rules, ids: [who], at, actor: "ann", ...(bantime === undefined ? {} : { bantime }) },
        { ...process.counting, neverBan: NEVER_BAN },
      ),
  };
}

export function unbanRequest(jail: string, who: Target, at: number): Request {
  return {
    ...{ kind: "unban", jail, id: who, at, bantime: undefined },
    do: ({ rules, at, process }) => unban({ rules, ids: [who], at }, process.counting),
  };
}

export function ignoreRequest(kind: "ignore" | "unignore", jail: string, who: Target, at: number): Request {
  const change = kind === "ignore" ? addIgnored : removeIgnored;
  return {
    ...{ kind, jail, id: who, at, bantime: undefined },
    do: ({ rules, at, process }) => change({ rules, words: [who], actor: "ann", at }, process.ports),
  };
}

export function releaseRequest(jail: string, verdict: "ban" | "let-go", at: number): Request {
  return {
    ...{ kind: verdict === "ban" ? "release" : "let-go", jail, id: undefined, at, bantime: undefined },
    do: ({ rules, at, process }) => releaseHeld({ rules, at, verdict }, process.counting),
  };
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
  const maxretryOf = (name: string) => RULESETS[0].rules.get(name)!.window.maxretry;

  for (let n = 1; n <= world.between(2, 5); n++) {
    const name = world.pick(["web", "ssh", "watch"]);
    // All at once, or spread over minutes: the first makes batches that are complete by themselves.
    burst(name, client(n), maxretryOf(name) + world.between(0, 6), anywhere(), world.pick([500, MINUTE, 14 * MINUTE]));
  }
  // As few as make a ban, at several hosts at once.
  for (let n = 6; n <= 8; n++) burst("web", client(n), 3, anywhere(), 200);
  for (let n = 11; n <= 13; n++) {
    const name = world.pick(["web", "ssh"]);
    burst(name, client(n), maxretryOf(name) - 1, anywhere(), 14 * MINUTE);
  }
  // Never three within thirty minutes.
  for (const at of [0, 15, 31, 47]) fail("web", client(21), START + at * MINUTE + world.between(0, 20_000));
  // Are banned together, and come back when that is over, or just so: three bans make them recidive.
  const first = START + world.between(0, 20 * MINUTE);
  for (let n = 31; n <= 34; n++) {
    burst("web", client(n), 4, first, 2_000);
    burst("web", client(n), 4, first + 10 * MINUTE + world.between(3_000, MINUTE), 2_000);
    burst("web", client(n), 3, first + world.between(22 * MINUTE, 24 * MINUTE), MINUTE);
  }
  // Come back for longer and longer.
  for (let n = 37; n <= 38; n++) {
    let at = START + world.between(0, 5 * MINUTE);
    for (const pause of [5, 9, 18, 21]) {
      burst("grow", client(n), 2, at, 2_000);
      at += pause * MINUTE + world.between(0, MINUTE);
    }
  }
  // Is on the allowlist.
  burst("web", client(200), 8, anywhere(), 5 * MINUTE);
  burst("ssh", client(201), 8, anywhere(), 5 * MINUTE);
  // A whole network is one id.
  burst("ssh", id("198.51.100.64/28"), 3, anywhere(), MINUTE);
  // More than the breaker lets through.
  const flood = anywhere();
  const flooding = world.pick([0, 0, 15]);
  for (let n = 1; n <= flooding; n++) {
    burst("flood", id(`198.51.100.${n}`), world.between(1, 2), flood + world.between(0, 20_000), 30_000);
  }
  // Others go on while a person looks at it.
  const late = flooding === 0 ? 2 : world.pick([0, 25]);
  for (let n = 30; n < 30 + late; n++) burst("flood", id(`198.51.100.${n}`), 1, flood, 10 * MINUTE);
  return { failures, requests: makeRequests(world, burst, anywhere) };
}

type Burst = (jail: string, who: Target, count: number, from: number, length: number) => void;

function makeRequests(world: World, burst: Burst, anywhere: () => number): Request[] {
  const client = (last: number) => id(`192.0.2.${last}`);
  const requests: Request[] = [];
  // Lets go who was caught, and bans who was not.
  const caught = anywhere();
  burst("ssh", client(41), 5, caught, 2 * MINUTE);
  requests.push(unbanRequest("ssh", client(41), caught + world.between(0, 10 * MINUTE)));
  requests.push(banRequest("ssh", client(51), anywhere()));
  // Forgives who was not yet caught.
  const forgiven = anywhere();
  burst("web", client(46), 2, forgiven, MINUTE);
  requests.push(unbanRequest("web", client(46), forgiven + world.between(MINUTE, 3 * MINUTE)));
  burst("web", client(46), 2, forgiven + 10 * MINUTE, MINUTE);
  // Bans who is banned for longer, and may let go again.
  for (const n of [42, 43]) {
    const at = anywhere();
    burst("ssh", client(n), 3, at, MINUTE);
    const later = at + world.between(0, 8 * MINUTE);
    requests.push(banRequest("ssh", client(n), later, 82 * MINUTE));
    if (n === 43) requests.push(unbanRequest("ssh", client(n), later + world.between(MINUTE, 5 * MINUTE)));
  }
  // Lets a network go, and with it who is in it.
  const both = anywhere();
  for (const n of [44, 45]) burst("web", client(n), 4, both, MINUTE);
  requests.push(unbanRequest("web", id("192.0.2.44/31"), both + world.between(0, 5 * MINUTE)));
  // Is on the allowlist for half an hour.
  const ignored = START + world.between(2 * MINUTE, 8 * MINUTE);
  const noticed = ignored + world.between(25 * MINUTE, 30 * MINUTE);
  requests.push(ignoreRequest("ignore", "ssh", client(61), ignored));
  burst("ssh", client(61), 4, ignored + world.between(3 * MINUTE, 8 * MINUTE), MINUTE);
  requests.push(ignoreRequest("unignore", "ssh", client(61), noticed));
  burst("ssh", client(61), 3, noticed + world.between(4 * MINUTE, 8 * MINUTE), MINUTE);
  return requests;
}
