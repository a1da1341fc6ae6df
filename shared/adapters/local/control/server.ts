/**
 * The daemon's side of the control socket.
 *
 * A client can only harm itself: it has so much time for a request and so many bytes, one request of it is worked on at a
 * time, and one that hangs, sends garbage, does not read its answer or goes away is dropped.
 */
import { createServer, type Socket } from "node:net";
import { claim } from "./claim.ts";
import { LineBuffer } from "./line-buffer.ts";
import {
  ControlError,
  type ControlRequest,
  decodeRequest,
  encodeError,
  encodeResult,
  type JsonValue,
  REQUEST_LIMIT,
} from "./protocol.ts";

/** Carries out one request; throws ControlError (`refused` …) to tell the client why not. */
export type ControlHandler = (request: ControlRequest) => Promise<JsonValue>;

export interface ServeOptions {
  /** Milliseconds in which a request must be complete, and in which a client must take in part of its answer. Default 10 000. */
  readonly patience?: number;
  /** Clients at once; one more is told that there are too many. Default 64. */
  readonly maxClients?: number;
  /** Hears of errors that no client caused: what the handler throws but ControlError, and accept running out of files. */
  readonly failed?: (error: unknown) => void;
}

export interface ControlServer {
  readonly path: string;
  /** Removes the socket, lets requests under way be answered (for a second at most), and drops all clients. */
  close(): Promise<void>;
}

const CLOSING_TIME = 1000;

/** Listens on `path` (mode 0600). Throws ControlError `already-running`, `no-permission` or `bad-path`. */
export async function serveControl(
  path: string,
  handler: ControlHandler,
  options: ServeOptions = {},
): Promise<ControlServer> {
  const { patience = 10_000, maxClients = 64, failed = () => {} } = options;
  const sockets = new Set<Socket>();
  const clients = new Set<Client>();
  const answer = async (line: string): Promise<string> => {
    try {
      return encodeResult(await handler(decodeRequest(line)));
    } catch (error) {
      // Whatever it is, the client is told, and the server goes on.
      if (!(error instanceof ControlError)) failed(error);
      return encodeError(error);
    }
  };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    if (clients.size >= maxClients) {
      socket.end(encodeError(new ControlError("too-busy", "Too many clients at once", "Try again in a moment.")));
      // Whatever it goes on sending: an idle time-out would never come.
      const timer = setTimeout(() => socket.destroy(), patience);
      socket.once("close", () => clearTimeout(timer));
      socket.resume();
      return;
    }
    const client = new Client(socket, answer, patience);
    clients.add(client);
    socket.once("close", () => clients.delete(client));
  });
  // From its first moment on: an error that nobody hears ends the process.
  server.once("listening", () => server.on("error", failed));
  await claim(server, path);
  return {
    path,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const client of clients) client.finish();
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, CLOSING_TIME);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** One connection; requests on it are answered in their order. */
class Client {
  readonly #socket: Socket;
  readonly #answer: (line: string) => Promise<string>;
  readonly #patience: number;
  readonly #lines = new LineBuffer(REQUEST_LIMIT);
  #deadline: NodeJS.Timeout | undefined;
  #isBusy = false;
  #isLast = false;

  constructor(socket: Socket, answer: (line: string) => Promise<string>, patience: number) {
    this.#socket = socket;
    this.#answer = answer;
    this.#patience = patience;
    socket.on("data", (chunk: Buffer) => {
      this.#lines.push(chunk);
      void this.#work();
    });
    // It may still wait for the answer to what it has asked.
    socket.on("end", () => this.finish());
    socket.on("close", () => clearTimeout(this.#deadline));
    this.#expect();
  }

  /** Answers what is being worked on and then hangs up. */
  finish(): void {
    this.#isLast = true;
    if (!this.#isBusy) this.#socket.destroySoon();
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift()) {
      clearTimeout(this.#deadline);
      // What it sends meanwhile stays in the kernel.
      this.#socket.pause();
      await this.#send(await this.#answer(line));
      if (this.#socket.destroyed) return;
      this.#socket.resume();
      if (this.#isLast && !this.#socket.readableEnded) break;
      this.#expect();
    }
    this.#isBusy = false;
    if (this.#lines.isOverfull) {
      await this.#send(encodeError(new ControlError("too-large", `A request has at most ${REQUEST_LIMIT} bytes`)));
      this.#isLast = true;
    }
    if (this.#isLast) this.finish();
  }

  /** Resolves when the client has taken it in, or is gone. */
  #send(line: string): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.setTimeout(this.#patience, () => this.#socket.destroy());
      this.#socket.once("close", resolve);
      this.#socket.write(line, () => {
        this.#socket.setTimeout(0);
        this.#socket.off("close", resolve);
        resolve();
      });
    });
  }

  #expect(): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#socket.destroy(), this.#patience);
  }
}
