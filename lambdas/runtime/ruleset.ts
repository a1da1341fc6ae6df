/**
 * A compiled ruleset made ready to run: a matcher for each log group, rules, firewalls, and who is never banned.
 *
 * Nothing here waits for anything but the list of ignored names; a jail that cannot be compiled here, although `cdk synth`
 * could, stops the function at its start: a jail that silently does nothing is the worst that could be deployed.
 */
import { loadRules } from "../../shared/app/load-rules.ts";
import type { CompiledRuleset } from "../../shared/contract/ruleset.ts";
import { parseNetwork } from "../../shared/core/address.ts";
import type { JailConfig } from "../../shared/core/config/model.ts";
import { createNeverBan, type NeverBan } from "../../shared/core/detect/never-ban.ts";
import type { JailRules } from "../../shared/core/detect/policy.ts";
import { type CompiledMatcher, createMatcher } from "../../shared/core/filter/matcher.ts";
import type { JailFirewall } from "../../shared/core/firewall/change.ts";
import { compileFirewall, type FirewallAction } from "../../shared/core/firewall/rule.ts";

export interface ReadyRuleset {
  /** Bans carry it. */
  readonly hash: string;
  readonly bansPerMinute: number;
  readonly rules: ReadonlyMap<string, JailRules>;
  readonly neverBan: NeverBan;
  /** Log groups that any jail reads. */
  readonly logGroups: readonly string[];
  /** The jails of one log group, compiled once; undefined = no jail reads it. */
  matcherOf(logGroup: string): CompiledMatcher | undefined;
  /** The recidive jails: those that read our own ban log. */
  readonly recidive: CompiledMatcher;
  /** The firewall of every jail that has one, as of this revision. */
  firewallsAt(revision: number): ReadonlyMap<string, JailFirewall>;
}

/** Log lines' dates are read in UTC where they name no zone; hosts that log in another say `logtimezone`. */
const UTC = () => 0;

/** Throws an Error that names the jail or the list that is wrong. */
export async function readyRuleset(ruleset: CompiledRuleset): Promise<ReadyRuleset> {
  const byName = new Map(ruleset.jails.map((jail) => [jail.name, jail]));
  const compiled = new Map<string, CompiledMatcher>();
  const compile = (jails: readonly JailConfig[]): CompiledMatcher => {
    const key = JSON.stringify(jails.map((jail) => jail.name));
    const matcher = compiled.get(key) ?? compileJails(jails);
    compiled.set(key, matcher);
    return matcher;
  };
  const groups = new Map(
    Object.entries(ruleset.logGroups).map(([group, names]) => [
      group,
      names.flatMap((name) => byName.get(name) ?? missing(`jail ${name} of log group ${group}`)),
    ]),
  );
  return {
    hash: ruleset.hash,
    bansPerMinute: ruleset.bansPerMinute,
    rules: await loadRules(ruleset.jails, async (path) => ruleset.lists[path] ?? missing(`list ${path}`)),
    neverBan: createNeverBan(
      [],
      ruleset.neverBan.map((text) => parseNetwork(text) ?? missing(`an address in neverBan instead of "${text}"`)),
    ),
    logGroups: [...groups.keys()],
    matcherOf(logGroup) {
      const jails = groups.get(logGroup);
      return jails === undefined || jails.length === 0 ? undefined : compile(jails);
    },
    recidive: compile(ruleset.jails.filter(readsBanLog)),
    firewallsAt: (revision) => new Map(ruleset.jails.flatMap((jail) => firewallOf(jail, revision))),
  };
}

/** The ban log as recidive jails name it: ours, and Fail2Ban's, since we make the bans now. */
export const BAN_LOGS: readonly string[] = ["/var/log/fleet2ban.log", "/var/log/fail2ban.log"];

/** Where the ban log's events say they come from, in the zone in which the matchers read them. */
export const BAN_LOG_SOURCE = { stream: BAN_LOGS[0]!, zone: UTC } as const;

function readsBanLog(jail: JailConfig): boolean {
  return jail.logs.some(({ path }) => BAN_LOGS.includes(path));
}

function compileJails(jails: readonly JailConfig[]): CompiledMatcher {
  const { matcher, problems } = createMatcher(jails, { localOffset: UTC });
  const problem = problems.find(({ severity }) => severity === "error");
  if (problem !== undefined) {
    throw new Error(`jail ${problem.jail} of the ruleset does not compile here: ${problem.message} ${problem.next}`);
  }
  return matcher;
}

function firewallOf(jail: JailConfig, revision: number): (readonly [string, JailFirewall])[] {
  const actions = jail.actions.filter((action): action is FirewallAction => action.kind === "firewall");
  if (actions.length === 0) return [];
  const made = compileFirewall(actions, revision);
  if (made.kind === "mistake") throw new Error(`jail ${jail.name} of the ruleset: ${made.message} ${made.next}`);
  return [[jail.name, made.firewall]];
}

function missing(what: string): never {
  throw new Error(`the ruleset lacks ${what}. Deploy the stack again.`);
}
