/** What `dump` does: the resolved configuration, as fail2ban-client -d prints it, or as JSON. */
import { dumpConfiguration as dumpCommands, formatDump } from "../../shared/core/config/dump-configuration.ts";
import type { CommandContext } from "../command-context.ts";
import type { ConfigOptions } from "../commands/common-options.ts";
import { suggest } from "../commands/suggestion.ts";
import { CliFailure, EXIT_REFUSED } from "../failure.ts";
import { loadConfiguration, showProblem } from "./load-configuration.ts";

/** Prints every enabled jail, or one; problems go to standard error. */
export function dumpConfiguration(
  jail: string | undefined,
  options: ConfigOptions,
  { terminal, exit }: CommandContext,
): void {
  const { compiled } = loadConfiguration(options.config);
  const errors = compiled.problems.filter((problem) => problem.severity === "error");
  for (const problem of errors) terminal.note(showProblem(problem, terminal.colours));
  if (errors.length > 0) exit(EXIT_REFUSED);
  const names = compiled.outcomes.map((outcome) => (outcome.kind === "resolved" ? outcome.jail.name : outcome.name));
  if (jail !== undefined && !names.includes(jail)) {
    throw new CliFailure(`there is no enabled jail '${jail}'`, { next: suggest(jail, names) });
  }
  if (options.json) {
    terminal.json(compiled.jails.filter(({ name }) => jail === undefined || name === jail));
    return;
  }
  const commands = dumpCommands(compiled).filter((command) => jail === undefined || command[1] === jail);
  terminal.write(formatDump(commands));
}
