/**
 * What every AWS client is made with: how often it tries again, and how long it waits, so that a Lambda's time is never
 * spent on one request that nobody answers.
 *
 * Retries are adaptive: a client that was throttled slows down by itself. Attempts and time-outs are bounded; what is
 * beyond them is the business of whoever delivers the work again (queue, stream, or a person).
 */

/** How long a client bears with a service. Times in ms. */
export interface Patience {
  /** Attempts in all, the first one included. */
  readonly attempts: number;
  /** For a connection to stand. */
  readonly connectionTimeout: number;
  /** For one attempt's answer. */
  readonly requestTimeout: number;
}

/** Four attempts of at most 3 s, and the waits between them: at worst some 15 s, a quarter of a Lambda's minute. */
export const LAMBDA_PATIENCE: Patience = { attempts: 4, connectionTimeout: 1_000, requestTimeout: 3_000 };

/** A person waits longer than a batch can, over slower lines. */
export const PERSON_PATIENCE: Patience = { attempts: 5, connectionTimeout: 5_000, requestTimeout: 10_000 };

/** The part of a client's configuration that is the same for every service. */
export interface ClientOptions {
  readonly maxAttempts: number;
  readonly retryMode: "adaptive";
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: true;
  };
}

/** Configuration for any client: `new SSMClient(clientOptions())`. */
export function clientOptions(patience: Patience = LAMBDA_PATIENCE): ClientOptions {
  return {
    maxAttempts: patience.attempts,
    retryMode: "adaptive",
    requestHandler: {
      connectionTimeout: patience.connectionTimeout,
      requestTimeout: patience.requestTimeout,
      // Without it the SDK only warns and goes on waiting.
      throwOnRequestTimeout: true,
    },
  };
}

/** Another engine than the real service: where it is, and credentials that mean nothing there. */
export interface EngineOptions extends ClientOptions {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/**
 * Configuration for the DynamoDB client. `DYNAMODB_ENDPOINT` in `env` (a URL) points it at another engine; region and
 * credentials are then made up where `env` has none.
 */
export function dynamoDBOptions(
  env: Readonly<Record<string, string | undefined>>,
  patience: Patience = LAMBDA_PATIENCE,
): EngineOptions {
  const endpoint = env.DYNAMODB_ENDPOINT;
  if (endpoint === undefined || endpoint === "") return clientOptions(patience);
  const made = { accessKeyId: "nobody", secretAccessKey: "nothing" };
  return {
    ...clientOptions(patience),
    endpoint,
    region: env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? "us-east-1",
    ...(env.AWS_ACCESS_KEY_ID === undefined && env.AWS_PROFILE === undefined ? { credentials: made } : {}),
  };
}
