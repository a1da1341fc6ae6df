/** Short ways to compile a handful of files in a test. */
import type { CompiledConfiguration, CompileOptions } from "../../../shared/core/config/compile-configuration.ts";
import { compileConfiguration } from "../../../shared/core/config/compile-configuration.ts";
import type { JailConfig } from "../../../shared/core/config/model.ts";
import { formatProblem } from "../../../shared/core/config/problem.ts";
import { filesFrom } from "../../support/config-files.ts";
import type { Tree } from "./oracle.ts";

export function compile(tree: Tree, options?: CompileOptions): CompiledConfiguration {
  return compileConfiguration(filesFrom(tree), options);
}

/** The jail of that name; fails with the problems where there is none. */
export function jailOf(tree: Tree, name = "j"): JailConfig {
  const { jails, problems } = compile(tree);
  const jail = jails.find((candidate) => candidate.name === name);
  if (jail === undefined) throw new Error(`no jail ${name}:\n${problems.map(formatProblem).join("\n")}`);
  return jail;
}

/** A jail [j] with these lines, and a filter f that has one regex. */
export function tree(lines: string, more: Tree = {}): Tree {
  return {
    "jail.local": `[j]\nenabled = true\nfilter = f\nlogpath = /l\naction = iptables-allports\n${lines}`,
    "filter.d/f.conf": FILTER,
    ...more,
  };
}

export const FILTER = "[Definition]\nfailregex = ^<HOST>$\n";

/** "error bad-value jail.local:6 j", one for each problem. */
export function told({ problems }: CompiledConfiguration): string[] {
  return problems.map(({ severity, code, place, jail }) => {
    return [severity, code, `${place?.file}:${place?.line}`, jail ?? ""].join(" ").trim();
  });
}

/** A jail [j] whose line FILTER is to be replaced. */
export const WITH_ARGUMENTS = "[j]\nenabled = true\nFILTER\nlogpath = /l\naction = iptables-allports\n";
