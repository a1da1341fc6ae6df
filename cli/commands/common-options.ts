/** Options that several commands share, worded once. */
import type { Command } from "commander";

export interface CommonOptions {
  readonly json?: true;
  readonly debug?: true;
}

/** --json and --debug; every command has them. */
export function withCommon(command: Command): Command {
  return command
    .option("--json", "print one JSON value instead of text")
    .option("--debug", "on an error, show where it came from");
}

export interface SocketOptions extends CommonOptions {
  readonly socket?: string;
}

/** --socket, for the commands that talk to the daemon. */
export function withSocket(command: Command): Command {
  return withCommon(command.option("-s, --socket <path>", "control socket of the daemon (or $FLEET2BAN_SOCKET)"));
}

export interface StackOptions extends CommonOptions {
  readonly stack?: string;
  readonly profile?: string;
  readonly region?: string;
}

/** --stack, --profile and --region, for the commands that ask a deployed stack. */
export function withStack(command: Command): Command {
  return command
    .option("--stack <name>", "ask the deployed stack of this name (or $FLEET2BAN_STACK)")
    .option("--profile <name>", "AWS profile, as the AWS CLI has it (or $AWS_PROFILE)")
    .option("--region <name>", "AWS Region of the stack (or $AWS_REGION)");
}

export interface TargetOptions extends SocketOptions, StackOptions {}

/** Both of the above, for what the daemon and a stack can be asked alike. */
export function withTarget(command: Command): Command {
  return withSocket(withStack(command));
}

export interface ConfigOptions extends CommonOptions {
  readonly config?: string;
}

/** --config, for the commands that read jails and filters. */
export function withConfig(command: Command): Command {
  return withCommon(
    command.option(
      "-c, --config <dir>",
      "configuration directory, laid over the bundled one (default: /etc/fleet2ban)",
    ),
  );
}

/** Examples at the end of a command's help: a command line, then what it does. */
export function withExamples(
  command: Command,
  examples: readonly (readonly [line: string, meaning: string])[],
): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const rows = examples.map(([line, meaning]) => `  fleet2ban ${line.padEnd(width)}   ${meaning}`);
  return command.addHelpText("after", `\nExamples:\n${rows.join("\n")}`);
}
