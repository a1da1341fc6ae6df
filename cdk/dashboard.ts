/** The dashboard: lines and bans, how long each stage takes, bans by jail, and how many hosts are as they should be. */
import { Duration } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import type { Level, MetricName, Stage } from "../shared/ports/metrics.ts";
import type { CompiledDeployment } from "./compile-ruleset.ts";
import { ownMetric } from "./metrics.ts";
import type { Settings } from "./settings.ts";

const FLOW: readonly MetricName[] = ["Lines", "FailuresCounted", "BansDecided", "Unbans", "Commands"];
const TROUBLE: readonly MetricName[] = [
  "Malformed",
  "Unparsed",
  "Refused",
  "BansHeld",
  "ChangesRefused",
  "WindowConflicts",
];
const STAGES: readonly Stage[] = ["LineToIngest", "IngestToBan", "BanToCommand", "CommandToReceipt"];
const HOSTS: readonly Level[] = ["Hosts", "HostsInSync", "HostsOutOfSync", "HostsSilent"];

export function createDashboard(scope: Construct, { name }: Settings, { ruleset }: CompiledDeployment): void {
  const period = Duration.minutes(5);
  const figures = (names: readonly (MetricName | Stage | Level)[], statistic: "Sum" | "Maximum" | "p99") =>
    names.map((metric) => ownMetric(name, metric, { statistic, period }));
  const graph = (title: string, left: cloudwatch.IMetric[], label?: string) =>
    new cloudwatch.GraphWidget({
      title,
      left,
      width: 12,
      height: 6,
      ...(label === undefined ? {} : { leftYAxis: { label, showUnits: false, min: 0 } }),
    });
  const byJail = ruleset.jails.map((jail) =>
    ownMetric(name, "BansDecided", { statistic: "Sum", period, jail: jail.name }),
  );
  new cloudwatch.Dashboard(scope, "Dashboard", {
    dashboardName: name,
    widgets: [
      [
        graph("Flow", figures(FLOW, "Sum")),
        graph("Delay of each stage, 99th percentile", figures(STAGES, "p99"), "ms"),
      ],
      [graph("Bans by jail", byJail), graph("Hosts", figures(HOSTS, "Maximum"))],
      [graph("Trouble", figures(TROUBLE, "Sum")), graph("Bans that stand", figures(["BansStanding"], "Maximum"))],
    ],
  });
}
