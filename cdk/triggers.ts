/** What starts the functions behind ingest: the bans' stream, the clock, and what happens to instances and commands. */
import { Duration } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import * as lambda from "aws-cdk-lib/aws-lambda";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { FleetFunction } from "./fleet-function.ts";
import type { FleetFunctions } from "./functions.ts";
import type { Fleet2BanState } from "./state.ts";

/**
 * How a stream is read: a batch that fails is cut in two until the record that is the cause is alone, is tried again for two
 * hours at most, and then goes to the queue. Without bounds, one record could hold back every unban for a day.
 */
export const STREAM_LIMITS = {
  bisectBatchOnError: true,
  reportBatchItemFailures: true,
  retryAttempts: 100,
  maxRecordAge: Duration.hours(2),
  parallelizationFactor: 1,
  // From the oldest record on: what was written while the mapping was made counts as well.
  startingPosition: lambda.StartingPosition.TRIM_HORIZON,
} as const;

/**
 * Records of a batch at most. Enforce takes what a slot for a command is worth: two commands, so that ten thousand bans
 * are four slots. A batch has 6 MB in any case.
 */
export const BATCH_SIZE = { enforce: 3_000, notify: 1_000 } as const;

/** Two readers are all that a stream allows; both see every change. */
export function readBans({ enforce, notify }: FleetFunctions, state: Fleet2BanState): void {
  mapBans(enforce, state, state.deadLetters.enforce, BATCH_SIZE.enforce, Duration.seconds(1));
  mapBans(notify, state, state.deadLetters.notify, BATCH_SIZE.notify, Duration.seconds(30));
}

function mapBans(
  reader: FleetFunction,
  state: Fleet2BanState,
  queue: sqs.IQueue,
  batchSize: number,
  window: Duration,
): void {
  const mapping = new lambda.EventSourceMapping(reader, "Bans", {
    target: reader.function,
    eventSourceArn: state.tables.bans.tableStreamArn!,
    batchSize,
    maxBatchingWindow: window,
    ...STREAM_LIMITS,
    onFailure: { bind: () => ({ destination: queue.queueArn }) },
  });
  // Lambda tries the stream with the role's rights as soon as the mapping is made.
  mapping.node.addDependency(reader.role);
}

/** The clock and the events; whatever is missed, the next minute or the next five make good. */
export function scheduleFunctions(scope: Construct, { sweep, reconcile }: FleetFunctions, documentName: string): void {
  const rule = (id: string, target: FleetFunction, description: string, when: Partial<events.RuleProps>) => {
    const rule = new events.Rule(scope, id, { description, ...when });
    rule.addTarget(new LambdaFunction(target.function, { retryAttempts: 0, maxEventAge: Duration.minutes(5) }));
  };
  rule("SweepEveryMinute", sweep, "Bans that are over", { schedule: events.Schedule.rate(Duration.minutes(1)) });
  rule("ReconcileRegularly", reconcile, "Receipts, and hosts that differ", {
    schedule: events.Schedule.rate(Duration.minutes(5)),
  });
  rule("ReconcileNewInstance", reconcile, "An instance runs: it may be one of the fleet, without a ban", {
    eventPattern: {
      source: ["aws.ec2"],
      detailType: ["EC2 Instance State-change Notification"],
      detail: { state: ["running"] },
    },
  });
  rule("ReconcileFailedCommand", reconcile, "A command did not reach every host", {
    eventPattern: {
      source: ["aws.ssm"],
      detailType: ["EC2 Command Status-change Notification"],
      detail: { "document-name": [documentName], status: ["Failed", "TimedOut"] },
    },
  });
  for (const { function: target } of [sweep, reconcile]) {
    // A run that failed is made good by the next; running it again would only come between.
    new lambda.EventInvokeConfig(target, "Async", {
      function: target,
      retryAttempts: 0,
      maxEventAge: Duration.minutes(5),
    });
  }
}
