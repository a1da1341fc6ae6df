/** `doctor`: whether an account, or a stack in it, has all that fleet2ban needs. */
import { type Command, InvalidArgumentError } from "commander";
import type { DoctorOptions } from "../cloud/doctor.ts";
import type { CommandContext } from "../command-context.ts";
import { withConfig, withExamples, withStack } from "./common-options.ts";

export function addDoctor(program: Command, context: CommandContext): void {
  const command = program
    .command("doctor")
    .summary("look for what keeps a stack, or the first deployment, from working")
    .description(
      "look at log groups, subscriptions, filter patterns, hosts, tables and mails, and say what to do; changes nothing.\n" +
        "Without a stack it looks at what a deployment of the configuration here would need.",
    )
    .option("--log-group <name>", "this log group too, or before a deployment this one instead (repeatable)", listed)
    .option("--tag <key=value>", "before a deployment: the tag of the instances", parseTag)
    .action(async (options: DoctorOptions) => {
      const stack = options.stack ?? (context.terminal.env.FLEET2BAN_STACK || undefined);
      const { doctor } = await import("../cloud/doctor.ts");
      return doctor({ ...options, ...(stack !== undefined && { stack }) }, context);
    });
  withExamples(withConfig(withStack(command)), [
    ["doctor --stack prod", "everything about the stack prod"],
    [
      "doctor --config ./my-config --tag Role=haproxy",
      "before the first deployment: what this configuration would need",
    ],
    ["doctor --log-group /var/log/haproxy", "one log group"],
    ["doctor --stack prod --json", "findings for a program; exit code 255 where one is a failure"],
  ]);
}

function listed(name: string, names: readonly string[] = []): readonly string[] {
  return [...names, name];
}

function parseTag(text: string): { readonly key: string; readonly value: string } {
  const split = text.indexOf("=");
  if (split < 1 || split === text.length - 1) throw new InvalidArgumentError("write it as Key=Value.");
  return { key: text.slice(0, split), value: text.slice(split + 1) };
}
