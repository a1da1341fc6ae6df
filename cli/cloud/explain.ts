/** What went wrong between a person and AWS, in words that person can act on. */
import { PortError } from "../../shared/ports/failure.ts";
import { CliFailure } from "../failure.ts";

/** A reason, and what to do; `code` tells programs the kind. */
export interface Explanation {
  readonly code: ExplanationCode;
  readonly reason: string;
  readonly next: string;
}

export type ExplanationCode = "no-credentials" | "expired" | "denied" | "missing" | "unreachable" | "failed";

/** The words for an error of the cloud; undefined for what is no PortError, which is a defect of ours. */
export function explain(error: unknown): Explanation | undefined {
  if (!(error instanceof PortError)) return undefined;
  const { message, next } = error;
  switch (error.code) {
    case "denied":
      return explainDenied(error);
    case "missing":
      return { code: "missing", reason: message, next };
    case "unavailable":
      return explainUnavailable(error);
    default:
      return { code: "failed", reason: message, next };
  }
}

/** AWS names the action in its answer: "User: ARN is not authorized to perform: dynamodb:PutItem on resource: …". */
const ACTION = /(?:User: (\S{1,2048}) )?is not authorized to perform: ([\w-]{1,64}:\w{1,64})/;

function explainDenied(error: PortError): Explanation {
  const { name, message } = causeOf(error);
  if (/^(CredentialsProvider|TokenProvider)Error/.test(name)) {
    const hint = "Sign in (aws sso login), name a --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";
    return { code: "no-credentials", reason: `there are no AWS credentials to use: ${message}`, next: hint };
  }
  if (/Expired/.test(name)) {
    return {
      code: "expired",
      reason: "your AWS credentials are over",
      next: "Sign in again, for example: aws sso login",
    };
  }
  if (/Token|Client|Signature/.test(name)) {
    const next = "Check the profile and the keys; are they of another partition, or deleted?";
    return { code: "no-credentials", reason: `AWS does not accept these credentials: ${message}`, next };
  }
  const [, user, action] = ACTION.exec(message) ?? [];
  if (action === undefined) return { code: "denied", reason: error.message, next: error.next };
  return {
    code: "denied",
    reason: `IAM does not let you do ${action}: ${error.message}`,
    next: `Allow ${action} to ${user ?? "your role"}, or use another --profile.`,
  };
}

function explainUnavailable(error: PortError): Explanation {
  const { code, hostname } = error.cause as { readonly code?: unknown; readonly hostname?: unknown };
  if (code !== "ENOTFOUND" && code !== "EAI_AGAIN") {
    return { code: "unreachable", reason: error.message, next: error.next };
  }
  const reason = `there is no way to ${typeof hostname === "string" ? hostname : "AWS"}`;
  return { code: "unreachable", reason, next: "Check the name of the Region (--region), and the network." };
}

function causeOf({ cause, message }: PortError): { readonly name: string; readonly message: string } {
  return cause instanceof Error ? cause : { name: "", message };
}

/** Runs `work`; what AWS refuses comes out as a CliFailure with exit code 255. */
export async function failing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Direction: a person reads it, and decides.
    const explanation = explain(error);
    if (explanation === undefined) throw error;
    throw new CliFailure(explanation.reason, { next: explanation.next, cause: error });
  }
}
