/** The AWS services of the rig, each on a port of its own on loopback: tables with their stream, Systems Manager, mail, queue, STS. */
import { createHash } from "node:crypto";
import { hostDocument } from "../shared/contract/host-document.ts";
import { hostScript } from "../shared/contract/host-script.ts";
import type { StackDescription } from "../shared/contract/stack-description.ts";
import { Fault, type Input, startStandIn } from "../test/support/aws-stand-in.ts";
import { openEngine } from "../test/support/dynalite.ts";
import { createSsmStandIn, type SsmStandIn } from "../test/support/ssm-agent.ts";
import { ssmOverHttp } from "../test/support/ssm-wire.ts";
import { openTableStream, type TableStream } from "../test/support/stream/stream.ts";
import type { Clockwork } from "./delays.ts";
import type { Story } from "./story.ts";

/** The name that `--stack` is given. */
export const STACK = "rig";
const TAG = { key: "fleet2ban", value: "host" };
const DOCUMENT = { name: "fleet2ban-rig", content: JSON.stringify(hostDocument(hostScript)) };
const ACCOUNT = "arn:aws:sns:eu-central-1:123456789012";
const TOPICS = { mail: `${ACCOUNT}:rig-mail`, alarms: `${ACCOUNT}:rig-alarms` };

export interface Mail {
  readonly topic: "mail" | "alarms";
  readonly subject: string;
  readonly text: string;
}

export interface Services {
  readonly ssm: SsmStandIn;
  readonly stream: TableStream;
  readonly mails: readonly Mail[];
  /** Where they are, in the SDK's own variables. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** What a deployment gives its functions. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function startServices(
  logGroups: readonly string[],
  story: Story,
  clockwork: Clockwork,
): Promise<Services> {
  const ends: (() => unknown)[] = [];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const engine = await openEngine();
    ends.push(() => engine.close());
    const stream = await openTableStream({ upstream: engine, table: engine.tables.bans });
    ends.push(() => stream.close());
    const ssm = createSsmStandIn({
      ...{ document: DOCUMENT, tag: TAG, hosts: [] },
      delivery: () => clockwork.draw(clockwork.now().command),
    });
    ends.push(() => ssm.close());
    const { windows, bans, control } = engine.tables;
    const description: StackDescription = {
      ...{ format: 1, version: "0.1.0", windowsTable: windows, bansTable: bans, controlTable: control },
      ...{ documentName: DOCUMENT.name, targetTagKey: TAG.key, targetTagValue: TAG.value },
      ...{
        alarmTopicArn: TOPICS.alarms,
        mailTopics: [TOPICS.mail],
        ingestFunction: "ingest",
        logGroups: [...logGroups],
      },
    };
    const ssmPort = await ssmOverHttp(ssm, {
      GetParameter: ({ Name }) => {
        if (Name !== `/fleet2ban/${STACK}`) throw new Fault("ParameterNotFound", "");
        return { Parameter: { Name, Value: JSON.stringify(description) } };
      },
    });
    ends.push(() => ssmPort.close());
    const mails: Mail[] = [];
    const others = await startStandIn({
      Publish: (input: Input) => {
        const topic = input.TopicArn === TOPICS.alarms ? "alarms" : "mail";
        mails.push({ topic, subject: String(input.Subject), text: String(input.Message) });
        story.tell(topic, String(input.Subject), topic === "alarms" ? "loud" : undefined);
        return "<MessageId>1</MessageId>";
      },
      SendMessage: ({ MessageBody }) => {
        story.tell("set aside", String(MessageBody).slice(0, 100), "loud");
        return { MessageId: "1", MD5OfMessageBody: createHash("md5").update(String(MessageBody)).digest("hex") };
      },
      GetCallerIdentity: () =>
        "<Arn>arn:aws:iam::123456789012:user/you</Arn><UserId>x</UserId><Account>123456789012</Account>",
    });
    ends.push(() => others.close());
    const endpoints = {
      DYNAMODB_ENDPOINT: stream.endpoint,
      AWS_ENDPOINT_URL: others.url,
      AWS_ENDPOINT_URL_SSM: ssmPort.url,
    };
    const environment = {
      ...{ STACK_NAME: STACK, WINDOWS_TABLE: windows, BANS_TABLE: bans, CONTROL_TABLE: control },
      ...{ ALARM_TOPIC_ARN: TOPICS.alarms, MAIL_TOPICS: JSON.stringify({ "*": TOPICS.mail }) },
      SET_ASIDE_QUEUE_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/set-aside",
      ...{ DOCUMENT_NAME: DOCUMENT.name, TARGET_TAG_KEY: TAG.key, TARGET_TAG_VALUE: TAG.value },
      ...{ SCRIPT_VERSION: hostScript.version, SCRIPT_SHA256: hostScript.sha256 },
      ...endpoints,
    };
    return { ssm, stream, mails, endpoints, environment, close };
  } catch (error) {
    await close();
    throw error;
  }
}
