/**
 * The clients that Lambdas are wired with: one of each service, made at the process's start, with a Lambda's patience. A
 * bundle takes in only those that its function asks for.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { clientOptions, dynamoDBOptions } from "./client.ts";

/** Region and credentials are the process's own; `DYNAMODB_ENDPOINT` in `env` points at another engine. */
export const openDynamoDB = (env: Readonly<Record<string, string | undefined>>) =>
  new DynamoDBClient(dynamoDBOptions(env));

export const openSNS = () => new SNSClient(clientOptions());

export const openSQS = () => new SQSClient(clientOptions());

export const openSSM = () => new SSMClient(clientOptions());
