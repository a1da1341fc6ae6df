/** The configuration that a command works with: the bundled one, the user's directory laid over it, compiled. */
import { statSync } from "node:fs";
import { readConfigFiles } from "../../shared/adapters/local/config-files.ts";
import {
  type CompiledConfiguration,
  type CompileOptions,
  compileConfiguration,
} from "../../shared/core/config/compile-configuration.ts";
import { type ConfigFiles, layer } from "../../shared/core/config/files.ts";
import type { Problem } from "../../shared/core/config/problem.ts";
import { formatProblem } from "../../shared/core/config/problem.ts";
import { CliFailure } from "../failure.ts";
import { BUNDLED_CONFIG, defaultConfig } from "../paths.ts";
import type { Colours } from "../terminal.ts";

export interface LoadedConfiguration {
  readonly files: ConfigFiles;
  readonly compiled: CompiledConfiguration;
}

/**
 * Files of the bundled configuration with those of `directory` over them; undefined = /etc/fleet2ban if it is there. As
 * with Fail2Ban, only the person's own files switch jails on: the bundled jail.d is for who has no directory.
 */
export function openConfigFiles(directory: string | undefined): ConfigFiles {
  const own = directory ?? defaultConfig();
  if (own === undefined) return readConfigFiles(BUNDLED_CONFIG);
  if (!statSync(own, { throwIfNoEntry: false })?.isDirectory()) {
    throw new CliFailure(`there is no configuration directory ${own}`, { next: "Name a directory with --config." });
  }
  return layer(without("jail.d", readConfigFiles(BUNDLED_CONFIG)), readConfigFiles(own));
}

function without(folder: string, files: ConfigFiles): ConfigFiles {
  return {
    read: (path) => (path.startsWith(`${folder}/`) ? undefined : files.read(path)),
    list: (directory) => (directory === folder ? [] : files.list(directory)),
  };
}

/** Reads and compiles; mistakes in the files are in `compiled.problems`, not thrown. */
export function loadConfiguration(directory: string | undefined, options: CompileOptions = {}): LoadedConfiguration {
  const files = openConfigFiles(directory);
  const configurationPath = directory ?? defaultConfig() ?? BUNDLED_CONFIG;
  return { files, compiled: compileConfiguration(files, { configurationPath, ...options }) };
}

/** A problem as compilers print it, its severity in colour. */
export function showProblem(problem: Problem, colours: Colours): string {
  const paint = { error: colours.red, warning: colours.yellow, note: colours.cyan }[problem.severity];
  const word = `${problem.severity}: `;
  return formatProblem(problem).replace(word, () => `${paint(problem.severity)}: `);
}

/** "2 errors, 1 warning"; empty where there is nothing to count. */
export function countProblems(problems: readonly Problem[]): string {
  return (["error", "warning", "note"] as const)
    .map((severity) => ({ severity, count: problems.filter((problem) => problem.severity === severity).length }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => `${count} ${severity}${count === 1 ? "" : "s"}`)
    .join(", ");
}
