/** `get JAIL banip [--with-time | SEPARATOR]` and `get JAIL OPTION`. */
import type { Command } from "commander";
import { isJailOption, JAIL_OPTIONS } from "../../shared/core/report/jail-option.ts";
import { ask } from "../ask.ts";
import type { CommandContext } from "../command-context.ts";
import { CliFailure, EXIT_USAGE } from "../failure.ts";
import { type TargetOptions, withExamples, withTarget } from "./common-options.ts";
import { insteadOf } from "./instead.ts";
import { suggest } from "./suggestion.ts";

interface Options extends TargetOptions {
  readonly withTime?: true;
}

export function addGet(program: Command, context: CommandContext): void {
  const command = program
    .command("get <jail> <option> [separator]")
    .summary("whom a jail bans (banip), or one of its options")
    .description(`whom a jail bans (banip), or one of its options: ${JAIL_OPTIONS.join(", ")}`)
    .option("--with-time", "with banip: start, duration and end of each ban")
    .action((jail: string, option: string, separator: string | undefined, options: Options) => {
      if (option === "banip") {
        const shape = options.withTime
          ? ({ kind: "with-time" } as const)
          : ({ kind: "ids", separator: separator ?? " " } as const);
        return ask({ kind: "ban-list", jail, shape }, options, context);
      }
      if (!isJailOption(option)) {
        const next = insteadOf(["get", jail, option]) ?? suggest(option, ["banip", ...JAIL_OPTIONS]);
        throw new CliFailure(`a jail has no option '${option}'`, { exitCode: EXIT_USAGE, next });
      }
      return ask({ kind: "option", jail, option }, options, context);
    });
  withExamples(withTarget(command), [
    ["get sshd banip", "banned addresses, earliest end first"],
    ["get sshd banip --with-time", "with start, seconds and end"],
    ["get sshd banip ,", "joined by commas"],
    ["get sshd maxretry", "an option of the jail"],
    ["get haproxy-auth banip --with-time --stack prod", "of the stack prod, with your AWS credentials"],
  ]);
}
