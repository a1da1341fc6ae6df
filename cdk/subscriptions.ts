/** The log groups' way in: a subscription of the function itself, or of a Kinesis stream that the function reads. */
import { Aws, Duration, Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kinesis from "aws-cdk-lib/aws-kinesis";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { Validations } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import type { CompiledDeployment } from "./compile-ruleset.ts";
import type { FleetFunction } from "./fleet-function.ts";
import { grantKey, statement } from "./grants.ts";
import { stableId } from "./names.ts";
import type { Settings } from "./settings.ts";
import type { Fleet2BanState } from "./state.ts";
import { STREAM_LIMITS } from "./triggers.ts";

export interface SubscriptionsProps {
  readonly settings: Settings;
  readonly deployment: CompiledDeployment;
  readonly state: Fleet2BanState;
  readonly ingest: FleetFunction;
}

export function subscribe(scope: Construct, props: SubscriptionsProps): void {
  const { settings, deployment, state, ingest } = props;
  // Invoked by CloudWatch: what fails twice more is kept, with its lines.
  new lambda.EventInvokeConfig(ingest, "Async", {
    function: ingest.function,
    retryAttempts: 2,
    maxEventAge: Duration.hours(6),
    onFailure: { bind: () => ({ destination: state.deadLetters.ingest.queueArn }) },
  });
  const through = settings.ingest.by === "lambda" ? direct(scope, ingest) : throughKinesis(scope, state, ingest);
  for (const [logGroupName, { pattern }] of Object.entries(deployment.patterns)) {
    const { destination, ready } = through(logGroupName);
    const filter = new logs.CfnSubscriptionFilter(scope, stableId("Subscription", logGroupName), {
      logGroupName,
      filterName: filterNameOf(settings),
      filterPattern: pattern,
      ...destination,
    });
    for (const dependency of ready) filter.node.addDependency(dependency);
  }
}

/** The name of our filter on every log group: alarms ask for its figures. */
export function filterNameOf({ name }: Settings): string {
  return name;
}

type Through = (logGroupName: string) => {
  readonly destination: Pick<logs.CfnSubscriptionFilterProps, "destinationArn" | "roleArn" | "distribution">;
  /** What must be there before CloudWatch tries the destination. */
  readonly ready: readonly Construct[];
};

function direct(scope: Construct, { function: target }: FleetFunction): Through {
  return (logGroupName) => {
    const permission = new lambda.CfnPermission(scope, stableId("Invoke", logGroupName), {
      action: "lambda:InvokeFunction",
      functionName: target.functionArn,
      principal: "logs.amazonaws.com",
      sourceAccount: Aws.ACCOUNT_ID,
      sourceArn: Stack.of(scope).formatArn({ service: "logs", resource: `log-group:${logGroupName}:*` }),
    });
    return { destination: { destinationArn: target.functionArn }, ready: [permission] };
  };
}

/** No filter on the records: they are compressed, and Lambda drops what a filter cannot read. */
function throughKinesis(scope: Construct, state: Fleet2BanState, ingest: FleetFunction): Through {
  const stream = new kinesis.Stream(scope, "Lines", {
    streamMode: kinesis.StreamMode.ON_DEMAND,
    retentionPeriod: Duration.hours(24),
    ...(state.key === undefined
      ? { encryption: kinesis.StreamEncryption.MANAGED }
      : { encryption: kinesis.StreamEncryption.KMS, encryptionKey: state.key }),
  });
  Validations.of(stream).acknowledge({
    id: "AwsSolutions-KDS3",
    reason: "Log lines name people's addresses: they are encrypted with the key of everything else here.",
  });
  const writer = new iam.Role(scope, "LinesWriter", {
    description: "CloudWatch Logs puts log lines into the stream",
    assumedBy: new iam.ServicePrincipal("logs.amazonaws.com", {
      conditions: { StringLike: { "aws:SourceArn": Stack.of(scope).formatArn({ service: "logs", resource: "*" }) } },
    }),
  });
  writer.addToPolicy(statement(["kinesis:PutRecord", "kinesis:PutRecords"], [stream.streamArn]));
  const reading = ["DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"];
  ingest.role.addToPolicy(
    statement(
      reading.map((action) => `kinesis:${action}`),
      [stream.streamArn],
    ),
  );
  for (const use of grantKey(state, ["kinesis"]).statements) ingest.role.addToPolicy(use);
  if (state.key !== undefined) {
    writer.addToPolicy(statement(["kms:Decrypt", "kms:GenerateDataKey"], [state.key.keyArn]));
  }
  const mapping = new lambda.EventSourceMapping(ingest, "Lines", {
    target: ingest.function,
    eventSourceArn: stream.streamArn,
    batchSize: 100,
    maxBatchingWindow: Duration.seconds(1),
    ...STREAM_LIMITS,
    onFailure: { bind: () => ({ destination: state.deadLetters.ingest.queueArn }) },
  });
  mapping.node.addDependency(ingest.role);
  // Spread over the shards: the lines of one busy host would otherwise wait for each other. Counting needs no order.
  const destination = { destinationArn: stream.streamArn, roleArn: writer.roleArn, distribution: "Random" };
  return () => ({ destination, ready: [writer] });
}
