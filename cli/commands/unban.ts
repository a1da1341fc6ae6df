/** `unban IP…` and `unban --all`, in every jail. */
import type { Command } from "commander";
import { ask } from "../ask.ts";
import type { CommandContext } from "../command-context.ts";
import { CliFailure, EXIT_USAGE } from "../failure.ts";
import { addressesOf } from "./addresses.ts";
import { type TargetOptions, withExamples, withTarget } from "./common-options.ts";
import { duration, immunity } from "./immunity.ts";

interface Options extends TargetOptions {
  readonly all?: true;
  /** Ms. */
  readonly immune?: number;
}

export function addUnban(program: Command, context: CommandContext): void {
  const command = program
    .command("unban [ip...]")
    .description("lift bans in every jail; prints how many")
    .option("--all", "every ban of every jail")
    .option("--immune <time>", "no jail may ban them again for so long (30m, 2h, 1d)", duration)
    .action(async (words: string[], options: Options) => {
      if (words.length > 0 === (options.all === true)) {
        throw new CliFailure("unban takes addresses, or --all", { exitCode: EXIT_USAGE });
      }
      const immune = immunity(options);
      const request = options.all
        ? ({ kind: "unban-all", ...immune } as const)
        : ({ kind: "unban-everywhere", ids: await addressesOf(words), ...immune } as const);
      return ask(request, options, context);
    });
  withExamples(withTarget(command), [
    ["unban 192.0.2.7 192.0.2.8", "wherever they are banned"],
    ["unban - < list.txt", "a list on standard input, an address or network a line"],
    ["unban --immune 2h 192.0.2.7", "lifts the bans, forgets its failures, and lets it alone for two hours"],
    ["unban --all", "everybody"],
    ["unban --stack prod 192.0.2.7", "in the stack prod, on every host, with your AWS credentials"],
  ]);
}
