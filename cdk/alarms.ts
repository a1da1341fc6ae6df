/**
 * The alarms: each means that somebody has to look, and docs/runbook.md has a section for each kind, under its name.
 */
import { Duration } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { Construct } from "constructs";
import type { CompiledDeployment } from "./compile-ruleset.ts";
import type { FleetFunctions } from "./functions.ts";
import { awsMetric, ownMetric } from "./metrics.ts";
import { stableId } from "./names.ts";
import type { Settings } from "./settings.ts";
import type { Fleet2BanState } from "./state.ts";
import { filterNameOf } from "./subscriptions.ts";

export interface AlarmsProps {
  readonly settings: Settings;
  readonly state: Fleet2BanState;
  readonly functions: FleetFunctions;
  readonly deployment: CompiledDeployment;
}

interface Plan {
  /** The runbook's section. */
  readonly kind: string;
  /** What of several it is about. */
  readonly of?: string;
  readonly description: string;
  readonly metric: cloudwatch.IMetric;
  /** Raised above it, or, with `below`, under it. */
  readonly threshold: number;
  readonly below?: true;
  /** For so many periods of the metric; 1 if absent. */
  readonly periods?: number;
  /** One period more may lack its figure: it comes as often as a period is long, and now and then a little later. */
  readonly mayLackOne?: true;
  /** No figures are a fault in themselves. */
  readonly missingIsBad?: true;
}

const minutes = (count: number) => Duration.minutes(count);

export function createAlarms(scope: Construct, props: AlarmsProps): void {
  const action = new SnsAction(props.state.alarmTopic);
  for (const plan of [
    ...ofFunctions(props),
    ...ofQueues(props),
    ...ofLogGroups(props),
    ...ofTables(props),
    ...ofBans(props),
  ]) {
    const { kind, of } = plan;
    const alarm = new cloudwatch.Alarm(scope, of === undefined ? `Alarm${kind}` : stableId(`Alarm${kind}`, of), {
      alarmName: [props.settings.name, kind, of].filter((word) => word !== undefined).join("-"),
      alarmDescription: `${plan.description}. What to do: docs/runbook.md#${kind}`,
      metric: plan.metric,
      threshold: plan.threshold,
      evaluationPeriods: (plan.periods ?? 1) + (plan.mayLackOne ? 1 : 0),
      datapointsToAlarm: plan.periods ?? 1,
      comparisonOperator: plan.below
        ? cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
        : cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: plan.missingIsBad
        ? cloudwatch.TreatMissingData.BREACHING
        : cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }
}

function ofFunctions({ functions, settings }: AlarmsProps): Plan[] {
  const lambdaMetric = (
    name: keyof FleetFunctions,
    metricName: string,
    statistic: "Sum" | "Maximum",
    period = minutes(5),
  ) => awsMetric("Lambda", metricName, { FunctionName: functions[name].functionName }, { statistic, period });
  const names = Object.keys(functions) as (keyof FleetFunctions)[];
  return [
    ...names.map((name) => ({
      kind: "function-errors",
      of: name,
      description: `${name} fails again and again`,
      metric: lambdaMetric(name, "Errors", "Sum"),
      threshold: 0,
      // One failure is retried; three periods in a row are not chance.
      periods: 3,
    })),
    ...(["ingest", "enforce"] as const).map((name) => ({
      kind: "function-throttled",
      of: name,
      description: `${name} may not run as often as it has to`,
      metric: lambdaMetric(name, "Throttles", "Sum"),
      threshold: 0,
      periods: 2,
    })),
    {
      kind: "ingest-late",
      description: "Log lines wait more than five minutes for ingest",
      // Lambda's own queue has one figure, a stream that it reads another.
      metric: lambdaMetric("ingest", settings.ingest.by === "lambda" ? "AsyncEventAge" : "IteratorAge", "Maximum"),
      threshold: minutes(5).toMilliseconds(),
      periods: 2,
    },
    // Of a stream nothing is dropped that does not lie in the queue afterwards: "given-up" tells.
    ...(settings.ingest.by === "lambda"
      ? [
          {
            kind: "ingest-dropped",
            description: "Log lines were given up",
            metric: lambdaMetric("ingest", "AsyncEventsDropped", "Sum"),
            threshold: 0,
          },
        ]
      : []),
    ...(["enforce", "notify"] as const).map((name) => ({
      kind: "stream-late",
      of: name,
      description: `${name} is more than five minutes behind the ban rows`,
      metric: lambdaMetric(name, "IteratorAge", "Maximum"),
      threshold: minutes(5).toMilliseconds(),
      periods: 2,
    })),
    ...(["sweep", "reconcile"] as const).map((name) => ({
      kind: "not-running",
      of: name,
      description: `${name} has not run for a quarter of an hour`,
      metric: lambdaMetric(name, "Invocations", "Sum", minutes(15)),
      threshold: 1,
      below: true as const,
      missingIsBad: true as const,
    })),
  ];
}

function ofQueues({ state }: AlarmsProps): Plan[] {
  const waiting = (QueueName: string) =>
    awsMetric("SQS", "ApproximateNumberOfMessagesVisible", { QueueName }, { statistic: "Maximum", period: minutes(5) });
  return [
    ...Object.entries(state.deadLetters).map(([name, queue]) => ({
      kind: "given-up",
      of: name,
      description: `${name} gave something up; it waits in a queue`,
      metric: waiting(queue.queueName),
      threshold: 0,
    })),
    {
      kind: "set-aside",
      description: "Something that is no log payload or no ban row was set aside",
      metric: waiting(state.setAside.queueName),
      threshold: 0,
    },
  ];
}

function ofLogGroups({ settings, deployment }: AlarmsProps): Plan[] {
  const { silentMinutes } = settings.alarms;
  const destination = settings.ingest.by === "lambda" ? "Lambda" : "Kinesis";
  return Object.keys(deployment.ruleset.logGroups).flatMap((LogGroupName): Plan[] => [
    {
      kind: "delivery-errors",
      of: LogGroupName,
      description: `CloudWatch cannot hand over lines of ${LogGroupName}`,
      metric: awsMetric(
        "Logs",
        "DeliveryErrors",
        { LogGroupName, DestinationType: destination, FilterName: filterNameOf(settings) },
        { statistic: "Sum", period: minutes(5) },
      ),
      threshold: 0,
    },
    ...(silentMinutes === 0
      ? []
      : [
          {
            kind: "log-silent",
            of: LogGroupName,
            description: `No line in ${LogGroupName} for ${silentMinutes} minutes`,
            metric: awsMetric("Logs", "IncomingLogEvents", { LogGroupName }, { statistic: "Sum", period: minutes(5) }),
            threshold: 1,
            below: true as const,
            periods: Math.max(1, Math.ceil(silentMinutes / 5)),
            missingIsBad: true as const,
          },
        ]),
  ]);
}

/** Reads and writes apart: a figure that there never was leaves a sum without any. */
function ofTables({ state }: AlarmsProps): Plan[] {
  return Object.entries(state.tables).flatMap(([name, table]) =>
    (["Read", "Write"] as const).map((kind) => ({
      kind: "table-throttled",
      of: `${name}-${kind.toLowerCase()}s`,
      description: `The table ${name} refuses ${kind.toLowerCase()}s`,
      metric: awsMetric(
        "DynamoDB",
        `${kind}ThrottleEvents`,
        { TableName: table.tableName },
        { statistic: "Sum", period: minutes(5) },
      ),
      threshold: 0,
      periods: 2,
    })),
  );
}

function ofBans({ settings, deployment }: AlarmsProps): Plan[] {
  const own = (name: Parameters<typeof ownMetric>[1], statistic: "Sum" | "Maximum") =>
    ownMetric(settings.name, name, { statistic, period: minutes(5) });
  const { outOfSyncMinutes } = settings.alarms;
  const periods = Math.max(2, Math.ceil(outOfSyncMinutes / 5));
  const enforcing = deployment.ruleset.jails.length > deployment.ruleset.observed.length;
  return [
    {
      kind: "breaker-tripped",
      description: "A jail banned more than its limit and was stopped",
      metric: own("BansHeld", "Sum"),
      threshold: 0,
    },
    {
      kind: "budget-exceeded",
      description: "A regex with back-references gave up on lines",
      metric: own("BudgetsExceeded", "Sum"),
      threshold: 0,
    },
    {
      kind: "changes-refused",
      description: "There are bans that no host takes",
      metric: own("ChangesRefused", "Sum"),
      threshold: 0,
    },
    {
      kind: "hosts-out-of-sync",
      description: `Hosts have differed from the ban rows for ${outOfSyncMinutes} minutes`,
      metric: own("HostsOutOfSync", "Maximum"),
      threshold: 0,
      periods,
      mayLackOne: true,
    },
    {
      kind: "hosts-silent",
      description: `Hosts have not answered for ${outOfSyncMinutes} minutes`,
      metric: own("HostsSilent", "Maximum"),
      threshold: 0,
      periods,
      mayLackOne: true,
    },
    // Who only watches may well have no host tagged yet.
    ...(enforcing
      ? [
          {
            kind: "no-hosts",
            description: `No instance has the tag ${settings.target.key}=${settings.target.value}`,
            metric: own("Hosts", "Maximum"),
            threshold: 1,
            below: true as const,
            periods: 3,
            mayLackOne: true as const,
          },
        ]
      : []),
  ];
}
