/** `check`: fail2ban-client -t, and what else is worth knowing about a configuration before it runs. */
import type { Command } from "commander";
import type { CommandContext } from "../command-context.ts";
import { type ConfigOptions, withConfig, withExamples } from "./common-options.ts";

export function addCheck(program: Command, context: CommandContext): void {
  const command = program
    .command("check")
    .summary("test a configuration; exit 255 where an error is in it")
    .description(
      "test a configuration: mistakes with file, line and next step, blind or injectable filters, jails without logs",
    )
    .action(async (options: ConfigOptions) => {
      const { checkConfiguration } = await import("../configuration/check-configuration.ts");
      return checkConfiguration(options, context);
    });
  withExamples(withConfig(command), [
    ["check", "the bundled jails with /etc/fleet2ban over them"],
    ["check --config ./my-config", "a directory laid out like /etc/fail2ban"],
    ["check --json", "problems with code, place and next step, for a program"],
  ]);
}
