/**
 * Errors of the AWS SDK become errors of the ports here, and nowhere else.
 *
 * The direction of each code: "unavailable" may be tried again as it is; "denied" and "missing" need a person, but come
 * right without a change to the work in hand, so whoever delivers it may deliver it again; "rejected" is a defect.
 * What is no error of a service or of the way to it (a TypeError of ours) passes unchanged.
 */
import { PortError, type PortErrorCode } from "../../ports/failure.ts";

/** What was being done: "PutItem" on "table fleet2ban-bans". */
export interface Doing {
  readonly operation: string;
  /** The thing it was done to, in words. */
  readonly on: string;
}

/** Runs `call`; what the SDK throws comes out as PortError: unavailable, denied, missing or rejected. */
export async function calling<T>(doing: Doing, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw portErrorOf(error, doing);
  }
}

/** The PortError that an error of the SDK means, or the error itself where it is none of the SDK's. */
export function portErrorOf(error: unknown, { operation, on }: Doing): unknown {
  if (!(error instanceof Error) || error instanceof PortError) return error;
  const code = codeOf(error);
  if (code === undefined) return error;
  return new PortError(code, `${operation} on ${on} failed: ${named(error)}`, next(code, error, on), error);
}

/** Whether a conditional write met a row that does not fulfil its condition: an answer, not a failure. */
export function isConditionFailure(error: unknown): boolean {
  return error instanceof Error && error.name === "ConditionalCheckFailedException";
}

/** Whether a command named an instance that Systems Manager does not know or does not reach. */
export function isHostUnknown(error: unknown): boolean {
  return error instanceof Error && error.name === "InvalidInstanceId";
}

/** Whether the service does not know the command any more, or never did. */
export function isCommandUnknown(error: unknown): boolean {
  return error instanceof Error && error.name === "InvalidCommandId";
}

const DENIED =
  /^(AccessDenied|ExpiredToken|ExpiredCredentials|UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken|RequestExpired|NotAuthorized|UnauthorizedOperation|AuthorizationError|AuthFailure|OptInRequired|KMSAccessDenied|KmsAccessDenied|CredentialsProviderError|TokenProviderError|InvalidIdentityToken)/;
const MISSING =
  /(ResourceNotFound|^NotFound|QueueDoesNotExist|NonExistentQueue|ParameterNotFound|ParameterVersionNotFound|TableNotFound|InvocationDoesNotExist|^InvalidDocument(Version)?(Exception)?$)/;
const UNAVAILABLE =
  /(Throttl|ThroughputExceeded|RequestLimitExceeded|TooManyRequests|SlowDown|BandwidthLimitExceeded|LimitExceeded|InternalServerError|InternalFailure|InternalError|ServiceUnavailable|ReplicatedWriteConflict|TransactionInProgress|RequestTimeout|TimeoutError|^AbortError$|OperationAborted|KMSThrottling|KmsThrottled)/;
/** Errors of the way to the service, by Node's code. */
const NETWORK =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_\w+|UND_ERR_\w+)$/;

function codeOf(error: Error): PortErrorCode | undefined {
  const { name } = error;
  const status = statusOf(error);
  if (DENIED.test(name)) return "denied";
  if (MISSING.test(name)) return "missing";
  if (UNAVAILABLE.test(name)) return "unavailable";
  if (NETWORK.test(String((error as NodeJS.ErrnoException).code ?? ""))) return "unavailable";
  if (status !== undefined) {
    if (status === 429 || status >= 500) return "unavailable";
    if (status === 401 || status === 403) return "denied";
    return "rejected";
  }
  // Errors of a service come with its status or its side of the fault; a missing region is found before any request.
  if ("$fault" in error || /^Region is missing/.test(error.message)) return "rejected";
  return undefined;
}

function statusOf(error: Error): number | undefined {
  const metadata = (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata;
  return metadata?.httpStatusCode;
}

function named(error: Error): string {
  const text = error.message === "" ? "no message" : error.message;
  return error.name === "Error" ? text : `${error.name}: ${text}`;
}

function next(code: PortErrorCode, error: Error, on: string): string {
  if (/^Region is missing/.test(error.message)) return "Name a region: --region, AWS_REGION, or the profile's own.";
  switch (code) {
    case "denied":
      return /Expired|Token|Credentials|Signature|UnrecognizedClient/.test(error.name)
        ? "Sign in again: the credentials are missing, wrong or over."
        : `Allow the caller this operation on ${on} in IAM.`;
    case "missing":
      return `Check that ${on} exists in this account and region: deploy the stack again, or correct its name.`;
    case "rejected":
      return "This is a defect of fleet2ban or of the deployment: deploy again, and report the message if it stays.";
    default:
      return "Try again in a moment; where it stays, look at the service's throttling metrics and its health page.";
  }
}
