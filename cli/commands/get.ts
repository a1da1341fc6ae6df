/** `get JAIL banip [--with-time | SEPARATOR]`, `get JAIL held`, and `get JAIL OPTION`. */
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
    .summary("whom a jail bans (banip) or holds back (held), or one of its options")
    .description(
      "whom a jail bans (banip), whom it would have banned when it was stopped for banning suspiciously many (held), " +
        `or one of its options: ${JAIL_OPTIONS.join(", ")}`,
    )
    .option("--with-time", "with banip and held: start, duration and end of each ban")
    .action((jail: string, option: string, separator: string | undefined, options: Options) => {
      if (option === "banip" || option === "held") {
        const shape = options.withTime
          ? ({ kind: "with-time" } as const)
          : ({ kind: "ids", separator: separator ?? " " } as const);
        return ask({ kind: option === "banip" ? "ban-list" : "held-list", jail, shape }, options, context);
      }
      if (!isJailOption(option)) {
        const next = insteadOf(["get", jail, option]) ?? suggest(option, ["banip", "held", ...JAIL_OPTIONS]);
        throw new CliFailure(`a jail has no option '${option}'`, { exitCode: EXIT_USAGE, next });
      }
      return ask({ kind: "option", jail, option }, options, context);
    });
  withExamples(withTarget(command), [
    ["get sshd banip", "banned addresses, earliest end first"],
    ["get sshd banip --with-time", "with start, seconds and end"],
    ["get sshd banip ,", "joined by commas"],
    ["get sshd held", "whom set sshd held ban would ban"],
    ["get sshd maxretry", "an option of the jail"],
    ["get haproxy-auth banip --with-time --stack prod", "of the stack prod, with your AWS credentials"],
  ]);
}
