/**
 * What hosts answered to a command. A listing cuts each output off after 2 500 characters; only where the receipt does
 * not fit into that is the host's answer fetched by itself.
 */
import {
  type CommandInvocation,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import { parseReceipt } from "../../../core/firewall/receipt.ts";
import { PortError } from "../../../ports/failure.ts";
import type { Answered, Receipts } from "../../../ports/receipts.ts";
import { calling, isCommandUnknown } from "../errors.ts";

/** The most that a page holds. */
const PAGE = 50;
/** A listed output of this length was probably cut off. */
const CUT_AT = 2_500;

export function createSsmReceipts(client: SSMClient): Receipts {
  return {
    async collect(command) {
      const invocations = await listKnown(client, command);
      const answers: Answered[] = [];
      for (const invocation of invocations) {
        const answer = await answerOf(client, command, invocation);
        if (answer !== undefined) answers.push(answer);
      }
      return answers;
    },
  };
}

/** A command that the service has forgotten, or that nobody sent, has no answers. */
async function listKnown(client: SSMClient, command: string): Promise<readonly CommandInvocation[]> {
  try {
    return await list(client, command);
  } catch (error) {
    if (error instanceof PortError && isCommandUnknown(error.cause)) return [];
    throw error;
  }
}

async function list(client: SSMClient, command: string): Promise<readonly CommandInvocation[]> {
  const invocations: CommandInvocation[] = [];
  let token: string | undefined;
  do {
    const input = { CommandId: command, Details: true, MaxResults: PAGE, ...(token ? { NextToken: token } : {}) };
    const page = await calling({ operation: "ListCommandInvocations", on: `command ${command}` }, () =>
      client.send(new ListCommandInvocationsCommand(input)),
    );
    invocations.push(...(page.CommandInvocations ?? []));
    token = page.NextToken === "" ? undefined : page.NextToken;
  } while (token !== undefined);
  return invocations;
}

async function answerOf(
  client: SSMClient,
  command: string,
  invocation: CommandInvocation,
): Promise<Answered | undefined> {
  const host = invocation.InstanceId;
  if (host === undefined) return undefined;
  const [plugin] = invocation.CommandPlugins ?? [];
  const at = (plugin?.ResponseFinishDateTime ?? invocation.RequestedDateTime)?.getTime() ?? 0;
  switch (invocation.Status) {
    case "Success":
    case "Failed": {
      // "Failed" is the script's exit code; "Undeliverable", "Terminated" and the like are failures of the way to it.
      const details = invocation.StatusDetails ?? invocation.Status;
      if (invocation.Status === "Failed" && details !== "Failed") return { kind: "lost", host, status: details, at };
      const listed = plugin?.Output ?? "";
      const whole = listed.length < CUT_AT ? listed : await outputOf(client, command, host, listed);
      return { kind: "replied", host, reply: parseReceipt(whole), at };
    }
    case "TimedOut":
    case "Cancelled":
    case "Cancelling":
      return { kind: "lost", host, status: invocation.StatusDetails ?? invocation.Status, at };
    case "Pending":
    case "InProgress":
    case "Delayed":
    case undefined:
      return { kind: "pending", host };
  }
}

/** The first 24 000 characters of what the host printed: as many as any receipt has. */
async function outputOf(client: SSMClient, command: string, host: string, listed: string): Promise<string> {
  try {
    const input = { CommandId: command, InstanceId: host };
    const answer = await calling({ operation: "GetCommandInvocation", on: `command ${command} of ${host}` }, () =>
      client.send(new GetCommandInvocationCommand(input)),
    );
    return answer.StandardOutputContent ?? listed;
  } catch (error) {
    // The service forgets after 30 days; the listing's part then says at least that there was an answer.
    if (error instanceof PortError && error.code === "missing") return listed;
    throw error;
  }
}
