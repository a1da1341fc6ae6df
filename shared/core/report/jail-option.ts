/** `get JAIL <option>`: the option's value in the words of fail2ban-client. */
import type { JailConfig } from "../config/model.ts";
import { pythonRepr } from "./python-text.ts";

/** A value as JSON carries it; durations in seconds, as Fail2Ban reports them. */
export type OptionValue = string | number | boolean | null | readonly string[];

const READERS = {
  bantime: (jail) => (jail.bantime === "permanent" ? -1 : jail.bantime / 1000),
  findtime: (jail) => jail.findtime / 1000,
  maxretry: (jail) => jail.maxretry,
  maxmatches: (jail) => jail.maxmatches,
  maxlines: (jail) => jail.filter.maxlines,
  usedns: (jail) => jail.usedns,
  logpath: (jail) => jail.logs.map((log) => log.path),
  logencoding: (jail) => jail.logencoding,
  logtimezone: (jail) => jail.logtimezone ?? null,
  ignoreip: (jail) => jail.ignoreip,
  ignoreself: (jail) => jail.ignoreself,
  ignorecommand: (jail) => jail.ignorecommand ?? "",
  prefregex: (jail) => jail.filter.prefregex?.text ?? "",
  failregex: (jail) => jail.filter.failregex.map((regex) => regex.text),
  ignoreregex: (jail) => jail.filter.ignoreregex.map((regex) => regex.text),
  datepattern: (jail) => jail.filter.datepattern.map((pattern) => pattern.text),
  journalmatch: (jail) => jail.filter.journalmatch,
  actions: (jail) => jail.actions.map((action) => action.name),
  "bantime.increment": (jail) => jail.increment !== undefined,
  "bantime.factor": (jail) => jail.increment?.factor ?? null,
  "bantime.formula": (jail) => jail.increment?.formula ?? null,
  "bantime.multipliers": (jail) => jail.increment?.multipliers?.join(" ") ?? null,
  "bantime.maxtime": (jail) => secondsOf(jail.increment?.maxtime),
  "bantime.rndtime": (jail) => secondsOf(jail.increment?.rndtime),
  "bantime.overalljails": (jail) => jail.increment?.overalljails ?? null,
} as const satisfies Record<string, (jail: JailConfig) => OptionValue>;

export type JailOption = keyof typeof READERS;

/** The options that `get` knows, in the order of the help. */
export const JAIL_OPTIONS = Object.keys(READERS) as readonly JailOption[];

export function isJailOption(name: string): name is JailOption {
  return Object.hasOwn(READERS, name);
}

export function readOption(jail: JailConfig, option: JailOption): OptionValue {
  return READERS[option](jail);
}

function secondsOf(duration: number | undefined): number | null {
  return duration === undefined ? null : duration / 1000;
}

/** What fail2ban-client prints for the option: a tree for lists, Python's word for the rest. */
export function formatOption(jail: string, option: JailOption, value: OptionValue): string {
  const list = Array.isArray(value) ? (value as readonly string[]) : undefined;
  switch (option) {
    case "logpath":
      return tree(list, "No file is currently monitored", "Current monitored log file(s):", plain);
    case "ignoreip":
      return formatIgnored(list ?? []);
    case "failregex":
    case "ignoreregex":
      return tree(list, "No regular expression is defined", "The following regular expression are defined:", numbered);
    case "journalmatch":
      return list?.length ? `Current match filter:\n${list.join(" + ")}` : "No journal match filter set";
    case "datepattern":
      return `Current date pattern set to: ${list?.length ? list.join("\n") : "Default Detectors"}`;
    case "logencoding":
      return `Current log encoding is set to:\n${value}`;
    case "actions":
      return list?.length
        ? `The jail ${jail} has the following actions:\n${list.join(", ")}`
        : `No actions for jail ${jail}`;
    default:
      // Every other option is a scalar, and a string is printed without quotes.
      return typeof value === "string" ? value : pythonRepr(value);
  }
}

/** The ignore list as `addignoreip`, `delignoreip` and `get JAIL ignoreip` print it. */
export function formatIgnored(entries: readonly string[]): string {
  return tree(entries, "No IP address/network is ignored", "These IP addresses/networks are ignored:", plain);
}

const plain = (text: string) => text;
const numbered = (text: string, index: number) => `[${index}]: ${text}`;

function tree(
  list: readonly string[] | undefined,
  none: string,
  title: string,
  leaf: (text: string, index: number) => string,
): string {
  if (list === undefined || list.length === 0) return none;
  const last = list.length - 1;
  return [title, ...list.map((text, index) => `${index === last ? "`-" : "|-"} ${leaf(text, index)}`)].join("\n");
}
