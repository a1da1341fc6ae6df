/** From a resolved jail to the typed one that the rest of the program works with. */
import { mapAction } from "./actions.ts";
import { ConfigFault } from "./config-fault.ts";
import { isBooleanWord, parseWhole, SERVER_DEFAULTS } from "./jail-options.ts";
import type { Report } from "./jail-values.ts";
import { backendOf, filled, ignoreipOf, logsOf, usednsOf, wholeOf } from "./jail-values.ts";
import type { LocatedText } from "./located-text.ts";
import { linesOf, placeOf } from "./located-text.ts";
import type { ActionConfig, FilterConfig, JailConfig, Located } from "./model.ts";
import type { Problem } from "./problem.ts";
import type { ResolvedJail } from "./resolve-jail.ts";
import { bantimeOf, durationOf, incrementOf } from "./time-values.ts";

/** A jail; undefined where it is not enabled, or an error among the problems leaves it out. */
export interface TypedJail {
  readonly jail: JailConfig | undefined;
  readonly problems: readonly Problem[];
}

/** Gives a jail its types; `port` is the jail's own, which only its actions might want. */
export function typeJail(resolved: ResolvedJail, port: string | undefined): TypedJail {
  const problems: Problem[] = [];
  const report: Report = (severity, code, message, place, next) => {
    problems.push({ code, severity, message, place, jail: resolved.name, ...(next === undefined ? {} : { next }) });
  };
  const { name, place, options } = resolved;
  reportBooleans(resolved, report);
  if (!resolved.enabled) return { jail: undefined, problems };
  if (!/^[A-Za-z0-9_][\w.-]{0,62}$/.test(name)) {
    const next = "Use letters, digits, - _ and . only: the name becomes part of chains, sets and keys.";
    report("error", "bad-value", `${JSON.stringify(name)} cannot be the name of a jail`, place, next);
  }
  const backend = backendOf(options, report);
  const journal = backend.startsWith("systemd");
  const filter = filterOf(resolved, report);
  const jail: JailConfig = {
    name,
    enabled: true,
    place,
    backend,
    filter,
    logs: journal ? [] : logsOf(options, report),
    skipIfNoLogs: options.get("skip_if_nologs")?.value === true,
    logGroup: filled(options, "loggroup")?.text,
    maxretry: wholeOf(options, "maxretry", 1, report) ?? SERVER_DEFAULTS.maxretry,
    findtime: durationOf(options, "findtime", report) ?? SERVER_DEFAULTS.findtime,
    bantime: bantimeOf(options, report),
    increment: incrementOf(options, report),
    maxmatches: wholeOf(options, "maxmatches", 0, report) ?? SERVER_DEFAULTS.maxmatches,
    ignoreip: ignoreipOf(options, report),
    ignoreself: options.get("ignoreself")?.value !== false,
    ignorecommand: filled(options, "ignorecommand")?.text,
    usedns: usednsOf(resolved.filter?.values.get("usedns") ?? options.get("usedns")?.written, report),
    logencoding: filled(options, "logencoding")?.text ?? SERVER_DEFAULTS.logencoding,
    logtimezone: filled(options, "logtimezone")?.text,
    actions: actionsOf(resolved, port, problems, report),
  };
  if (!journal && filled(options, "logpath") === undefined && jail.logGroup === undefined) {
    report("warning", "no-logs", "the jail reads no log", place, "Set logpath, or loggroup in the cloud.");
  }
  return { jail: problems.some((problem) => problem.severity === "error") ? undefined : jail, problems };
}

/** Any word but 1, on, true, yes is false: worth a word where it looks like a slip. */
function reportBooleans({ options }: ResolvedJail, report: Report): void {
  for (const [name, { written, value }] of options) {
    if (typeof value !== "boolean" || isBooleanWord(written.text)) continue;
    const message = `${name} = ${JSON.stringify(written.text)} is taken for false`;
    report("warning", "bad-value", message, placeOf(written), "Write true or false.");
  }
}

/**
 * What the filter and the jail say together. Where both set something (which takes an argument in brackets or [Init]),
 * Fail2Ban's order of commands decides: lists are joined, a datepattern of the jail wins, of the rest the filter's.
 */
function filterOf(resolved: ResolvedJail, report: Report): FilterConfig {
  const { filter, options, place } = resolved;
  const own = (name: string): LocatedText | undefined => filter?.values.get(name);
  const jails = (name: string): LocatedText | undefined => options.get(name)?.written;
  const listOf = (name: string): Located[] =>
    [own(name), jails(name)]
      .flatMap((value) => (value === undefined ? [] : linesOf(value)))
      .filter(({ text }) => text !== "");
  const prefregex = own("prefregex") ?? jails("prefregex");
  const datepattern = jails("datepattern") ?? own("datepattern");
  const failregex = listOf("failregex");
  if (failregex.length === 0) {
    if (filter === undefined)
      report("error", "unknown-filter", "the jail has neither filter nor failregex", place, "Set filter.");
    else report("warning", "no-failregex", `filter ${filter.name} has no failregex: it finds nothing`, filter.place);
  }
  return {
    name: filter?.name ?? resolved.name,
    prefregex: prefregex?.text ? { text: prefregex.text, place: placeOf(prefregex) } : undefined,
    failregex,
    ignoreregex: listOf("ignoreregex"),
    datepattern:
      datepattern === undefined
        ? []
        : linesOf(datepattern)
            .map(trimmed)
            .filter(({ text }) => text !== ""),
    maxlines: maxlinesOf(own("maxlines") ?? jails("maxlines"), report),
    journalmatch: listOf("journalmatch").map(({ text }) => text),
  };
}

function trimmed({ text, place }: Located): Located {
  return { text: text.trim(), place };
}

function maxlinesOf(written: LocatedText | undefined, report: Report): number {
  if (written === undefined) return SERVER_DEFAULTS.maxlines;
  const value = parseWhole(written.text);
  if (value !== undefined && value > 0) return value;
  const message = `maxlines = ${JSON.stringify(written.text)} is no whole number above zero`;
  // Fail2Ban ignores a word, and refuses to start for a number below one.
  report(value === undefined ? "warning" : "error", "bad-value", message, placeOf(written), "Write 1 or more.");
  return SERVER_DEFAULTS.maxlines;
}

function actionsOf(
  { name, place, actions }: ResolvedJail,
  port: string | undefined,
  problems: Problem[],
  report: Report,
): readonly ActionConfig[] {
  if (actions.length === 0) {
    const next = "Set action = iptables-allports, or banaction where action = %(action_)s.";
    report("warning", "unknown-action", "the jail has no action: it bans nobody", place, next);
  }
  return actions.flatMap((action) => {
    try {
      const mapped = mapAction(action, { jail: name, port });
      problems.push(...mapped.warnings);
      return [mapped.action];
    } catch (error) {
      // This action cannot be had: the jail is left out, and its other actions are still looked at.
      if (!(error instanceof ConfigFault)) throw error;
      problems.push({ ...error.problem, jail: name });
      return [];
    }
  });
}
