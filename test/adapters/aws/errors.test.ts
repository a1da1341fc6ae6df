/** Which error of the ports each error of the SDK means. */
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import { clientOptions, dynamoDBOptions, LAMBDA_PATIENCE } from "../../../shared/adapters/aws/client.ts";
import { calling, portErrorOf } from "../../../shared/adapters/aws/errors.ts";
import { PortError, type PortErrorCode } from "../../../shared/ports/failure.ts";

const doing = { operation: "PutItem", on: "table bans" };

function failure(
  name: string,
  with_: { readonly status?: number; readonly code?: string; readonly message?: string } = {},
) {
  const { status, code, message = "words of the service" } = with_;
  return Object.assign(new Error(message), {
    name,
    ...(status !== undefined && { $fault: status < 500 ? "client" : "server", $metadata: { httpStatusCode: status } }),
    ...(code !== undefined && { code }),
  });
}

describe("an error of the SDK", () => {
  it.each<{ error: Error; code: PortErrorCode; next: RegExp }>([
    { error: failure("ThrottlingException", { status: 400 }), code: "unavailable", next: /Try again/ },
    {
      error: failure("ProvisionedThroughputExceededException", { status: 400 }),
      code: "unavailable",
      next: /Try again/,
    },
    { error: failure("RequestLimitExceeded", { status: 400 }), code: "unavailable", next: /Try again/ },
    { error: failure("TooManyUpdates", { status: 429 }), code: "unavailable", next: /Try again/ },
    { error: failure("InternalServerError", { status: 500 }), code: "unavailable", next: /Try again/ },
    { error: failure("Whatever", { status: 503 }), code: "unavailable", next: /Try again/ },
    { error: failure("TimeoutError"), code: "unavailable", next: /Try again/ },
    { error: failure("Error", { code: "ECONNREFUSED" }), code: "unavailable", next: /Try again/ },
    { error: failure("Error", { code: "EAI_AGAIN" }), code: "unavailable", next: /Try again/ },
    { error: failure("AccessDeniedException", { status: 400 }), code: "denied", next: /IAM/ },
    { error: failure("AuthorizationErrorException", { status: 403 }), code: "denied", next: /IAM/ },
    { error: failure("Unheard", { status: 403 }), code: "denied", next: /IAM/ },
    { error: failure("ExpiredTokenException", { status: 400 }), code: "denied", next: /Sign in again/ },
    { error: failure("UnrecognizedClientException", { status: 400 }), code: "denied", next: /Sign in again/ },
    { error: failure("CredentialsProviderError"), code: "denied", next: /Sign in again/ },
    { error: failure("ResourceNotFoundException", { status: 400 }), code: "missing", next: /table bans/ },
    { error: failure("InvalidDocument", { status: 400 }), code: "missing", next: /deploy/ },
    { error: failure("ParameterNotFound", { status: 400 }), code: "missing", next: /deploy/ },
    { error: failure("ValidationException", { status: 400 }), code: "rejected", next: /defect/ },
    { error: failure("ItemTooLarge", { status: 413 }), code: "rejected", next: /defect/ },
    { error: failure("Error", { message: "Region is missing" }), code: "rejected", next: /Name a region/ },
  ])("$error.name, $error.$metadata.httpStatusCode: $code", ({ error, code, next }) => {
    const found = portErrorOf(error, doing);
    expect(found).toBeInstanceOf(PortError);
    expect(found).toMatchObject({
      code,
      next: expect.stringMatching(next),
      message: expect.stringMatching(/^PutItem on table bans failed: .*(words of the service|Region is missing)/),
      cause: error,
    });
  });

  it.each([
    { name: "a defect of ours", error: new TypeError("x is undefined") },
    { name: "an error of a port", error: new PortError("too-busy", "m", "n") },
    { name: "no error at all", error: "thrown text" },
  ])("passes $name unchanged", async ({ error }) => {
    expect(portErrorOf(error, doing)).toBe(error);
    await expect(calling(doing, () => Promise.reject(error))).rejects.toBe(error);
  });
});

describe("a client", () => {
  it("is given a bounded, adaptive patience that ends what hangs", () => {
    expect(clientOptions()).toEqual({
      maxAttempts: LAMBDA_PATIENCE.attempts,
      retryMode: "adaptive",
      requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
    });
  });

  it.each([
    { name: "the real service without an endpoint", env: {}, expected: clientOptions() },
    { name: "the real service with an empty one", env: { DYNAMODB_ENDPOINT: "" }, expected: clientOptions() },
    {
      name: "another engine, by nobody",
      env: { DYNAMODB_ENDPOINT: "http://127.0.0.1:1" },
      expected: {
        ...clientOptions(),
        endpoint: "http://127.0.0.1:1",
        region: "us-east-1",
        credentials: { accessKeyId: "nobody", secretAccessKey: "nothing" },
      },
    },
    {
      name: "another engine, by who the environment says",
      env: { DYNAMODB_ENDPOINT: "http://127.0.0.1:1", AWS_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "AKIA" },
      expected: { ...clientOptions(), endpoint: "http://127.0.0.1:1", region: "eu-west-1" },
    },
  ])("goes to $name", ({ env, expected }) => expect(dynamoDBOptions(env)).toEqual(expected));

  it("that finds nobody says unavailable", async () => {
    const patience = { attempts: 2, connectionTimeout: 500, requestTimeout: 500 };
    const client = new DynamoDBClient(dynamoDBOptions({ DYNAMODB_ENDPOINT: "http://127.0.0.1:1" }, patience));
    const call = () => client.send(new GetItemCommand({ TableName: "t", Key: {} }));
    await expect(calling(doing, call)).rejects.toMatchObject({ code: "unavailable" });
    client.destroy();
  });
});
