/** One question to the daemon of this machine or to a deployed stack, and its answer printed. */

import type { CommonRequest } from "./answer/request.ts";
import { askDaemon } from "./ask-daemon.ts";
import type { CommandContext } from "./command-context.ts";
import type { StackOptions, TargetOptions } from "./commands/common-options.ts";
import { CliFailure, EXIT_USAGE } from "./failure.ts";

/** Asks whichever the options name, prints the answer and sets the exit code. */
export async function ask(request: CommonRequest, options: TargetOptions, context: CommandContext): Promise<void> {
  const stack = stackOf(options, context.terminal.env);
  if (stack === undefined) return askDaemon(request, options, context);
  // Loaded only here: the AWS SDK takes longer to load than a daemon to answer.
  const { askStack } = await import("./cloud/ask-stack.ts");
  return askStack(request, { ...options, stack }, context);
}

/** The stack that is meant: --stack, or $FLEET2BAN_STACK where no socket is named. Throws a CliFailure for options that contradict. */
export function stackOf({ stack, socket, profile, region }: TargetOptions, env: NodeJS.ProcessEnv): string | undefined {
  const wrong = (message: string, next: string) => new CliFailure(message, { exitCode: EXIT_USAGE, next });
  if (stack !== undefined && socket !== undefined) {
    throw wrong("--stack and --socket exclude each other", "A daemon has a socket, a deployed stack has a name.");
  }
  const named = stack ?? (socket === undefined ? env.FLEET2BAN_STACK || undefined : undefined);
  if (named === undefined && (profile ?? region) !== undefined) {
    throw wrong("--profile and --region are for a stack", "Name it with --stack or $FLEET2BAN_STACK.");
  }
  return named;
}

/** The stack of a command that only stacks answer. Throws a CliFailure where none is named. */
export function requiredStack(options: StackOptions, env: NodeJS.ProcessEnv): string {
  const stack = options.stack ?? (env.FLEET2BAN_STACK || undefined);
  if (stack !== undefined) return stack;
  throw new CliFailure("this command asks a deployed stack", {
    exitCode: EXIT_USAGE,
    next: "Name it with --stack or $FLEET2BAN_STACK.",
  });
}
