/** A configuration made ready to run: matcher, rules, firewalls. */
import { createHash } from "node:crypto";
import { loadRules } from "../../shared/app/load-rules.ts";
import type { Examined } from "../../shared/core/config/examine.ts";
import type { JailConfig } from "../../shared/core/config/model.ts";
import type { JailRules } from "../../shared/core/detect/policy.ts";
import type { Matcher } from "../../shared/core/filter/event.ts";
import { createRouter } from "../../shared/core/filter/router.ts";
import type { JailFirewall } from "../../shared/core/firewall/change.ts";
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
