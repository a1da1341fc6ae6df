/**
 * What REGEX means: a jail, a filter with its options, a filter file, or the failregex itself. In that order, as in
 * Fail2Ban 1.1; each becomes a jail that the engine compiles as it compiles any other.
 */
import { readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { readConfigFiles } from "../../shared/adapters/local/config-files.ts";
import { compileConfiguration } from "../../shared/core/config/compile-configuration.ts";
import type { ConfigFiles } from "../../shared/core/config/files.ts";
import type { FilterConfig, JailConfig } from "../../shared/core/config/model.ts";
import { nearest } from "../../shared/core/config/nearest.ts";
import type { Place } from "../../shared/core/config/problem.ts";
import { formatProblem } from "../../shared/core/config/problem.ts";
import { shortened } from "../../shared/core/report/regex-report.ts";
import { openConfigFiles } from "../configuration/load-configuration.ts";
import { CliFailure } from "../failure.ts";

export interface ChosenFilter {
  readonly jail: JailConfig;
  /** What the header says of it: "Use   failregex filter file : sshd, basedir: /etc/fail2ban". */
  readonly uses: readonly string[];
}

/** Where a regex stands that was typed. */
export const COMMAND_LINE: Place = { file: "command line", line: 1 };
/** A word that can name a filter or jail, with options in brackets; anything else is a regex. */
const FILTER_WORD = /^\/{0,3}([\w/.-]+)(\[[\s\S]*\])?$/;
/** The jail that stands around a filter that no jail has asked for. */
const PROBE = "fleet2ban-regex";

/** What is to be read: a filter may be another for the journal (logtype). */
export type Backend = "auto" | "systemd";

/** Finds the filter; throws a CliFailure where what is named cannot be read. */
export function chooseFilter(text: string, directory: string | undefined, backend: Backend = "auto"): ChosenFilter {
  const [, name, options = ""] = FILTER_WORD.exec(text) ?? [];
  if (name === undefined) return written(text, backend);
  const path = text.slice(0, text.length - options.length);
  const file = filterFile(path);
  if (file !== undefined) return fromFile(file, options, backend);
  const files = openConfigFiles(directory);
  const jail = options === "" ? jailNamed(name, files, backend) : undefined;
  if (jail !== undefined) return { jail, uses: [`Use             jail : ${name}, filter: ${jail.filter.name}`] };
  const plain = name.replace(/\.(?:conf|local)$/, "");
  if (![".conf", ".local"].some((suffix) => files.read(`filter.d/${plain}${suffix}`) !== undefined)) {
    if (options === "") throw unknownName(text, files, directory);
    return written(text, backend);
  }
  const use = `Use   failregex filter file : ${plain}, basedir: ${directory ?? "the bundled configuration"}`;
  return { jail: probe(plain, options, files, backend), uses: [use, ...useOptions(options)] };
}

/** The jail with an ignoreregex of the command line instead of none of its own. */
export function withIgnoreregex(jail: JailConfig, text: string): JailConfig {
  const ignoreregex = [{ text, place: COMMAND_LINE }];
  return { ...jail, filter: { ...jail.filter, ignoreregex } };
}

function written(text: string, backend: Backend): ChosenFilter {
  const filter: FilterConfig = {
    name: "command line",
    prefregex: undefined,
    failregex: [{ text, place: COMMAND_LINE }],
    ignoreregex: [],
    datepattern: [],
    maxlines: 1,
    journalmatch: [],
  };
  return { jail: { ...bare(), backend, filter }, uses: [`Use   failregex line : ${shortened(text)}`] };
}

/** A jail with Fail2Ban's own defaults and no filter yet. */
function bare(): JailConfig {
  const only: ConfigFiles = {
    read: (path) => (path === "jail.conf" ? `[${PROBE}]\nenabled = true\nfilter =\nfailregex = <HOST>\n` : undefined),
    list: () => [],
  };
  return compileConfiguration(only).jails[0]!;
}

function jailNamed(name: string, files: ConfigFiles, backend: Backend): JailConfig | undefined {
  const enabling: ConfigFiles = {
    // Read after every other file of the jails, so that a jail that is switched off, or reads something else, can be
    // tried too.
    list: (folder) => (folder === "jail.d" ? [...files.list(folder), LAST] : files.list(folder)),
    read: (path) =>
      path === `jail.d/${LAST}` ? `[${name}]\nenabled = true\nbackend = ${backend}\n` : files.read(path),
  };
  if (!sectionsOf(files).includes(name)) return undefined;
  return compiledJail(name, enabling);
}

const LAST = "\uffff-regex.local";

/** The sections of the files of the jails; an unreadable configuration is found when it is compiled. */
function sectionsOf(files: ConfigFiles): readonly string[] {
  const { outcomes } = compileConfiguration(files, { everyJail: true });
  return outcomes.map((outcome) => (outcome.kind === "resolved" ? outcome.jail.name : outcome.name));
}

/** A word that names nothing; as a regex it could find nobody, since it has no room for <HOST>. */
function unknownName(word: string, files: ConfigFiles, directory: string | undefined): CliFailure {
  const filters = files.list("filter.d").map((file) => file.replace(/\.(?:conf|local)$/, ""));
  const near = nearest(word, [...sectionsOf(files), ...filters]);
  const where = directory === undefined ? "--config DIR looks for it elsewhere" : `it was looked for in ${directory}`;
  return new CliFailure(
    `there is no jail, filter or file '${word}', and a regex needs <HOST> where the address stands`,
    {
      next: near === undefined ? `A jail or filter: ${where}.` : `Did you mean ${near}?`,
    },
  );
}

function probe(filter: string, options: string, files: ConfigFiles, backend: Backend): JailConfig {
  const jail = `[${PROBE}]\nenabled = true\nbackend = ${backend}\nfilter = ${filter}${options.replaceAll("\n", "\n  ")}\nlogpath = -\n`;
  const alone: ConfigFiles = {
    list: (folder) => (folder === "jail.d" ? [] : files.list(folder)),
    read: (path) => (path === "jail.conf" ? jail : path === "jail.local" ? undefined : files.read(path)),
  };
  return compiledJail(PROBE, alone);
}

function compiledJail(name: string, files: ConfigFiles): JailConfig {
  const { jails, problems } = compileConfiguration(files);
  const jail = jails.find((each) => each.name === name);
  if (jail !== undefined) return jail;
  const reasons = problems.filter((each) => each.severity === "error" && (each.jail ?? name) === name);
  throw new CliFailure(`the filter cannot be loaded\n${reasons.map(formatProblem).join("\n")}`);
}

function filterFile(path: string): string | undefined {
  if (!path.includes("/")) return undefined;
  const candidates = basename(path).slice(-6).includes(".") ? [path] : [path, `${path}.conf`, `${path}.local`];
  return candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
}

/** A file in a filter.d belongs to the configuration around it; any other is read by itself, with what it includes. */
function fromFile(file: string, options: string, backend: Backend): ChosenFilter {
  const folder = dirname(resolve(file));
  if (basename(folder) === "filter.d") {
    const root = dirname(folder);
    const name = basename(file).replace(/\.(?:conf|local)$/, "");
    const use = `Use   failregex filter file : ${name}, basedir: ${root}`;
    return { jail: probe(name, options, readConfigFiles(root), backend), uses: [use, ...useOptions(options)] };
  }
  const foreign: ConfigFiles = {
    list: () => [],
    read(path) {
      if (path === "filter.d/foreign.conf") return readFileSync(file, "utf8");
      const target = path.startsWith("/") ? path : join(folder, path.replace(/^filter\.d\//, ""));
      return statSync(target, { throwIfNoEntry: false })?.isFile() ? readFileSync(target, "utf8") : undefined;
    },
  };
  const use = `Use   failregex file : ${file}`;
  return { jail: probe("foreign", options, foreign, backend), uses: [use, ...useOptions(options)] };
}

function useOptions(options: string): string[] {
  return options === "" ? [] : [`Use   filter options : ${options}`];
}
