/** One function of the program: its own role with what it was granted and nothing else, its log group, its environment. */
import { type Duration, RemovalPolicy } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { Validations } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import type * as z from "zod/mini";
import { readEnvironment } from "../shared/contract/environment.ts";
import { LAMBDA_HANDLER, LAMBDA_RUNTIME } from "./bundle/lambda-code.ts";
import { type Grant, grantLog } from "./grants.ts";
import type { Settings } from "./settings.ts";
import type { Fleet2BanState } from "./state.ts";

export type FunctionName = "ingest" | "enforce" | "sweep" | "reconcile" | "notify";

export interface FleetFunctionProps {
  readonly name: FunctionName;
  readonly description: string;
  readonly settings: Settings;
  readonly state: Fleet2BanState;
  readonly code: lambda.Code;
  /** The contract of its environment: checked here, so that a function that could not start is never deployed. */
  readonly environment: z.ZodMiniType;
  readonly grants: readonly Grant[];
  readonly memorySize: number;
  readonly timeout: Duration;
  /** Instances at once; undefined = as many as the account has. */
  readonly concurrency?: number;
}

/** Of the settings' architecture, as Lambda calls it. */
export function architectureOf({ architecture }: Settings): lambda.Architecture {
  return architecture === "arm64" ? lambda.Architecture.ARM_64 : lambda.Architecture.X86_64;
}

export class FleetFunction extends Construct {
  readonly function: lambda.Function;
  readonly role: iam.Role;
  /** Its physical name, which no deployment changes: a function that is replaced loses ten minutes of log lines. */
  readonly functionName: string;

  constructor(scope: Construct, id: string, props: FleetFunctionProps) {
    super(scope, id);
    const { settings, state } = props;
    this.functionName = `${settings.name}-${props.name}`;
    const logGroup = new logs.LogGroup(this, "Log", {
      logGroupName: `/aws/lambda/${this.functionName}`,
      retention: settings.logRetentionDays as logs.RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(state.key === undefined ? {} : { encryptionKey: state.key }),
    });
    this.role = new iam.Role(this, "Role", {
      assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com"),
      description: `fleet2ban ${settings.name}: ${props.name}`,
    });
    const grants = [...props.grants, grantLog(logGroup)];
    for (const statement of grants.flatMap(({ statements }) => statements)) this.role.addToPolicy(statement);
    for (const finding of grants.flatMap(({ acknowledged = [] }) => acknowledged)) {
      Validations.of(this.role).acknowledge(finding);
    }
    const environment = Object.assign({}, ...grants.map((grant) => grant.environment)) as Record<string, string>;
    readEnvironment(props.environment, environment);
    this.function = new lambda.Function(this, "Function", {
      functionName: this.functionName,
      description: props.description,
      runtime: LAMBDA_RUNTIME,
      handler: LAMBDA_HANDLER,
      architecture: architectureOf(settings),
      code: props.code,
      memorySize: props.memorySize,
      timeout: props.timeout,
      role: this.role,
      logGroup,
      environment,
      ...(props.concurrency === undefined ? {} : { reservedConcurrentExecutions: props.concurrency }),
    });
  }
}
