/** The five functions: what each is given, how much memory and time, and why. */
import { Duration, Stack } from "aws-cdk-lib";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import {
  enforceEnvironment,
  ingestEnvironment,
  notifyEnvironment,
  reconcileEnvironment,
  sweepEnvironment,
} from "../shared/contract/environment.ts";
import { ACCESS } from "./access.ts";
import { FleetFunction, type FunctionName } from "./fleet-function.ts";
import {
  grantAlarms,
  grantBansStream,
  grantCommands,
  grantKey,
  grantMails,
  grantReceipts,
  grantSend,
  grantSetAside,
  grantTables,
  type HostAccess,
} from "./grants.ts";
import type { Settings } from "./settings.ts";
import type { Fleet2BanState } from "./state.ts";

export type FleetFunctions = Readonly<Record<FunctionName, FleetFunction>>;

export interface FunctionsProps {
  readonly settings: Settings;
  readonly state: Fleet2BanState;
  readonly hosts: HostAccess;
  readonly code: (name: FunctionName) => lambda.Code;
}

export function createFunctions(scope: Construct, { settings, state, hosts, code }: FunctionsProps): FleetFunctions {
  const stack = Stack.of(scope);
  const { deadLetters } = state;
  const alone = settings.reserveConcurrency ? { concurrency: 1 } : {};
  const { maxConcurrency } = settings.ingest;
  const common = (name: FunctionName) => ({ name, settings, state, code: code(name) });
  const tables = (name: FunctionName) => grantTables(state, ACCESS[name]);

  return {
    ingest: new FleetFunction(scope, "Ingest", {
      ...common("ingest"),
      description: "Log lines in, failures counted, bans decided",
      environment: ingestEnvironment,
      grants: [
        tables("ingest"),
        grantAlarms(state),
        grantSetAside(state),
        grantSend(deadLetters.ingest.queueArn),
        grantKey(state, ["dynamodb", "sns", "sqs"]),
      ],
      // The processor grows with the memory, and matching needs the processor: about half of one.
      memorySize: 1024,
      timeout: Duration.seconds(60),
      ...(maxConcurrency === undefined ? {} : { concurrency: maxConcurrency }),
    }),
    enforce: new FleetFunction(scope, "Enforce", {
      ...common("enforce"),
      description: "Changes of the ban rows to the hosts, many in one command",
      environment: enforceEnvironment,
      grants: [
        tables("enforce"),
        grantAlarms(state),
        grantSetAside(state),
        grantCommands(stack, hosts),
        grantBansStream(state),
        grantSend(deadLetters.enforce.queueArn),
        grantKey(state, ["dynamodb", "sns", "sqs"]),
      ],
      memorySize: 512,
      // It waits for its turn to send: a storm over many shards queues here.
      timeout: Duration.minutes(3),
    }),
    sweep: new FleetFunction(scope, "Sweep", {
      ...common("sweep"),
      description: "Ends bans that are over",
      environment: sweepEnvironment,
      grants: [tables("sweep"), grantKey(state, ["dynamodb"])],
      memorySize: 256,
      timeout: Duration.seconds(55),
      ...alone,
    }),
    reconcile: new FleetFunction(scope, "Reconcile", {
      ...common("reconcile"),
      description: "Brings hosts that are new, were away or were changed back to what the ban rows say",
      environment: reconcileEnvironment,
      grants: [tables("reconcile"), grantCommands(stack, hosts), grantReceipts(), grantKey(state, ["dynamodb"])],
      memorySize: 512,
      timeout: Duration.minutes(4),
      ...alone,
    }),
    notify: new FleetFunction(scope, "Notify", {
      ...common("notify"),
      description: "Mail about bans: one each, or a digest",
      environment: notifyEnvironment,
      grants: [
        tables("notify"),
        grantSetAside(state),
        grantMails(stack, state),
        grantBansStream(state),
        grantSend(deadLetters.notify.queueArn),
        grantKey(state, ["dynamodb", "sns", "sqs"]),
      ],
      memorySize: 256,
      timeout: Duration.minutes(2),
    }),
  };
}
