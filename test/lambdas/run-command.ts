/** SSM Run Command for tests: takes what is sent as the service would, or fails as it would. */
import {
  DescribeDocumentCommand,
  GetDocumentCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { mockClient } from "aws-sdk-client-mock";
import { hostDocument } from "../../shared/contract/host-document.ts";
import { HOST_PARAMETERS } from "../../shared/contract/host-input.ts";
import { hostScript } from "../../shared/contract/host-script.ts";

export interface RunCommand {
  readonly client: SSMClient;
  /** Every command that was taken, with its time. */
  readonly sent: readonly { readonly at: number; readonly input: SendCommandCommandInput }[];
  /** "b TARGET EXPIRY GENERATION" and "u TARGET GENERATION" of all commands, in their order, with the times that they mean. */
  readonly changes: () => readonly string[];
  /** From now on every request fails with this; undefined = no more. */
  fail(error: Error | undefined): void;
}

export const DOCUMENT = "fleet2ban-test-host";

/** `now` gives epoch ms. */
export function runCommand(now: () => number): RunCommand {
  const client = new SSMClient({ region: "us-east-1", credentials: { accessKeyId: "x", secretAccessKey: "x" } });
  const mock = mockClient(client);
  const sent: { at: number; input: SendCommandCommandInput }[] = [];
  let failure: Error | undefined;
  const answering =
    <Input, Answer>(answer: (input: Input) => Answer) =>
    async (input: Input): Promise<Answer> => {
      if (failure !== undefined) throw failure;
      return answer(input);
    };
  const version = {
    DefaultVersion: "1",
    LatestVersion: "1",
    DocumentVersion: "1",
    HashType: "Sha256" as const,
    Hash: "h",
  };
  mock.on(DescribeDocumentCommand).callsFake(answering(() => ({ Document: version })));
  mock.on(GetDocumentCommand).callsFake(answering(() => ({ Content: JSON.stringify(hostDocument(hostScript)) })));
  mock.on(SendCommandCommand).callsFake(
    answering((input: SendCommandCommandInput) => {
      sent.push({ at: now(), input });
      return { Command: { CommandId: `command-${sent.length}` } };
    }),
  );
  const textOf = (input: SendCommandCommandInput) => input.Parameters?.[HOST_PARAMETERS.changes]?.[0] ?? "";
  return {
    client,
    sent,
    changes: () => sent.flatMap(({ input }) => changesIn(textOf(input))),
    fail(error) {
      failure = error;
    },
  };
}

function changesIn(text: string): readonly string[] {
  let since = { expiry: 0, generation: 0 };
  return text.split("\n").flatMap((line) => {
    const [kind, target, ...times] = line.split(" ");
    switch (kind) {
      case "t":
        since = { expiry: Number(target), generation: Number(times[0]) };
        return [];
      case "b": {
        const [end = "0", later = "0"] = times;
        return [`b ${target} ${end === "-" ? 0 : since.expiry + Number(end)} ${since.generation + Number(later)}`];
      }
      case "u":
        return [`u ${target} ${since.generation + Number(times[0] ?? "0")}`];
      default:
        return [];
    }
  });
}
