/** `status`, `status JAIL`, `status --all`, and of a stack `status --hosts`. */
import type { Command } from "commander";
import { ask, requiredStack } from "../ask.ts";
import type { CommandContext } from "../command-context.ts";
import { CliFailure, EXIT_USAGE } from "../failure.ts";
import { type TargetOptions, withExamples, withTarget } from "./common-options.ts";

interface Options extends TargetOptions {
  readonly all?: true;
  readonly hosts?: true;
}

export function addStatus(program: Command, context: CommandContext): void {
  const command = program
    .command("status [jail]")
    .summary("failures and bans: the jails, one jail, or --all")
    .description("failures and bans: the jails, one jail, or all of them with their figures")
    .option("--all", "every jail with its figures")
    .option("--hosts", "of a stack: which hosts hold what they should, and why each other one does not")
    .action(async (jail: string | undefined, options: Options) => {
      if ([jail, options.all, options.hosts].filter((each) => each !== undefined).length > 1) {
        throw new CliFailure("status takes a jail, --all or --hosts, not two of them", { exitCode: EXIT_USAGE });
      }
      if (options.hosts) {
        const stack = requiredStack(options, context.terminal.env);
        const { showFleet } = await import("../cloud/show-fleet.ts");
        return showFleet({ ...options, stack }, context);
      }
      if (options.all) return ask({ kind: "all-status" }, options, context);
      return ask(jail === undefined ? { kind: "status" } : { kind: "jail-status", jail }, options, context);
    });
  withExamples(withTarget(command), [
    ["status", "the jails that run"],
    ["status sshd", "figures and banned addresses of one jail"],
    ["status --all --json", "everything, for a program"],
    [
      "status --stack prod haproxy-auth",
      "of the stack prod, with your AWS credentials; log groups stand in place of files",
    ],
    ["status --stack prod --hosts", "how many hosts are in sync, and why each other one is not"],
  ]);
}
