/** The figures that alarms and the dashboard ask for, by the names under which the functions write them. */
import type { Duration } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import { METRIC_DIMENSIONS, METRIC_NAMESPACE } from "../shared/contract/metric-space.ts";
import type { Level, MetricName, Stage } from "../shared/ports/metrics.ts";

export type Statistic = "Sum" | "Maximum" | "Minimum" | "p50" | "p99";

/** One of the program's own figures; with `jail`, that jail's series. */
export function ownMetric(
  stack: string,
  metricName: MetricName | Stage | Level,
  { statistic, period, jail }: { readonly statistic: Statistic; readonly period: Duration; readonly jail?: string },
): cloudwatch.Metric {
  const dimensionsMap = {
    [METRIC_DIMENSIONS.stack]: stack,
    ...(jail === undefined ? {} : { [METRIC_DIMENSIONS.jail]: jail }),
  };
  return new cloudwatch.Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap,
    statistic,
    period,
    ...(jail === undefined ? {} : { label: jail }),
  });
}

/** One of AWS's figures. */
export function awsMetric(
  service: "DynamoDB" | "Lambda" | "Logs" | "SQS",
  metricName: string,
  dimensionsMap: Readonly<Record<string, string>>,
  { statistic, period }: { readonly statistic: Statistic; readonly period: Duration },
): cloudwatch.Metric {
  return new cloudwatch.Metric({ namespace: `AWS/${service}`, metricName, dimensionsMap, statistic, period });
}
