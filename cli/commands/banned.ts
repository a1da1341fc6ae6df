/** `banned` and `banned IP…`. */
import type { Command } from "commander";
import { ask } from "../ask.ts";
import type { CommandContext } from "../command-context.ts";
import { type TargetOptions, withExamples, withTarget } from "./common-options.ts";

export function addBanned(program: Command, context: CommandContext): void {
  const command = program
    .command("banned [ip...]")
    .summary("who is banned where")
    .description("banned addresses of each jail, or the jails that ban each address (a Python list)")
    .action((ids: string[], options: TargetOptions) =>
      ask(ids.length === 0 ? { kind: "banned" } : { kind: "banned-where", ids }, options, context),
    );
  withExamples(withTarget(command), [
    ["banned", "every jail and whom it bans"],
    ["banned 192.0.2.7 2001:db8::1", "for each address the jails that ban it"],
    ["banned --stack prod", "the same of the stack prod, with your AWS credentials"],
  ]);
}
