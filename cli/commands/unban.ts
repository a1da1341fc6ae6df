/** `unban IP…` and `unban --all`, in every jail. */
import type { Command } from "commander";
import { askDaemon } from "../ask-daemon.ts";
import type { CommandContext } from "../command-context.ts";
import { CliFailure, EXIT_USAGE } from "../failure.ts";
import { type SocketOptions, withExamples, withSocket } from "./common-options.ts";

interface Options extends SocketOptions {
  readonly all?: true;
}

export function addUnban(program: Command, context: CommandContext): void {
  const command = program
    .command("unban [ip...]")
    .description("lift bans in every jail; prints how many")
    .option("--all", "every ban of every jail")
    .action((ids: string[], options: Options) => {
      if (ids.length > 0 === (options.all === true)) {
        throw new CliFailure("unban takes addresses, or --all", { exitCode: EXIT_USAGE });
      }
      return askDaemon(options.all ? { kind: "unban-all" } : { kind: "unban-everywhere", ids }, options, context);
    });
  withExamples(withSocket(command), [
    ["unban 192.0.2.7 192.0.2.8", "wherever they are banned"],
    ["unban --all", "everybody"],
  ]);
}
