/** A configuration looked at as a whole: the jails that can run, and what is wrong with the others. */
import { findEncoding } from "../encoding.ts";
import { createDating } from "../filter/dating.ts";
import { type CompiledFilter, compileFilters } from "../filter/matcher.ts";
import type { JailFirewall } from "../firewall/change.ts";
import { compileFirewall, type FirewallAction } from "../firewall/rule.ts";
import type { ZoneOffset } from "../report/time-text.ts";
import type { CompiledConfiguration } from "./compile-configuration.ts";
import type { JailConfig } from "./model.ts";
import type { Problem } from "./problem.ts";

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
