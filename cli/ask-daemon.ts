/** One question to the daemon, and its answer printed: what all the commands about a running daemon do. */
import { callControl } from "../shared/adapters/local/control/client.ts";
import { ControlError, type ControlRequest } from "../shared/adapters/local/control/protocol.ts";
import { type Answer, exitCodeOf, formatAnswer } from "../shared/core/report/answer.ts";
import type { CommandContext } from "./command-context.ts";
import type { SocketOptions } from "./commands/common-options.ts";
import type { DaemonRequest } from "./daemon/request.ts";
import { defaultSocket } from "./paths.ts";

/**
 * Asks, prints and sets the exit code. A refusal is an answer: it goes to standard output as fail2ban-client prints it,
 * and the command exits with 255.
 */
export async function askDaemon(
  request: DaemonRequest,
  options: SocketOptions,
  { terminal, exit }: CommandContext,
): Promise<void> {
  const answer = await answerTo(request, options.socket ?? defaultSocket(terminal.env));
  if (options.json) terminal.json(answer);
  else terminal.line(formatAnswer(answer, terminal.zone));
  exit(exitCodeOf(answer));
}

/** Ms for an answer: a reload of many jails, or thousands of addresses, take their time. */
const PATIENCE = 120_000;

async function answerTo({ kind, ...options }: DaemonRequest, socket: string): Promise<Answer> {
  const request = { command: [kind], options } as unknown as ControlRequest;
  try {
    return (await callControl(socket, request, { timeout: PATIENCE })) as unknown as Answer;
  } catch (error) {
    // No daemon, no permission, or one that died while it was asked: all the same to the person who asks.
    if (!(error instanceof ControlError)) throw error;
    const { code, message: reason, next } = error;
    return { kind: "refused", refusal: { kind: "unreachable", socket, code, reason, ...(next && { next }) } };
  }
}
