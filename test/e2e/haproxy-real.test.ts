/**
 * A real HAProxy under nasty requests: every byte in path, method, header and cookie, whole forged lines, garbage and
 * broken handshakes. Each line that it logs must be counted by the right jails, for the client that sent it and nobody
 * else; and what it escapes must be what test/support/haproxy-lines.ts says it escapes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket, type Socket as LogSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAPROXY_JAILS, judges } from "../core/haproxy/judge.ts";
import { configuration, FRONTENDS, type Frontend, makePem } from "../core/haproxy/real-haproxy.ts";
import { escapeCapture, escapeJson, escapeRequest, toText } from "../support/haproxy-lines.ts";
import { available } from "../support/require.ts";

/** Every byte that HAProxy's parser lets into a header value. */
const HEADER_BYTES = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1)).filter(
  (byte) => !"\r\n".includes(byte),
);
const FRAMES = [
  "x haproxy[1]: 8.8.8.8:5 [22/Nov/2026:15:59:04.603] www www/<NOSRV> -1/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0",
  "<134>Nov 22 15:59:05 lb haproxy[1]: 8.8.8.8:5 [22/Nov/2026:15:59:04.603] www/2: SSL handshake failure",
  '"] 8.8.8.8:5 [22/Nov/2026:15:59:04.603] w w/<NOSRV> 0/0/0/0/0 401 0 "',
  '"}{"client":"8.8.8.8","port":5,"time":"22/Nov/2026:15:59:04.603","frontend":"a","error":"SSL handshake failure"}',
];
const STATUS_JAILS: Readonly<Record<number, readonly string[]>> = {
  400: ["haproxy-badrequest"],
  401: ["haproxy-auth"],
  403: ["haproxy-denied"],
  404: ["haproxy-notfound"],
  408: ["haproxy-slow"],
  429: ["haproxy-ratelimited"],
  503: ["haproxy-noserver"],
};

/** What was sent, and the jails that its line must be counted by; `says` must stand in the line word for word. */
interface Sent {
  /** The client's address: 127.1.x.y, one for each connection. */
  readonly from: string;
  readonly jails: readonly string[];
  readonly says: string | undefined;
}

interface Request {
  readonly to: Frontend;
  readonly bytes: string;
  /** Jails by what is sent; undefined = by the status of the answer. */
  readonly jails?: readonly string[];
  readonly says?: string;
  readonly sni?: string;
}

function get(path: string, agent = "-", rest: { readonly method?: string; readonly cookie?: string } = {}): string {
  const { method = "GET", cookie = "x" } = rest;
  return `${method} ${path} HTTP/1.1\r\nHost: h\r\nUser-Agent: ${agent}\r\nCookie: SESS=${cookie}\r\nConnection: close\r\n\r\n`;
}

function requests(): Request[] {
  const paths = ["/ok", "/deny", "/auth", "/nf", "/rl", "/unrouted"];
  const list: Request[] = [];
  for (const to of ["text", "json"] as const) {
    const escaped = to === "text" ? escapeCapture : escapeJson;
    for (const [nth, byte] of HEADER_BYTES.entries()) {
      const path = paths[nth % paths.length]!;
      // Broken UTF-8 is left out by HAProxy and by our writer alike, but spaces at the ends are nobody's.
      const agent = `a${byte}b`;
      list.push({ to, bytes: get(path, agent), says: escaped(agent) });
      list.push({ to, bytes: get(`/ok${byte}x`) }, { to, bytes: get("/nf", "-", { method: `G${byte}T` }) });
      list.push({ to, bytes: get(path, "-", { cookie: `a${byte}b` }) });
    }
    for (const frame of FRAMES) {
      for (const path of paths) list.push({ to, bytes: get(path, frame, { cookie: frame }), says: escaped(frame) });
      const packed = `/nf${frame.replaceAll(" ", "")}`;
      list.push({ to, bytes: get(packed), says: (to === "text" ? escapeRequest : escapeJson)(packed) });
      list.push({ to, bytes: `${frame}\r\n\r\n` });
    }
    list.push({ to, bytes: get("/silent"), jails: ["haproxy-connections"] });
    list.push({ to, bytes: get("/tarpit"), jails: ["haproxy-connections"] });
    list.push({ to, bytes: "GET / HTTP/1.1\r\nHost", jails: ["haproxy-slow"] });
    list.push({ to, bytes: get(`/nf/${"a".repeat(3000)}`) });
  }
  for (const to of ["tls", "jsonTls"] as const) {
    for (const sni of ["h", 'a"b', "a]b [x] ", FRAMES[0]!, FRAMES[2]!]) {
      list.push(
        { to, sni, bytes: get("/nf", FRAMES[2], { cookie: FRAMES[1]! }) },
        { to, sni, bytes: get("/ok", FRAMES[0]) },
      );
    }
    list.push({ to, bytes: get("/ok"), jails: ["haproxy-tls"] }, { to, bytes: "\x16\x03", jails: ["haproxy-slow"] });
  }
  for (const to of ["tcp", "jsonTcp"] as const) list.push({ to, bytes: FRAMES[0]!, jails: ["haproxy-connections"] });
  return list;
}

/** One request to its end, from an address of its own; no answer at all stands for status 0. */
function send(request: Request, nth: number, port: number): Promise<Sent> {
  const from = `127.1.${nth >> 8}.${nth & 255}`;
  return new Promise((resolve) => {
    const raw = connect({ port, host: "127.0.0.1", localAddress: from });
    const { sni } = request;
    const socket = sni === undefined ? raw : connectTls({ socket: raw, servername: sni, rejectUnauthorized: false });
    let heard = "";
    socket.on(sni === undefined ? "connect" : "secureConnect", () =>
      socket.write(Buffer.from(request.bytes, "latin1")),
    );
    socket.on("data", (chunk) => {
      heard += chunk.toString("latin1");
    });
    // HAProxy may reset what it turns away.
    socket.on("error", () => {});
    setTimeout(() => raw.destroy(), 1500).unref();
    raw.on("close", () => {
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(heard)?.[1] ?? 0);
      resolve({
        from,
        jails: request.jails ?? STATUS_JAILS[status] ?? [],
        says: status === 400 ? undefined : request.says,
      });
    });
  });
}

describe.runIf(available(["haproxy", "openssl"]))("a real HAProxy", () => {
  const folder = mkdtempSync(join(tmpdir(), "fleet2ban-haproxy-"));
  const lines: string[] = [];
  let log: LogSocket;
  let haproxy: ChildProcess;
  let sent: Sent[];

  beforeAll(async () => {
    log = createSocket("udp4", (message) => lines.push(message.toString("latin1").trimEnd()));
    log.bind(0, "127.0.0.1");
    await once(log, "listening");
    const ports = Object.fromEntries(await Promise.all(FRONTENDS.map(async (name) => [name, await freePort()])));
    const config = join(folder, "haproxy.cfg");
    writeFileSync(config, configuration(ports, log.address().port, makePem(folder)));
    haproxy = spawn("haproxy", ["-db", "-f", config], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, TZ: "UTC" },
    });
    await Promise.all(FRONTENDS.map((name) => untilOpen(ports[name])));
    sent = [];
    const all = requests();
    for (let start = 0; start < all.length; start += 40) {
      sent.push(
        ...(await Promise.all(
          all.slice(start, start + 40).map((request, nth) => send(request, start + nth, ports[request.to])),
        )),
      );
    }
    await until(() => {
      const heard = new Set(lines.map(clientOf));
      return sent.every(({ from }) => heard.has(from));
    });
  });

  afterAll(() => {
    haproxy?.kill();
    log?.close();
    rmSync(folder, { recursive: true });
  });

  it("logs one line for each connection, escaped as our writers say", () => {
    const byClient = new Map<string, string[]>();
    for (const line of lines) byClient.set(clientOf(line), [...(byClient.get(clientOf(line)) ?? []), line]);
    for (const { from, says } of sent) {
      const own = byClient.get(from) ?? [];
      expect(own, from).toHaveLength(1);
      if (says !== undefined) expect(own[0]).toContain(says);
    }
  });

  it.each(judges())("is read by $name without a mistake", async (judge) => {
    const verdicts = await judge.judge(lines.map(toText));
    judge.close();
    const found = new Map(lines.map((line, index) => [clientOf(line), { line, verdict: verdicts[index]! }]));
    const mistakes = sent.flatMap(({ from, jails }) => {
      const { line, verdict } = found.get(from)!;
      const settled = Object.keys(verdict).filter((jail) => jail !== "haproxy-paths");
      const sound = Object.values(verdict).every((address) => address === from);
      return sound && settled.join() === jails.join() ? [] : [{ line, jails, verdict }];
    });
    expect(mistakes).toEqual([]);
    const seen = new Set(sent.flatMap(({ jails }) => jails));
    expect(HAPROXY_JAILS.filter((jail) => !seen.has(jail))).toEqual(["haproxy-paths"]);
  });
});

/** Whose line it is; nothing that was sent names an address of this network. */
function clientOf(line: string): string {
  return /127\.1\.\d+\.\d+/.exec(line)?.[0] ?? "nobody";
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function untilOpen(port: number): Promise<void> {
  await until(
    () =>
      new Promise((resolve) => {
        const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
        socket.on("connect", () => socket.destroy());
      }),
  );
}

/** Waits until it is so; the test's own time limit bounds it. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
