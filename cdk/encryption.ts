/** The key of a deployment: whose it is, and which services may use it. */
import { Aws, RemovalPolicy, Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import type { Settings } from "./settings.ts";

/** The key of tables, topics, queues and logs; undefined = AWS's own. A key that is given keeps the policy it has. */
export function encryptionKey(scope: Construct, { name, encryption }: Settings): kms.IKey | undefined {
  if (encryption === "aws-managed") return undefined;
  if (encryption !== "own") return kms.Key.fromKeyArn(scope, "Key", encryption);
  const key = new kms.Key(scope, "Key", {
    alias: name,
    description: `fleet2ban ${name}: tables, topics, queues and logs`,
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  for (const statement of servicesUse(Stack.of(scope), name)) key.addToResourcePolicy(statement);
  return key;
}

/**
 * Services that act by themselves: without the first an alarm is raised and nobody is told; without the second no log
 * group can be made. docs/deploy.md shows both to who gives a key.
 */
function servicesUse(stack: Stack, name: string): iam.PolicyStatement[] {
  const logGroups = stack.formatArn({ service: "logs", resource: "log-group:*" });
  return [
    new iam.PolicyStatement({
      sid: "AlarmsToTopics",
      principals: [new iam.ServicePrincipal("cloudwatch.amazonaws.com")],
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources: ["*"],
      conditions: { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } },
    }),
    new iam.PolicyStatement({
      sid: "LogGroups",
      principals: [new iam.ServicePrincipal(`logs.${Aws.REGION}.amazonaws.com`)],
      actions: [
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
      ],
      resources: ["*"],
      conditions: {
        ArnLike: {
          "kms:EncryptionContext:aws:logs:arn": logGroups.replace("log-group:*", `log-group:/aws/lambda/${name}-*`),
        },
      },
    }),
  ];
}
