/**
 * Logs of the functions: one JSON object a line, each with what finds the lines that belong together.
 *
 * No log line of a client's is ever written here by default: a function that logs what it reads, in a log group that it
 * reads, feeds itself.
 */

export type Level = "DEBUG" | "INFO" | "WARN" | "ERROR";
export type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  /** `error` is written with its code, its next step and its causes. */
  error(message: string, error: unknown, fields?: Fields): void;
  /** A log whose lines carry these fields too. */
  child(fields: Fields): Log;
}

export interface LogOptions {
  /** Takes one line without its end. */
  readonly write: (line: string) => void;
  /** Epoch ms. */
  readonly now: () => number;
  /** On every line: stack, function. */
  readonly fields: Fields;
}

/** CloudWatch takes events of up to 1 MB; nothing that helps a person is longer than this, in characters. */
const LONGEST_TEXT = 4_000;

export function createLog({ write, now, fields }: LogOptions): Log {
  const line = (level: Level, message: string, more: Fields = {}) =>
    write(JSON.stringify({ level, time: new Date(now()).toISOString(), message, ...fields, ...more }, short));
  return {
    info: (message, more) => line("INFO", message, more),
    warn: (message, more) => line("WARN", message, more),
    error: (message, error, more) => line("ERROR", message, { ...more, error: describeError(error) }),
    child: (more) => createLog({ write, now, fields: { ...fields, ...more } }),
  };
}

/** How deep causes are followed. */
const CAUSES = 4;

/** An error as fields: name, message, code and next step where it has them, and its causes. */
export function describeError(error: unknown, depth = 0): Fields {
  if (!(error instanceof Error)) return { name: typeof error, message: String(error) };
  const { code, next } = error as { readonly code?: unknown; readonly next?: unknown };
  return {
    name: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(next === undefined ? {} : { next }),
    ...(error.cause === undefined || depth >= CAUSES ? {} : { cause: describeError(error.cause, depth + 1) }),
    // The outermost one says where; what caused it is named by its message.
    ...(depth > 0 || code !== undefined ? {} : { stack: error.stack }),
  };
}

function short(_: string, value: unknown): unknown {
  if (typeof value !== "string" || value.length <= LONGEST_TEXT) return value;
  return `${value.slice(0, LONGEST_TEXT)}… (${value.length} characters)`;
}
