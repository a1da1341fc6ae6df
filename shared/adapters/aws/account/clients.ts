/**
 * The AWS clients of a person at a command line: profile and Region as the AWS CLI has them, and a person's patience.
 *
 * Where credentials, profiles and Regions come from is the SDK's own business: environment, shared files, SSO, roles.
 */
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SNSClient } from "@aws-sdk/client-sns";
import { SSMClient } from "@aws-sdk/client-ssm";
import { STSClient } from "@aws-sdk/client-sts";
import { clientOptions, dynamoDBOptions, PERSON_PATIENCE } from "../client.ts";

// That a later SDK will want a later Node is our business, not that of a person who unbans somebody.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

/** What the person named; the rest is the SDK's default chain. */
export interface AccountOptions {
  readonly profile?: string;
  readonly region?: string;
}

export interface Account {
  readonly dynamodb: DynamoDBClient;
  readonly ssm: SSMClient;
  readonly logs: CloudWatchLogsClient;
  readonly sns: SNSClient;
  readonly sts: STSClient;
  /** The Region that all of them ask. Throws the SDK's error where none is named anywhere. */
  region(): Promise<string>;
  /** Closes the connections, so that the process can end. */
  close(): void;
}

/** Makes the clients; nothing is asked yet. `env` is looked at for DYNAMODB_ENDPOINT only. */
export function openAccount(options: AccountOptions, env: Readonly<Record<string, string | undefined>>): Account {
  const { profile, region } = options;
  const named = { ...(profile !== undefined && { profile }), ...(region !== undefined && { region }) };
  const common = { ...clientOptions(PERSON_PATIENCE), ...named };
  const dynamodb = new DynamoDBClient({ ...dynamoDBOptions(env, PERSON_PATIENCE), ...named });
  const ssm = new SSMClient(common);
  const logs = new CloudWatchLogsClient(common);
  const sns = new SNSClient(common);
  const sts = new STSClient(common);
  return {
    ...{ dynamodb, ssm, logs, sns, sts },
    region: () => ssm.config.region(),
    close: () => {
      for (const client of [dynamodb, ssm, logs, sns, sts]) client.destroy();
    },
  };
}
