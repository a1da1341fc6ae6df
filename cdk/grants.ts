/**
 * What a function is given: the permission and the environment variable that go together, as one value.
 *
 * So a function cannot have the name of a table that it may not use, nor the right to one it does not know.
 */
import type { Stack } from "aws-cdk-lib";
import type * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as logs from "aws-cdk-lib/aws-logs";
import type { Acknowledgment } from "aws-cdk-lib/core";
import type { ItemAction, TableAccess } from "./access.ts";
import { type Fleet2BanState, mailTopicArns } from "./state.ts";

export interface Grant {
  readonly environment: Readonly<Record<string, string>>;
  readonly statements: readonly iam.PolicyStatement[];
  /** Findings of cdk-nag that the statements lead to, with the reason why they stay. */
  readonly acknowledged?: readonly Acknowledgment[];
}

/**
 * What a function needs of the key, and by way of those services alone: a function that is taken over decrypts nothing
 * that it could not read through them. Nothing where the keys are AWS's.
 */
export function grantKey({ key }: Fleet2BanState, services: readonly KeyedService[]): Grant {
  if (key === undefined) return { environment: {}, statements: [] };
  const actions = ["Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"];
  return {
    environment: {},
    statements: [
      new iam.PolicyStatement({
        actions: actions.map((action) => `kms:${action}`),
        resources: [key.keyArn],
        // Of any Region and partition: dynamodb.eu-central-1.amazonaws.com, sqs.cn-north-1.amazonaws.com.cn.
        conditions: { StringLike: { "kms:ViaService": services.map((service) => `${service}.*`) } },
      }),
    ],
  };
}

/** Services that use the key for whoever asks them. */
export type KeyedService = "dynamodb" | "kinesis" | "sns" | "sqs";

/** The tables, by exactly what is done with each; every function knows the names of all. */
export function grantTables(state: Fleet2BanState, access: TableAccess): Grant {
  const { windows, bans, control } = state.tables;
  const allow = (items: readonly ItemAction[] | undefined, arn: string) =>
    items === undefined
      ? []
      : [
          statement(
            items.map((item) => `dynamodb:${item}`),
            [arn],
          ),
        ];
  const indexes = (access.bansBy ?? []).map((index) => `${bans.tableArn}/index/${index}`);
  return {
    environment: {
      STACK_NAME: state.name,
      WINDOWS_TABLE: windows.tableName,
      BANS_TABLE: bans.tableName,
      CONTROL_TABLE: control.tableName,
    },
    statements: [
      ...allow(access.windows, windows.tableArn),
      ...allow(access.bans, bans.tableArn),
      ...(indexes.length > 0 ? [statement(["dynamodb:Query"], indexes)] : []),
      ...Object.entries(access.control ?? {}).map(([item, kinds]) => ofKinds(`dynamodb:${item}`, kinds, control)),
    ],
  };
}

/** Every row that is asked for, of however many, has to be of one of the kinds. */
function ofKinds(action: string, kinds: readonly string[], { tableArn }: dynamodb.ITable): iam.PolicyStatement {
  return new iam.PolicyStatement({
    actions: [action],
    resources: [tableArn],
    conditions: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": kinds } },
  });
}

/** Alarms that a function raises itself. */
export function grantAlarms({ alarmTopic }: Fleet2BanState): Grant {
  return {
    environment: { ALARM_TOPIC_ARN: alarmTopic.topicArn },
    statements: [statement(["sns:Publish"], [alarmTopic.topicArn])],
  };
}

/** The queue for what is malformed, or refused for good. */
export function grantSetAside({ setAside }: Fleet2BanState): Grant {
  return {
    environment: { SET_ASIDE_QUEUE_URL: setAside.queueUrl },
    statements: [statement(["sqs:SendMessage"], [setAside.queueArn])],
  };
}

/** The topics of the jails' mails. */
export function grantMails(stack: Stack, state: Fleet2BanState): Grant {
  const topics = Object.entries(mailTopicArns(stack, state));
  const statements =
    topics.length === 0
      ? []
      : [
          statement(
            ["sns:Publish"],
            topics.map(([, arn]) => arn),
          ),
        ];
  // No jail sends mail: an empty object still says so.
  return { environment: { MAIL_TOPICS: JSON.stringify(Object.fromEntries(topics)) }, statements };
}

/** The bans' stream, as a mapping reads it with the function's role. */
export function grantBansStream({ tables: { bans } }: Fleet2BanState): Grant {
  const reading = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
  return {
    environment: {},
    statements: [statement(reading, [bans.tableStreamArn!]), statement(["dynamodb:ListStreams"], ["*"])],
    acknowledged: [
      {
        id: "AwsSolutions-IAM5[Resource::*]",
        reason: "dynamodb:ListStreams has no resource level, and Lambda refuses a mapping whose role lacks it.",
      },
    ],
  };
}

/** A queue for what a mapping or an asynchronous invocation gave up. */
export function grantSend(queueArn: string): Grant {
  return { environment: {}, statements: [statement(["sqs:SendMessage"], [queueArn])] };
}

/** What is asked of SSM on the way to the hosts. */
export interface HostAccess {
  readonly documentName: string;
  readonly scriptVersion: string;
  readonly scriptSha256: string;
  readonly target: { readonly key: string; readonly value: string };
}

/** Commands of our own document, and no other, to instances with the tag, and no others. */
export function grantCommands(stack: Stack, { documentName, scriptVersion, scriptSha256, target }: HostAccess): Grant {
  const document = stack.formatArn({ service: "ssm", resource: "document", resourceName: documentName });
  const instances = stack.formatArn({ service: "ec2", resource: "instance", resourceName: "*" });
  return {
    environment: {
      DOCUMENT_NAME: documentName,
      SCRIPT_VERSION: scriptVersion,
      SCRIPT_SHA256: scriptSha256,
      TARGET_TAG_KEY: target.key,
      TARGET_TAG_VALUE: target.value,
    },
    statements: [
      statement(["ssm:SendCommand", "ssm:GetDocument", "ssm:DescribeDocument"], [document]),
      new iam.PolicyStatement({
        actions: ["ssm:SendCommand"],
        resources: [instances],
        conditions: { StringEquals: { [`ssm:resourceTag/${target.key}`]: target.value } },
      }),
    ],
    acknowledged: [
      {
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:instance/*]`,
        reason:
          "The fleet's instances come and go: which of them may be sent a command is said by their tag, in the condition.",
      },
    ],
  };
}

/** What hosts answered, and which hosts there are. */
export function grantReceipts(): Grant {
  return {
    environment: {},
    statements: [
      statement(["ssm:ListCommandInvocations", "ssm:GetCommandInvocation", "ssm:DescribeInstanceInformation"], ["*"]),
    ],
    acknowledged: [
      {
        id: "AwsSolutions-IAM5[Resource::*]",
        reason:
          "ssm:ListCommandInvocations, GetCommandInvocation and DescribeInstanceInformation have no resource level.",
      },
    ],
  };
}

/** The streams of the function's own log group. */
export function grantLog({ logGroupArn }: logs.ILogGroup): Grant {
  return { environment: {}, statements: [statement(["logs:CreateLogStream", "logs:PutLogEvents"], [logGroupArn])] };
}

export function statement(actions: readonly string[], resources: readonly string[]): iam.PolicyStatement {
  return new iam.PolicyStatement({ actions: [...actions], resources: [...resources] });
}
