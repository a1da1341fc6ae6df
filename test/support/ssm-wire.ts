/** The Systems Manager stand-in on the wire, for Lambdas and command lines in processes of their own. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  DescribeDocumentCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  GetDocumentCommand,
  ListCommandInvocationsCommand,
  SendCommandCommand,
} from "@aws-sdk/client-ssm";
import type { Answers, Input } from "./aws-stand-in.ts";
import type { SsmStandIn } from "./ssm-agent.ts";

const SSM_COMMANDS: Readonly<Record<string, new (input: never) => object>> = {
  SendCommand: SendCommandCommand,
  GetDocument: GetDocumentCommand,
  DescribeDocument: DescribeDocumentCommand,
  DescribeInstanceInformation: DescribeInstanceInformationCommand,
  ListCommandInvocations: ListCommandInvocationsCommand,
  GetCommandInvocation: GetCommandInvocationCommand,
};

/** Serves it on loopback; `more` answers operations that it does not know, such as GetParameter. */
export async function ssmOverHttp(
  { client }: SsmStandIn,
  more: Answers = {},
): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const operation = String(request.headers["x-amz-target"]).replace(/^AmazonSSM\./, "");
    try {
      const answer = await answerOf(operation, JSON.parse(body) as Input, client, more);
      response.writeHead(200, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(answer, asSeconds));
    } catch (error) {
      // The Lambda sees what the service would say; a test that expects no error finds it in the Lambda's log.
      const { name, message } = error as Error;
      response.writeHead(400, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify({ __type: name, message }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answerOf(
  operation: string,
  input: Input,
  client: SsmStandIn["client"],
  more: Answers,
): Promise<unknown> {
  const own = more[operation];
  if (own !== undefined) return own(input);
  const Command = SSM_COMMANDS[operation];
  if (Command === undefined) throw new Error(`no answer to ${operation}`);
  return client.send(new Command(input as never) as SendCommandCommand);
}

/** Dates travel as epoch seconds. JSON.stringify has made text of them before it asks, so the holder is looked into. */
function asSeconds(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const held = this[key];
  return held instanceof Date ? held.getTime() / 1_000 : value;
}
