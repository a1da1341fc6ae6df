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
import { FleetFunction, type FunctionName } from "./fleet-function.ts";
import {
  grantBansStream,
  grantCare,
  grantCommands,
  grantKey,
  grantMails,
  grantReceipts,
  grantSend,
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

  return {
    ingest: new FleetFunction(scope, "Ingest", {
      ...common("ingest"),
      description: "Log lines in, failures counted, bans decided",
      environment: ingestEnvironment,
      grants: [grantTables(state, COUNTING), grantCare(state), grantSend(deadLetters.ingest.queueArn), grantKey(state)],
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
        grantTables(state, { ...COUNTING, control: TIDIED_ROWS }),
        grantCare(state),
        grantCommands(stack, hosts),
        grantBansStream(state),
        grantSend(deadLetters.enforce.queueArn),
        grantKey(state),
      ],
      memorySize: 512,
      // It waits for its turn to send: a storm over many shards queues here.
      timeout: Duration.minutes(3),
    }),
    sweep: new FleetFunction(scope, "Sweep", {
      ...common("sweep"),
      description: "Ends bans that are over",
      environment: sweepEnvironment,
      grants: [grantTables(state, { bans: ["DeleteItem"], bansBy: ["byEnd"] }), grantKey(state)],
      memorySize: 256,
      timeout: Duration.seconds(55),
      ...alone,
    }),
    reconcile: new FleetFunction(scope, "Reconcile", {
      ...common("reconcile"),
      description: "Brings hosts that are new, were away or were changed back to what the ban rows say",
      environment: reconcileEnvironment,
      grants: [
        grantTables(state, { bansBy: ["byJail"], control: RECEIPTS }),
        grantCare(state),
        grantCommands(stack, hosts),
        grantReceipts(),
        grantKey(state),
      ],
      memorySize: 512,
      timeout: Duration.minutes(4),
      ...alone,
    }),
    notify: new FleetFunction(scope, "Notify", {
      ...common("notify"),
      description: "Mail about bans: one each, or a digest",
      environment: notifyEnvironment,
      grants: [
        grantTables(state, { control: ["BatchGetItem", "GetItem", "PutItem", "UpdateItem"] }),
        grantCare(state),
        grantMails(state),
        grantBansStream(state),
        grantSend(deadLetters.notify.queueArn),
        grantKey(state),
      ],
      memorySize: 256,
      timeout: Duration.minutes(2),
    }),
  };
}

const ROWS = ["BatchGetItem", "GetItem", "Query", "PutItem", "UpdateItem"] as const;
/** Who adopts a ruleset or collects receipts also puts away what is done with. */
const TIDIED_ROWS = [...ROWS, "DeleteItem"] as const;
const RECEIPTS = ["GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"] as const;

/** Counting failures and deciding bans; nobody who counts may lift a ban. */
const COUNTING = { windows: ["BatchGetItem", "PutItem"], bans: ["GetItem", "PutItem"], control: ROWS } as const;
