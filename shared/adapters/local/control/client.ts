/** The command line's side of the control socket: one connection, one request, one answer. */
import { connect, type Socket } from "node:net";
import { LineBuffer } from "./line-buffer.ts";
import {
  ControlError,
  type ControlRequest,
  decodeResponse,
  encodeRequest,
  type JsonValue,
  RESPONSE_LIMIT,
} from "./protocol.ts";

export interface CallOptions {
  /** Milliseconds for everything; a reload of many jails takes a while. Default 30 000. */
  readonly timeout?: number;
}

/**
 * Asks the daemon that listens on `path`, and gives its result.
 *
 * Throws ControlError: `not-running`, `no-permission`, `timed-out`, `no-answer`, `too-large`, or what the daemon says.
 */
export async function callControl(
  path: string,
  request: ControlRequest,
  options: CallOptions = {},
): Promise<JsonValue> {
  const line = encodeRequest(request);
  const { timeout = 30_000 } = options;
  const socket = connect(path);
  const timer = setTimeout(() => {
    socket.destroy(
      new ControlError("timed-out", `The server on ${path} gave no answer in ${timeout / 1000} s`, "Look at its log."),
    );
  }, timeout);
  try {
    socket.write(line);
    return decodeResponse(await answerOf(socket, path));
  } catch (error) {
    throw error instanceof ControlError ? error : explain(path, error);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function answerOf(socket: Socket, path: string): Promise<string> {
  const lines = new LineBuffer(RESPONSE_LIMIT);
  return new Promise((resolve, reject) => {
    socket.on("data", (chunk: Buffer) => {
      lines.push(chunk);
      const line = lines.shift();
      if (line !== undefined) resolve(line);
      else if (lines.isOverfull) reject(new ControlError("too-large", `The answer of ${path} does not end`));
    });
    socket.on("error", reject);
    socket.on("close", () => {
      reject(
        new ControlError(
          "no-answer",
          `The server on ${path} closed the connection without an answer`,
          "Look at its log.",
        ),
      );
    });
  });
}

/** In the words that Fail2Ban's client uses. */
function explain(path: string, error: unknown): ControlError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const cause = { cause: error };
  const start = "Start it: fleet2ban run";
  if (code === "ENOENT") {
    return new ControlError(
      "not-running",
      `Failed to access socket path: ${path}. Is fleet2ban running?`,
      start,
      cause,
    );
  }
  if (code === "ECONNREFUSED") {
    return new ControlError("not-running", `Unable to contact server on ${path}. Is it running?`, start, cause);
  }
  if (code === "EACCES" || code === "EPERM") {
    const message = `Permission denied to socket: ${path}, (you must be root)`;
    return new ControlError("no-permission", message, "Run the command as the user that runs fleet2ban.", cause);
  }
  return new ControlError("no-answer", `No answer from ${path}: ${error}`, "Look at the server's log.", cause);
}
