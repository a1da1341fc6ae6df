/** What `fail2ban-client -d` prints: the configuration as the list of commands that would set it up. */

import type { CompiledConfiguration } from "./compile-configuration.ts";
import type { Values } from "./definition.ts";
import { FILTER_OPTIONS, isTrueWord, JAIL_OPTIONS, parseWhole } from "./jail-options.ts";
import { splitWords } from "./jail-values.ts";
import type { ResolvedAction } from "./resolve-action.ts";
import { ACTION_OPTIONS } from "./resolve-action.ts";
import type { JailOption, ResolvedJail } from "./resolve-jail.ts";
import { splitShellWords } from "./shell-words.ts";

export type DumpValue = string | number | boolean | null | readonly DumpValue[];
/** One command: `["set", "sshd", "maxretry", 5]`. */
export type DumpCommand = readonly DumpValue[];

/**
 * The commands in Fail2Ban's order. Log paths are given as written, globs included: which files there are is known on the
 * host only. Commands of an action occur where the configuration has its action.d file.
 */
export function dumpConfiguration({ outcomes, general }: CompiledConfiguration): DumpCommand[] {
  const commands: DumpCommand[] = [...general].map(([name, value]) => ["set", name, value]);
  const started: DumpCommand[] = [];
  for (const outcome of outcomes) {
    if (outcome.kind === "skipped") {
      const why = `Jail '${outcome.name}' skipped, because of wrong configuration: ${outcome.problem.message}`;
      commands.push(["config-error", why]);
      continue;
    }
    commands.push(...dumpJail(outcome.jail));
    started.push(["start", outcome.jail.name]);
  }
  return [...commands, ...started];
}

/** Prints the commands as Python prints lists, one a line. */
export function formatDump(commands: readonly DumpCommand[]): string {
  return commands.map((command) => `${pythonLiteral(command)}\n`).join("");
}

function dumpJail({ name, options, filter, actions }: ResolvedJail): DumpCommand[] {
  const values = new Map<string, JailOption["value"]>([...options].map(([option, { value }]) => [option, value]));
  const set = (option: string, ...value: DumpValue[]): DumpCommand => ["set", name, option, ...value];
  const commands: DumpCommand[] = [];
  addFilterCommands(commands, name, filterValues(filter?.values ?? new Map()));
  addFilterCommands(commands, name, values);
  const logs: DumpCommand[] = [];
  const journal = String(values.get("backend")).startsWith("systemd");
  for (const option of JAIL_OPTIONS.keys()) {
    const value = values.get(option);
    if (value === undefined || NOT_SENT.has(option)) continue;
    if (option === "ignoreip") commands.push(set("addignoreip", ...splitWords(String(value))));
    else if (option !== "logpath") commands.push(set(option, value));
    else if (!journal) logs.push(...logCommands(name, String(value)));
  }
  return [
    ["add", name, values.get("backend") ?? "auto"],
    ...commands,
    ...logs,
    ...actions.flatMap((a) => dumpAction(name, a)),
  ];
}

const NOT_SENT = new Set(["action", "filter", "enabled", "backend", ...FILTER_OPTIONS.keys()]);

function filterValues(values: Values): Map<string, JailOption["value"]> {
  const typed = new Map<string, JailOption["value"]>();
  for (const [name, { text }] of values) typed.set(name, name === "maxlines" ? (parseWhole(text) ?? null) : text);
  return typed;
}

/** What the regexes depend on goes to the front, usedns first of all. */
function addFilterCommands(
  commands: DumpCommand[],
  jail: string,
  values: ReadonlyMap<string, JailOption["value"]>,
): void {
  let front = 0;
  for (const [name, value] of values) {
    if (value === null || !FILTER_OPTIONS.has(name)) continue;
    const lines = String(value)
      .split("\n")
      .filter((line) => line !== "");
    switch (name) {
      case "failregex":
      case "ignoreregex":
        if (lines.length > 1) commands.push(["multi-set", jail, `add${name}`, lines]);
        else if (lines.length === 1) commands.push(["set", jail, `add${name}`, lines[0]!]);
        break;
      case "journalmatch":
        commands.push(...lines.map((line): DumpCommand => ["set", jail, "addjournalmatch", ...splitShellWords(line)]));
        break;
      case "datepattern":
        commands.push(["set", jail, name, value]);
        break;
      default:
        commands.splice(name === "usedns" ? 0 : front, 0, ["set", jail, name, value]);
        front++;
    }
  }
}

function logCommands(jail: string, value: string): DumpCommand[] {
  return value.split("\n").flatMap((line): DumpCommand[] => {
    if (line === "") return [];
    const space = line.lastIndexOf(" ");
    const [path, from] = space < 0 ? [line, "head"] : [line.slice(0, space), line.slice(space + 1)];
    return [["set", jail, "addlogpath", path, from]];
  });
}

const BOOLEAN_ACTION_OPTIONS = new Set(["actionstart_on_demand", "actionrepair_on_unban", "norestored"]);

function dumpAction(jail: string, { identity, combined, reading }: ResolvedAction): DumpCommand[] {
  const properties: DumpValue[][] = [];
  for (const [name, { text }] of combined) {
    if (!ACTION_OPTIONS.includes(name)) continue;
    properties.push([name, BOOLEAN_ACTION_OPTIONS.has(name) ? isTrueWord(text) : text]);
  }
  for (const [name, { text }] of reading.parameters) {
    if (!ACTION_OPTIONS.includes(name) && !name.startsWith("known/")) properties.push([name, text]);
  }
  return [
    ["set", jail, "addaction", identity],
    ["multi-set", jail, "action", identity, properties],
  ];
}

function pythonLiteral(value: DumpValue): string {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") return `[${value.map(pythonLiteral).join(", ")}]`;
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  let literal = "";
  for (const character of value) literal += character === quote ? `\\${quote}` : escapeCharacter(character);
  return quote + literal + quote;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  if (/^[^\p{C}\p{Z}]$|^ $/u.test(character)) return character;
  const code = character.codePointAt(0)!;
  const hex = (width: number) => code.toString(16).padStart(width, "0");
  return code < 0x100 ? `\\x${hex(2)}` : code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}
