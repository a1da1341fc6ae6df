/** `deeds`: who changed what by hand in a stack. */
import { type Command, InvalidArgumentError } from "commander";
import { requiredStack } from "../ask.ts";
import type { CommandContext } from "../command-context.ts";
import { type StackOptions, withCommon, withExamples, withStack } from "./common-options.ts";

interface Options extends StackOptions {
  readonly limit: number;
}

export function addDeeds(program: Command, context: CommandContext): void {
  const command = program
    .command("deeds")
    .summary("who changed what by hand")
    .description("who changed what in a stack by hand, newest first: bans, unbans, ignore lists, idle jails")
    .option("--limit <n>", "how many", count, 20)
    .action(async (options: Options) => {
      const stack = requiredStack(options, context.terminal.env);
      const { showDeeds } = await import("../cloud/show-deeds.ts");
      return showDeeds(options.limit, { ...options, stack }, context);
    });
  withExamples(withCommon(withStack(command)), [
    ["deeds --stack prod", "the last 20 changes, with the ARN of whoever made each"],
    ["deeds --stack prod --limit 1000 --json", "more of them, for a program"],
  ]);
}

function count(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError("it is a whole number from 1 to 99999.");
  return Number(text);
}
