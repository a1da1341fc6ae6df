/** Registries on the loopback: an HTTP server behind an injected fetch, and TCP servers behind an injected connection. */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net";
import type { Fetch } from "../../../shared/adapters/whois/fetch-json.ts";

type Reply = (request: IncomingMessage, response: ServerResponse) => void;

export interface HttpRegistry {
  /** Asks the loopback server for every https URL; the host that was meant is in the Host header. */
  readonly fetch: Fetch;
  /** "host/path" of each request, in order. */
  readonly asked: string[];
  close(): void;
}

/** `replies` by "host/path"; what is not there is a 404. */
export async function startHttp(replies: Readonly<Record<string, Reply>>): Promise<HttpRegistry> {
  const asked: string[] = [];
  const server = createHttpServer((request, response) => {
    const name = `${request.headers["x-host"]}${request.url}`;
    asked.push(name);
    const reply = replies[name];
    if (reply !== undefined) return reply(request, response);
    response.writeHead(404).end();
  });
  const port = await listening(server);
  return {
    asked,
    fetch: (text, init) => {
      const url = new URL(text);
      const headers = { ...(init.headers as Record<string, string>), "x-host": url.hostname };
      return fetch(`http://127.0.0.1:${port}${url.pathname}`, { ...init, headers });
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export function json(value: unknown): Reply {
  return (_, response) => response.end(JSON.stringify(value));
}

export function redirect(location: string): Reply {
  return (_, response) => response.writeHead(302, { location }).end();
}

export interface TcpRegistries {
  readonly connect: (host: string) => Socket;
  /** "host: question", in order. */
  readonly asked: string[];
  close(): void;
}

/** `behave` by host: what its server does with a question. */
export async function startTcp(
  behave: Readonly<Record<string, (socket: Socket, question: string) => void>>,
): Promise<TcpRegistries> {
  const asked: string[] = [];
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const ports = new Map<string, number>();
  for (const [host, act] of Object.entries(behave)) {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("data", (data) => {
        asked.push(`${host}: ${data.toString("utf8")}`);
        act(socket, data.toString("utf8"));
      });
    });
    ports.set(host, await listening(server));
    servers.push(server);
  }
  return {
    asked,
    // Port 9 of the loopback is nobody's: a host without a server refuses.
    connect: (host) => createConnection(ports.get(host) ?? 9, "127.0.0.1"),
    close: () => {
      for (const socket of sockets) socket.destroy();
      for (const server of servers) server.close();
    },
  };
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
