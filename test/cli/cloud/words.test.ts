/** The words for what AWS refuses, and for spans of time. */
import { describe, expect, it } from "vitest";
import { explain } from "../../../cli/cloud/explain.ts";
import { parseInstant } from "../../../cli/cloud/time-span.ts";
import { portErrorOf } from "../../../shared/adapters/aws/errors.ts";

const thrown = (name: string, message: string, more: object = {}) =>
  Object.assign(new Error(message), { name, ...more });
const USER = "User: arn:aws:iam::1:user/ann is not authorized to perform: dynamodb:PutItem on resource: arn:t";

describe("what AWS refuses", () => {
  it.each([
    {
      error: thrown("CredentialsProviderError", "Could not load credentials from any providers"),
      code: "no-credentials",
      reason: "there are no AWS credentials to use: Could not load credentials from any providers",
      next: /^Sign in \(aws sso login\), name a --profile/,
    },
    {
      error: thrown("ExpiredTokenException", "x"),
      code: "expired",
      reason: "your AWS credentials are over",
      next: /^Sign in again/,
    },
    {
      error: thrown("UnrecognizedClientException", "The security token included in the request is invalid."),
      code: "no-credentials",
      reason: "AWS does not accept these credentials: The security token included in the request is invalid.",
      next: /^Check the profile/,
    },
    {
      error: thrown("AccessDeniedException", USER),
      code: "denied",
      reason: `IAM does not let you do dynamodb:PutItem: PutItem on table t failed: AccessDeniedException: ${USER}`,
      next: /^Allow dynamodb:PutItem to arn:aws:iam::1:user\/ann, or use another --profile\.$/,
    },
    {
      error: thrown("AccessDeniedException", "no"),
      code: "denied",
      reason: "PutItem on table t failed: AccessDeniedException: no",
      next: /IAM/,
    },
    {
      error: thrown("Error", "getaddrinfo ENOTFOUND", {
        code: "ENOTFOUND",
        hostname: "sts.eu-nowhere-1.amazonaws.com",
      }),
      code: "unreachable",
      reason: "there is no way to sts.eu-nowhere-1.amazonaws.com",
      next: /^Check the name of the Region/,
    },
    {
      error: thrown("ThrottlingException", "Rate exceeded"),
      code: "unreachable",
      reason: "PutItem on table t failed: ThrottlingException: Rate exceeded",
      next: /^Try again in a moment/,
    },
  ])("$error.name: $code", ({ error, code, reason, next }) => {
    const explanation = explain(portErrorOf(error, { operation: "PutItem", on: "table t" }));
    expect(explanation).toEqual({ code, reason, next: expect.stringMatching(next) });
  });

  it("has no words for a defect of ours", () => expect(explain(new TypeError("x is undefined"))).toBeUndefined());
});

describe("a time", () => {
  const now = Date.UTC(2026, 10, 22, 12);
  it.each([
    { text: "1h", at: now - 3_600_000 },
    { text: "1d12h", at: now - 36 * 3_600_000 },
    { text: "90", at: now - 90_000 },
    { text: "0", at: now },
    { text: "2026-11-22T11:30Z", at: now - 1_800_000 },
    { text: "2026-11-22 12:00:00.500+01:00", at: now - 3_599_500 },
    { text: "2026-11-21", at: now - 36 * 3_600_000 },
  ])("$text", ({ text, at }) => expect(parseInstant(text)(now)).toBe(at));

  it.each(["soon", "", "-1h", "2026-13-45", "2026-11-22T25:00Z", "1h; rm -rf /"])("'%s' is none", (text) => {
    expect(() => parseInstant(text)).toThrow("write a time ago such as 30m");
  });
});
