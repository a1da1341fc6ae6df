/**
 * The configuration directory, compiled for the cloud: what runs on one host and could not run here is refused, in words.
 *
 * Whatever is wrong is found now, by the person who deploys, with file, line and next step; a deployment never leaves a jail
 * out in silence.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { loadConfiguration } from "../cli/configuration/load-configuration.ts";
import { BUNDLED_CONFIG } from "../cli/paths.ts";
import type { CompiledRuleset } from "../shared/contract/ruleset.ts";
import type { JailOutcome } from "../shared/core/config/compile-configuration.ts";
import { examine } from "../shared/core/config/examine.ts";
import { agentDefault, BAN_LOG_GROUP, logGroupsOf } from "../shared/core/config/log-groups.ts";
import type { JailConfig } from "../shared/core/config/model.ts";
import { nearest } from "../shared/core/config/nearest.ts";
import type { Problem } from "../shared/core/config/problem.ts";
import { formatProblem } from "../shared/core/config/problem.ts";
import { rulesOf } from "../shared/core/detect/policy.ts";
import { type SubscriptionPattern, subscriptionPattern } from "../shared/core/filter/subscription-pattern.ts";
import type { Settings } from "./settings.ts";

export interface CompiledDeployment {
  readonly ruleset: CompiledRuleset;
  /** The subscription pattern of each log group. */
  readonly patterns: Readonly<Record<string, SubscriptionPattern>>;
  /** The files whose lines belong into each log group, as the jails name them. */
  readonly files: Readonly<Record<string, readonly string[]>>;
  /** What is no mistake and should be known. */
  readonly warnings: readonly string[];
}

/** Thrown where the configuration has mistakes: the message names each with file, line, reason and next step. */
export class RefusedConfiguration extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the configuration cannot be deployed:\n${problems.join("\n")}`);
    this.name = "RefusedConfiguration";
    this.problems = problems;
  }
}

/** Lines that name no zone are in UTC, whatever the zone of the machine that deploys. */
const UTC = () => 0;

/** Reads and compiles the configuration directory of the settings. Throws a RefusedConfiguration. */
export function compileRuleset(settings: Settings): CompiledDeployment {
  const directory = settings.configuration ?? BUNDLED_CONFIG;
  const { compiled } = loadConfiguration(directory);
  const { filters, problems } = examine(compiled, UTC, 1);
  const jails = filters.map((filter) => filter.jail);
  const groups = groupJails(jails, settings);
  const lists = readLists(jails, directory);
  const found = [...problems, ...jails.flatMap(onlyOnOneHost), ...groups.problems, ...lists.problems];
  const refused = [
    ...found.filter(({ severity }) => severity === "error").map(formatProblem),
    ...unknownNames(compiled.outcomes.map(nameOf), groups.all, settings),
    ...ownLogGroups(groups.byGroup, settings),
  ];
  if (jails.length === 0 && refused.length === 0)
    refused.push(`error: no jail is enabled in ${directory}\n    Write enabled = true under its name.`);
  if (refused.length > 0) throw new RefusedConfiguration(refused);

  const observed = jails.filter(({ name }) => isObserved(name, settings)).map(({ name }) => name);
  const body = {
    jails: jails.map((jail) => (observed.includes(jail.name) ? withoutFirewall(jail) : jail)),
    observed,
    logGroups: Object.fromEntries(
      [...groups.byGroup].map(([group, readers]) => [group, readers.map(({ name }) => name)]),
    ),
    lists: lists.texts,
    neverBan: settings.neverBan,
    bansPerMinute: settings.bansPerMinute,
  };
  const patternOf = (readers: readonly JailConfig[]) =>
    subscriptionPattern(filters.filter(({ jail }) => readers.includes(jail)));
  return {
    ruleset: { format: 1, hash: createHash("sha256").update(JSON.stringify(body)).digest("hex").slice(0, 16), ...body },
    patterns: Object.fromEntries([...groups.byGroup].map(([group, readers]) => [group, patternOf(readers)])),
    files: Object.fromEntries(
      [...groups.byGroup].map(([group, readers]) => [group, filesOf(group, readers, settings)]),
    ),
    warnings: found.filter(({ severity }) => severity !== "error").map(formatProblem),
  };
}

function isObserved(jail: string, { mode, jailModes }: Settings): boolean {
  return (jailModes[jail] ?? mode) === "observe";
}

function withoutFirewall(jail: JailConfig): JailConfig {
  return { ...jail, actions: jail.actions.filter(({ kind }) => kind !== "firewall") };
}

function nameOf(outcome: JailOutcome): string {
  return outcome.kind === "resolved" ? outcome.jail.name : outcome.name;
}

interface GroupedJails {
  /** Log groups to subscribe, with the jails that read them. */
  readonly byGroup: ReadonlyMap<string, readonly JailConfig[]>;
  /** Every log group that a jail reads, subscribed or not. */
  readonly all: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

function groupJails(jails: readonly JailConfig[], { logGroups: { byJail, only } }: Settings): GroupedJails {
  const byGroup = new Map<string, JailConfig[]>();
  const all = new Set<string>();
  const problems: Problem[] = [];
  for (const jail of jails) {
    const own = byJail[jail.name];
    const outcome = own === undefined ? logGroupsOf(jail) : ({ kind: "groups", groups: own } as const);
    if (outcome.kind === "problem") {
      problems.push(outcome.problem);
      continue;
    }
    const groups = outcome.groups.filter((group) => group !== BAN_LOG_GROUP);
    for (const group of groups) all.add(group);
    const subscribed = groups.filter((group) => only === undefined || only.includes(group));
    if (groups.length > 0 && subscribed.length === 0) problems.push(leftOut(jail, groups));
    for (const group of subscribed) byGroup.set(group, [...(byGroup.get(group) ?? []), jail]);
  }
  return { byGroup, all, problems };
}

function leftOut({ name, place }: JailConfig, groups: readonly string[]): Problem {
  const message = `the jail reads ${groups.join(", ")}, and logGroups.only names none of them`;
  const next = "Add one to logGroups.only, or disable the jail.";
  return { code: "no-logs", severity: "error", jail: name, place, message, next };
}

/** What only a daemon on the host itself can do. */
function onlyOnOneHost({ name, place, ignorecommand }: JailConfig): Problem[] {
  if (ignorecommand === undefined) return [];
  const message = `ignorecommand = ${ignorecommand} runs on a host; in the cloud nobody runs it`;
  const next = "Write the addresses into ignoreip, or exempt them with `fleet2ban set JAIL addignoreip`.";
  return [{ code: "unsupported-option", severity: "error", jail: name, place, message, next }];
}

/** The `file:` lists of ignoreip go into the ruleset; one that cannot be read must not be taken for an empty one. */
function readLists(jails: readonly JailConfig[], directory: string) {
  const texts: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const { config, ignore } of rulesOf(jails).values()) {
    for (const path of ignore.files) {
      try {
        texts[path] ??= readFileSync(isAbsolute(path) ? path : join(directory, path), "utf8");
      } catch (error) {
        // Told with the jail's place; the deployment stops.
        const message = `ignoreip names file:${path}, which cannot be read here: ${(error as Error).message}`;
        const next = "Put the list beside the configuration: it becomes a part of the deployment.";
        problems.push({
          code: "missing-file",
          severity: "error",
          jail: config.name,
          place: config.place,
          message,
          next,
        });
      }
    }
  }
  return { texts, problems };
}

/** Names in the settings that the configuration does not have. */
function unknownNames(names: readonly string[], groups: ReadonlySet<string>, settings: Settings): string[] {
  const { byJail, only = [] } = settings.logGroups;
  const wrong = (setting: string, given: readonly string[], known: readonly string[], what: string): string[] =>
    given
      .filter((word) => !known.includes(word))
      .map((word) => `error: ${setting} names ${word}, and no such ${what}\n    ${hint(word, known)}`);
  return [
    ...wrong("jailModes", Object.keys(settings.jailModes), names, "jail is enabled"),
    ...wrong("logGroups.byJail", Object.keys(byJail), names, "jail is enabled"),
    ...wrong("logGroups.only", only, [...groups], "log group is read by a jail"),
  ];
}

function hint(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? `There are: ${known.join(", ") || "none"}.` : `${near} was probably meant.`;
}

/** A function that reads its own log feeds itself for ever. */
function ownLogGroups(groups: ReadonlyMap<string, unknown>, { name }: Settings): string[] {
  return [...groups.keys()]
    .filter((group) => group.startsWith(`/aws/lambda/${name}-`))
    .map((group) => `error: log group ${group} belongs to this deployment itself: it would feed itself for ever`);
}

/** Files whose lines belong into the group: those that the agent would put there, and all of a jail that names it first. */
function filesOf(
  group: string,
  readers: readonly JailConfig[],
  { logGroups: { byJail } }: Settings,
): readonly string[] {
  const files = readers.flatMap((jail) => {
    const named = byJail[jail.name]?.[0] ?? (jail.logGroup === undefined ? undefined : namedGroup(jail));
    return jail.logs.flatMap(({ path }) => ((named ?? agentDefault(path)) === group ? [path] : []));
  });
  return [...new Set(files)];
}

function namedGroup(jail: JailConfig): string | undefined {
  const outcome = logGroupsOf(jail);
  return outcome.kind === "groups" ? outcome.groups[0] : undefined;
}
