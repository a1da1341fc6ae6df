/**
 * What the command line and the daemon say to each other over the control socket: one JSON object a line, a request and
 * then its answer, as many as the client likes on one connection.
 */

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue | undefined };

export interface ControlRequest {
  /** The words of the command: ["set", "haproxy-noserv", "banip", "192.0.2.3"]. */
  readonly command: readonly string[];
  readonly options: { readonly [name: string]: JsonValue | undefined };
}

export type ControlCode =
  /** There is no socket, or nobody listens on it. */
  | "not-running"
  /** Somebody listens on it already. */
  | "already-running"
  /** The socket belongs to another user. */
  | "no-permission"
  /** The path cannot hold a socket, or not safely. */
  | "bad-path"
  | "timed-out"
  /** The connection ended before the answer, or the answer is none. */
  | "no-answer"
  | "too-busy"
  | "bad-request"
  | "too-large"
  /** The daemon understood and will not: unknown jail, bad address … */
  | "refused"
  /** The daemon failed while it did it. */
  | "internal";

/** An error of either side; over the socket it keeps its code, message and next step. */
export class ControlError extends Error {
  readonly code: ControlCode;
  readonly next: string | undefined;

  constructor(code: ControlCode, message: string, next?: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = "ControlError";
    this.code = code;
    this.next = next;
  }
}

/** Longest request line in bytes: a few thousand addresses in one command. */
export const REQUEST_LIMIT = 256 * 1024;
/** Longest answer in bytes: every ban of a large host. */
export const RESPONSE_LIMIT = 64 * 1024 * 1024;

/** The request as a line. Throws ControlError `too-large`. */
export function encodeRequest(request: ControlRequest): string {
  const line = `${JSON.stringify(request)}\n`;
  if (Buffer.byteLength(line) <= REQUEST_LIMIT) return line;
  throw new ControlError("too-large", `The request is longer than ${REQUEST_LIMIT} bytes`, "Split it into several.");
}

/** Throws ControlError `bad-request`. */
export function decodeRequest(line: string): ControlRequest {
  const value = parseObject(line);
  const command: unknown = value?.command;
  const options: unknown = value?.options ?? {};
  if (!Array.isArray(command) || command.length === 0 || !command.every((word) => typeof word === "string")) {
    throw new ControlError("bad-request", "A request is a JSON object with a command, a list of words");
  }
  if (!isObject(options)) throw new ControlError("bad-request", "The options of a request are an object");
  return { command, options };
}

/** The answer as a line; one that is too long becomes an error. */
export function encodeResult(result: JsonValue): string {
  const line = `${JSON.stringify({ ok: true, result })}\n`;
  if (Buffer.byteLength(line) <= RESPONSE_LIMIT) return line;
  return encodeError(
    new ControlError("too-large", "The answer is too long", "Ask for less, for example for one jail."),
  );
}

/** Only what is meant for the other side leaves the process: no stack, no cause. */
export function encodeError(error: unknown): string {
  const known = error instanceof ControlError;
  const { code, message, next } = known
    ? error
    : { code: "internal", message: `Internal error: ${error}`, next: undefined };
  return `${JSON.stringify({ ok: false, error: { code, message, next } })}\n`;
}

/** The result; throws the error that the answer tells, or `no-answer` if it is no answer. */
export function decodeResponse(line: string): JsonValue {
  const value = parseObject(line);
  if (value?.ok === true && value.result !== undefined) return value.result;
  const error = value?.error;
  if (value?.ok === false && isObject(error) && typeof error.code === "string" && typeof error.message === "string") {
    const next = typeof error.next === "string" ? error.next : undefined;
    throw new ControlError(error.code as ControlCode, error.message, next);
  }
  throw new ControlError("no-answer", "The server's answer is not understood", "Is it of another version?");
}

function parseObject(line: string): { readonly [name: string]: JsonValue | undefined } | undefined {
  try {
    const value = JSON.parse(line) as JsonValue;
    return isObject(value) ? value : undefined;
  } catch {
    // No JSON: the caller says what it expected instead.
    return undefined;
  }
}

function isObject(value: unknown): value is { readonly [name: string]: JsonValue | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
