/** The parameter by which `--stack NAME` finds everything. */
import { readFileSync } from "node:fs";
import { Stack } from "aws-cdk-lib";
import * as ssm from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import { PACKAGE_JSON } from "../cli/paths.ts";
import { type StackDescription, stackParameter } from "../shared/contract/stack-description.ts";
import type { CompiledDeployment } from "./compile-ruleset.ts";
import type { FleetFunctions } from "./functions.ts";
import type { HostAccess } from "./grants.ts";
import { type Fleet2BanState, mailTopicArns } from "./state.ts";

export interface DescribedStack {
  readonly state: Fleet2BanState;
  readonly functions: FleetFunctions;
  readonly hosts: HostAccess;
  readonly deployment: CompiledDeployment;
}

export function describeStack(scope: Construct, { state, functions, hosts, deployment }: DescribedStack): void {
  const { tables, alarmTopic } = state;
  const description: StackDescription = {
    format: 1,
    version: (JSON.parse(readFileSync(PACKAGE_JSON, "utf8")) as { version: string }).version,
    windowsTable: tables.windows.tableName,
    bansTable: tables.bans.tableName,
    controlTable: tables.control.tableName,
    documentName: hosts.documentName,
    targetTagKey: hosts.target.key,
    targetTagValue: hosts.target.value,
    alarmTopicArn: alarmTopic.topicArn,
    mailTopics: Object.values(mailTopicArns(Stack.of(scope), state)),
    ingestFunction: functions.ingest.functionName,
    logGroups: Object.keys(deployment.ruleset.logGroups),
  };
  new ssm.StringParameter(scope, "Description", {
    parameterName: stackParameter(state.name),
    description: "What fleet2ban's command line needs to know of this deployment",
    // Many log groups need more than the 4 KB of the standard tier.
    tier: ssm.ParameterTier.INTELLIGENT_TIERING,
    stringValue: Stack.of(scope).toJsonString(description),
  });
}
