/**
 * The options of a jail: which there are, what Fail2Ban makes of their text, and what holds where a configuration says
 * nothing.
 */

/** What a value is turned into before anything else sees it. */
export type OptionType = "text" | "whole" | "boolean";

export interface JailOptionRule {
  readonly type: OptionType;
  /** What the option is where nothing sets it; undefined = it is then absent. */
  readonly absent?: string;
}

const text: JailOptionRule = { type: "text" };
const whole: JailOptionRule = { type: "whole" };
const boolean: JailOptionRule = { type: "boolean" };

/** Read of every jail, to know whether it is enabled and what its filter is. */
export const FIRST_OPTIONS: ReadonlyMap<string, JailOptionRule> = new Map([
  ["enabled", { type: "boolean", absent: "false" }],
  ["backend", { type: "text", absent: "auto" }],
  ["filter", { type: "text", absent: "" }],
]);

/** What a filter's [Definition] may set, and a jail in its place. */
export const FILTER_OPTIONS: ReadonlyMap<string, JailOptionRule> = new Map([
  ["usedns", text],
  ["prefregex", text],
  ["ignoreregex", text],
  ["failregex", text],
  ["maxlines", whole],
  ["datepattern", text],
  ["journalmatch", text],
]);

/** Everything that Fail2Ban reads of an enabled jail, in its order. */
export const JAIL_OPTIONS: ReadonlyMap<string, JailOptionRule> = new Map<string, JailOptionRule>([
  ["enabled", FIRST_OPTIONS.get("enabled")!],
  ["backend", FIRST_OPTIONS.get("backend")!],
  ["maxretry", whole],
  ["maxmatches", whole],
  ["findtime", text],
  ["bantime", text],
  ["bantime.increment", boolean],
  ["bantime.factor", text],
  ["bantime.formula", text],
  ["bantime.multipliers", text],
  ["bantime.maxtime", text],
  ["bantime.rndtime", text],
  ["bantime.overalljails", boolean],
  ["ignorecommand", text],
  ["ignoreself", boolean],
  ["ignoreip", text],
  ["ignorecache", text],
  ["filter", FIRST_OPTIONS.get("filter")!],
  ["logtimezone", text],
  ["logencoding", text],
  ["logpath", text],
  ["action", { type: "text", absent: "" }],
  ...FILTER_OPTIONS,
]);

/** What we read besides: options of newer Fail2Ban releases, and our own `loggroup`. */
export const FURTHER_OPTIONS: ReadonlyMap<string, JailOptionRule> = new Map([
  ["skip_if_nologs", boolean],
  ["systemd_if_nologs", boolean],
  ["loggroup", text],
]);

/** Names that only other values refer to, in the jail.conf that everybody has; a jail may set them. */
export const CUSTOMARY_OPTIONS: readonly string[] = [
  ...["mode", "port", "protocol", "chain", "banaction", "banaction_allports", "mta", "destemail", "sender"],
  ...[
    "sendername",
    "fail2ban_agent",
    "blocktype",
    "action_",
    "action_mw",
    "action_mwl",
    "action_xarf",
    "action_cf_mwl",
  ],
  ...["action_blocklist_de", "action_abuseipdb", "cfemail", "cfapikey", "blocklist_de_apikey", "abuseipdb_apikey"],
];

/** Fail2Ban's own defaults (its server's), for what neither jail nor [DEFAULT] sets; times in milliseconds. */
export const SERVER_DEFAULTS = {
  maxretry: 3,
  findtime: 600_000,
  bantime: 600_000,
  maxmatches: 5,
  maxlines: 1,
  usedns: "warn",
  ignoreself: true,
  logencoding: "auto",
} as const;

/** True for 1, on, true and yes in any case; every other word is false. */
export function isTrueWord(word: string): boolean {
  return ["1", "on", "true", "yes"].includes(word.toLowerCase());
}

/** Whether a word is one that people write for true or false. */
export function isBooleanWord(word: string): boolean {
  return isTrueWord(word) || ["0", "off", "false", "no", ""].includes(word.toLowerCase());
}

/** A whole number as Python's `int` reads it ("5", " +5 ", "1_000"), or undefined. */
export function parseWhole(word: string): number | undefined {
  if (!/^\s*[+-]?\d+(?:_\d+)*\s*$/.test(word)) return undefined;
  const value = Number(word.replaceAll("_", ""));
  return Number.isSafeInteger(value) ? value : undefined;
}
