/** `why IP…`: for which lines an address is banned, or why it is not. */
import type { Command } from "commander";
import { ask } from "../ask.ts";
import type { CommandContext } from "../command-context.ts";
import { type TargetOptions, withExamples, withTarget } from "./common-options.ts";

export function addWhy(program: Command, context: CommandContext): void {
  const command = program
    .command("why <ip...>")
    .summary("for which lines an address is banned, or why it is not")
    .description(
      "all that is known of an address: the bans that hold it, with their log lines and who asked; failures that jails " +
        "have counted; ignore lists that spare it; and its earlier bans",
    )
    .action((ids: string[], options: TargetOptions) => ask({ kind: "accounts", ids }, options, context));
  withExamples(withTarget(command), [
    ["why 192.0.2.7", "a customer asks why nothing opens"],
    ["why 192.0.2.7 --stack prod", "of the stack prod, with your AWS credentials"],
    ["why 192.0.2.7 2001:db8::1 --json", "for a program; times in epoch milliseconds"],
  ]);
}
