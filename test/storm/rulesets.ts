/**
 * The rulesets of a storm: two editions of one configuration, which deployments put in each other's place, and what each
 * of their jails is there for.
 */
import { contains, type Target } from "../../shared/core/address.ts";
import type { JailConfig } from "../../shared/core/config/model.ts";
import { type JailRules, rulesOf } from "../../shared/core/detect/policy.ts";
import type { LogEvent, Matcher, MatchReport } from "../../shared/core/filter/event.ts";
import type { JailFirewall } from "../../shared/core/firewall/change.ts";
import { id, jail, wordMatcher } from "../app/rig.ts";

export const MINUTE = 60_000;
/** Bans a minute that stop a jail. */
export const BANS_PER_MINUTE = 12;
/** On the allowlist of every jail. */
const IGNORED = "192.0.2.128/25";

const ACTION: JailConfig["actions"][number] = {
  kind: "mail",
  name: "sendmail",
  dest: "ops",
  sender: "f2b",
  subjectName: "web",
  whois: false,
  lines: false,
};

export interface Ruleset {
  readonly hash: string;
  readonly rules: ReadonlyMap<string, JailRules>;
  /** The jails that have something enforced. */
  readonly enforced: readonly string[];
}

export const ACTIONS = [ACTION];

export const RULESETS: readonly [Ruleset, Ruleset] = [
  ruleset("storm-1", { growing: 3, web: 10, watching: 2, enforced: [] }),
  // Another bantime, another maxretry, and a jail that enforces what it only watched.
  ruleset("storm-2", { growing: 4, web: 8, watching: 3, enforced: ["watch"] }),
];

interface Differences {
  /** Bantimes, minutes. */
  readonly growing: number;
  readonly web: number;
  /** Maxretry of the jail that may only watch. */
  readonly watching: number;
  readonly enforced: readonly string[];
}

function ruleset(hash: string, { growing, web, watching, enforced }: Differences): Ruleset {
  const common = { findtime: 30 * MINUTE, ignoreip: [IGNORED], actions: [] };
  const increment = {
    ...{ factor: 1, formula: undefined, multipliers: undefined, overalljails: false },
    ...{ maxtime: 20 * MINUTE, rndtime: MINUTE },
  };
  return {
    hash,
    rules: rulesOf([
      jail("web", { ...common, maxretry: 3, bantime: web * MINUTE }),
      jail("ssh", { ...common, maxretry: 2, bantime: 75 * MINUTE }),
      // Each ban of an id is longer than the one before.
      jail("grow", { ...common, maxretry: 2, bantime: growing * MINUTE, increment }),
      // Observes: its bans are rows, and on no host.
      jail("watch", { ...common, maxretry: watching, bantime: 75 * MINUTE }),
      // Bans many at once, so that its breaker stops it.
      jail("flood", { ...common, maxretry: 1, bantime: 40 * MINUTE }),
      // Reads the ban log.
      jail("recidive", { ...common, maxretry: 3, findtime: 60 * MINUTE, bantime: 60 * MINUTE }),
    ]),
    enforced: ["web", "ssh", "grow", "flood", "recidive", ...enforced],
  };
}

export function rulesetOf(hash: string): Ruleset {
  return RULESETS.find((each) => each.hash === hash)!;
}

export function firewallsOf({ enforced }: Ruleset, revision: number): ReadonlyMap<string, JailFirewall> {
  const firewall: JailFirewall = {
    revision,
    hooks: ["INPUT"],
    rules: [{ protocol: "tcp", ports: "all", block: "drop" }],
  };
  return new Map(enforced.map((name) => [name, firewall]));
}

export function isIgnored(who: Target): boolean {
  return contains(id(IGNORED), who);
}

const BAN_LINE = /\[([a-z]+)\] Ban (\S+)$/;

/** Lines of clients are "JAIL ID"; those of the ban log are the recidive jail's. */
export const MATCHERS: { readonly lines: Matcher; readonly banLog: Matcher } = {
  lines: wordMatcher,
  banLog: { match: (events) => matchBanLog(events) },
};

function matchBanLog(events: readonly LogEvent[]): MatchReport {
  const rewritten = events.flatMap((event) => {
    const [, from, who] = BAN_LINE.exec(event.text) ?? [];
    return from === undefined || from === "recidive" ? [] : [{ ...event, text: `recidive ${who}` }];
  });
  return wordMatcher.match(rewritten);
}
