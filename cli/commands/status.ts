/** `status`, `status JAIL`, `status --all`. */
import type { Command } from "commander";
import { askDaemon } from "../ask-daemon.ts";
import type { CommandContext } from "../command-context.ts";
import { CliFailure, EXIT_USAGE } from "../failure.ts";
import { type SocketOptions, withExamples, withSocket } from "./common-options.ts";

interface Options extends SocketOptions {
  readonly all?: true;
}

export function addStatus(program: Command, context: CommandContext): void {
  const command = program
    .command("status [jail]")
    .summary("failures and bans: the jails, one jail, or --all")
    .description("failures and bans: the jails, one jail, or all of them with their figures")
    .option("--all", "every jail with its figures")
    .action((jail: string | undefined, options: Options) => {
      if (jail !== undefined && options.all) {
        throw new CliFailure("status takes a jail or --all, not both", { exitCode: EXIT_USAGE });
      }
      if (options.all) return askDaemon({ kind: "all-status" }, options, context);
      return askDaemon(jail === undefined ? { kind: "status" } : { kind: "jail-status", jail }, options, context);
    });
  withExamples(withSocket(command), [
    ["status", "the jails that run"],
    ["status sshd", "figures and banned addresses of one jail"],
    ["status --all --json", "everything, for a program"],
  ]);
}
