/** `dump`: fail2ban-client -d, every enabled jail with nothing left to look up. */
import type { Command } from "commander";
import type { CommandContext } from "../command-context.ts";
import { type ConfigOptions, withConfig, withExamples } from "./common-options.ts";

export function addDump(program: Command, context: CommandContext): void {
  const command = program
    .command("dump [jail]")
    .summary("print the resolved configuration")
    .description("print the resolved configuration: every option of every jail, after files, includes and tags")
    .action(async (jail: string | undefined, options: ConfigOptions) => {
      const { dumpConfiguration } = await import("../configuration/dump-configuration.ts");
      return dumpConfiguration(jail, options, context);
    });
  withExamples(withConfig(command), [
    ["dump", "all enabled jails"],
    ["dump haproxy-noserver", "one of them"],
    ["dump --json", "as JSON; durations in milliseconds"],
  ]);
}
