/** The stage of the recording: addresses, a certificate, two HAProxys with servers behind them, and who takes the log. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The two load balancers of the fleet. */
export const HOSTS = [
  { name: "lb1", ipv4: "203.0.113.10", ipv6: "2001:db8:f::10" },
  { name: "lb2", ipv4: "203.0.113.11", ipv6: "2001:db8:f::11" },
] as const;

/** Gives the namespace's loopback every address that is spoken from or to. */
export function takeAddresses(addresses: readonly string[]): void {
  execFileSync("ip", ["link", "set", "lo", "up"]);
  for (const address of addresses) {
    const options = address.includes(":") ? [`${address}/128`, "dev", "lo", "nodad"] : [`${address}/32`, "dev", "lo"];
    execFileSync("ip", ["address", "add", ...options]);
  }
}

/** A certificate for shop.example with its key, for HAProxy's `crt`. */
export function makeCertificate(folder: string): string {
  const pem = join(folder, "shop.pem");
  const subject = ["-subj", "/CN=shop.example", "-days", "30", "-keyout", pem, "-out", join(folder, "shop.crt")];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject], { stdio: "ignore" });
  execFileSync("sh", ["-c", 'cat "$1/shop.crt" >> "$1/shop.pem"', "sh", folder]);
  return pem;
}

const KNOWN = /^\/(?:$|style\.css|item\/|basket|logo\.svg|about|staff|search\?|v1\/stock)/;

/** The application: knows its pages, answers 304, 401 and 404 by itself. */
export async function startShop(): Promise<Server> {
  const shop = createHttpServer((request, response) => {
    const path = request.url ?? "/";
    if (request.headers["if-none-match"] !== undefined) response.writeHead(304).end();
    else if (path === "/v1/login") response.writeHead(401, { "content-length": "0" }).end();
    else response.writeHead(KNOWN.test(path) ? 200 : 404, { "content-length": "14" }).end("Hello, world!\n");
  });
  return listen(shop, 8001);
}

/** The message queue behind the TCP frontend: says that it is ready, and waits. */
export async function startBroker(): Promise<Server> {
  const broker = createServer((socket) => {
    socket.on("error", () => {});
    socket.write("ready\n");
    socket.resume();
  });
  return listen(broker, 8002);
}

async function listen(server: Server, port: number): Promise<Server> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

export interface Taken {
  /** Lines as rsyslog would write them to a file: without the priority. */
  readonly lines: string[];
  close(): void;
}

/** Takes syslog messages on UDP port 514. */
export async function takeLog(): Promise<Taken> {
  const socket = createSocket("udp4");
  const lines: string[] = [];
  socket.on("message", (message) =>
    lines.push(
      message
        .toString("latin1")
        .replace(/^<\d+>/, "")
        .trimEnd(),
    ),
  );
  socket.bind(514, "127.0.0.1");
  await once(socket, "listening");
  return { lines, close: () => socket.close() };
}

/** Starts an HAProxy with the sample configuration; it stays in the foreground, as our child. */
export function startHaproxy(host: (typeof HOSTS)[number], pem: string): ChildProcess {
  const config = fileURLToPath(new URL("./haproxy.cfg", import.meta.url));
  const env = {
    ...process.env,
    TZ: "UTC",
    LB_NAME: host.name,
    LB_ADDRESS: host.ipv4,
    LB_ADDRESS6: host.ipv6,
    LB_PEM: pem,
  };
  return spawn("haproxy", ["-db", "-f", config], { env, stdio: ["ignore", "ignore", "inherit"] });
}
