/** A configuration made ready to run: matcher, rules, firewalls, and everything that is wrong with it. */
import { createHash } from "node:crypto";
import { findEncoding } from "../../shared/adapters/local/follow/encoding.ts";
import { loadRules } from "../../shared/app/load-rules.ts";
import type { CompiledConfiguration } from "../../shared/core/config/compile-configuration.ts";
import type { JailConfig } from "../../shared/core/config/model.ts";
import type { Problem } from "../../shared/core/config/problem.ts";
import type { JailRules } from "../../shared/core/detect/policy.ts";
import { createDating } from "../../shared/core/filter/dating.ts";
import type { Matcher } from "../../shared/core/filter/event.ts";
import { type CompiledFilter, compileFilters } from "../../shared/core/filter/matcher.ts";
import { createRouter } from "../../shared/core/filter/router.ts";
import type { JailFirewall } from "../../shared/core/firewall/change.ts";
import { compileFirewall, type FirewallAction } from "../../shared/core/firewall/rule.ts";
import type { ZoneOffset } from "../../shared/core/report/time-text.ts";

export interface Ruleset {
  readonly jails: readonly JailConfig[];
  readonly matcher: Matcher;
  readonly rules: ReadonlyMap<string, JailRules>;
  /** Jails without firewall actions are absent. */
  readonly firewalls: ReadonlyMap<string, JailFirewall>;
  /** Tells one ruleset from another: bans carry it. */
  readonly hash: string;
}

/** What `check` shows and `run` starts from: the jails that can run, and what is wrong with the others. */
export interface Examined {
  readonly filters: readonly CompiledFilter[];
  readonly firewalls: ReadonlyMap<string, JailFirewall>;
  readonly problems: readonly Problem[];
}

/** Compiles filters and actions. `revision`: which edition of the configuration this is; hosts ignore older ones. */
export function examine(compiled: CompiledConfiguration, zone: ZoneOffset, revision: number): Examined {
  const made = compileFilters(compiled.jails, createDating({ localOffset: zone }));
  const problems = [...compiled.problems, ...made.problems];
  const firewalls = new Map<string, JailFirewall>();
  const filters = made.filters.filter(({ jail }) => {
    if (findEncoding(jail.logencoding) === undefined) {
      problems.push(unknownEncoding(jail));
      return false;
    }
    const actions = jail.actions.filter((action): action is FirewallAction => action.kind === "firewall");
    if (actions.length === 0) return true;
    const firewall = compileFirewall(actions, revision);
    if (firewall.kind === "firewall") {
      firewalls.set(jail.name, firewall.firewall);
      return true;
    }
    const { message, next } = firewall;
    problems.push({ code: "bad-value", severity: "error", jail: jail.name, place: jail.place, message, next });
    return false;
  });
  return { filters, firewalls, problems };
}

function unknownEncoding({ name, place, logencoding }: JailConfig): Problem {
  const message = `logencoding = ${JSON.stringify(logencoding)} is no encoding that is known here`;
  const next = "Write utf-8, latin-1, ascii, utf-16, or another name of the WHATWG's encoding standard.";
  return { code: "bad-value", severity: "error", jail: name, place, message, next };
}

export interface RulesetOptions {
  readonly zone: ZoneOffset;
  /** Whether a jail reads the lines of a stream. */
  readonly reads: (jail: JailConfig, stream: string) => boolean;
  /** The text of a `file:` list of ignoreip; throws where it cannot be read. */
  readonly readFile: (path: string) => Promise<string>;
}

/** The ruleset of the jails that can run. Throws what `readFile` throws: half an allowlist is none. */
export async function createRuleset(examined: Examined, options: RulesetOptions): Promise<Ruleset> {
  const jails = examined.filters.map((filter) => filter.jail);
  return {
    jails,
    matcher: createRouter(jails, { localOffset: options.zone, reads: options.reads }),
    rules: await loadRules(jails, options.readFile),
    firewalls: examined.firewalls,
    hash: createHash("sha256").update(JSON.stringify(jails)).digest("hex").slice(0, 16),
  };
}
