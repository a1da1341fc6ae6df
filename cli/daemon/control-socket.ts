/**
 * The control socket: one question, one answer, a line of JSON each way, on a Unix socket that only its owner can open.
 * Who may open it may ban and unban; there is no other check.
 */
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { CliFailure, reasonOf } from "../failure.ts";

export interface ControlMessage {
  readonly command: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface ControlServer {
  /** Answers what was asked, then takes the socket away. */
  close(): Promise<void>;
}

/** Long lists of addresses fit; nobody fills the memory. */
const LONGEST = 4 << 20;
/** Ms for a client to say what it wants; an answer may take longer. */
const PATIENCE = 10_000;
/** Ms for the last answers at the end. */
const LAST_ANSWERS = 2_000;

/** Listens at `path`. Throws a CliFailure where another daemon listens there, or the path cannot be used. */
export async function serveControl(
  path: string,
  answer: (message: ControlMessage) => Promise<unknown>,
): Promise<ControlServer> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  await removeStale(path);
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.setTimeout(PATIENCE, () => socket.destroy());
    void readLine(socket).then(
      async (line) => {
        socket.setTimeout(0);
        socket.end(`${JSON.stringify(await answerTo(line, answer))}\n`);
      },
      () => socket.destroy(),
    );
  });
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
      // The socket is made while listen() is called, so no other file is made with this mask.
      process.umask(mask);
    });
  } catch (error) {
    throw new CliFailure(`cannot listen at ${path}: ${reasonOf(error)}`, {
      next: "Name another --socket.",
      cause: error,
    });
  } finally {
    process.umask(mask);
  }
  chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Who has not asked yet gets no answer any more, and who waits for one does not wait for ever.
        for (const socket of open) if (!socket.readableEnded) socket.destroy();
        setTimeout(() => {
          for (const socket of open) socket.destroy();
        }, LAST_ANSWERS).unref();
      }),
  };
}

async function answerTo(line: string, answer: (message: ControlMessage) => Promise<unknown>): Promise<unknown> {
  try {
    const message = JSON.parse(line) as Partial<ControlMessage>;
    if (typeof message.command !== "string" || typeof message.options !== "object" || message.options === null) {
      throw new Error("no command in what was sent");
    }
    return await answer({ command: message.command, options: message.options });
  } catch (error) {
    // A client must always get an answer; what failed inside is for it to read.
    return { kind: "refused", refusal: { kind: "failed", reason: reasonOf(error) } };
  }
}

/** Sends one question and gives the answer; rejects with the system's error where nobody listens. */
export async function callControl(path: string, message: ControlMessage): Promise<unknown> {
  const socket = createConnection(path);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    socket.end(`${JSON.stringify(message)}\n`);
    return JSON.parse(await readLine(socket)) as unknown;
  } finally {
    socket.destroy();
  }
}

/** The first line, or everything up to the end. */
function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
      else if (text.length > LONGEST) reject(new Error("the message is too long"));
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the other side went away")));
  });
}

/** A socket that a killed daemon left behind is removed; one that answers is not ours to remove. */
async function removeStale(path: string): Promise<void> {
  const listens = await new Promise<boolean | undefined>((resolve) => {
    const socket = createConnection(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED" ? false : undefined));
  });
  if (listens === true) {
    throw new CliFailure(`another fleet2ban listens at ${path}`, {
      next: "Stop it, or give this one its own --socket and --state.",
    });
  }
  // A plain file refuses a connection as well; it is somebody's.
  if (listens === false && lstatSync(path).isSocket()) unlinkSync(path);
}
