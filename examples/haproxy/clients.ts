/** What the clients of the recording send, byte by byte, and what each of them got to see. */
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Jails are named for what the client saw, never from the log. */
export type Saw = number | "closed" | "greeted";

export interface Visit {
  /** Source address. */
  readonly from: string;
  /** Destination address; the port is the kind's. */
  readonly to: string;
}

interface Kind {
  readonly port: number;
  readonly tls?: boolean;
  /** What the nth client of a visit sends. */
  readonly bytes: (nth: number) => string;
  /** The jails that must count it, given what the client saw. */
  readonly jails: (saw: Saw) => readonly string[];
}

const BY_STATUS: Readonly<Record<number, string>> = {
  401: "haproxy-auth",
  403: "haproxy-denied",
  404: "haproxy-notfound",
  429: "haproxy-ratelimited",
};

function byStatus(saw: Saw): readonly string[] {
  const jail = typeof saw === "number" ? BY_STATUS[saw] : undefined;
  return jail === undefined ? [] : [jail];
}

const always = (jail: string) => () => [jail];

function get(path: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = { Host: "shop.example", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0", ...headers };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${head.join("")}Connection: close\r\n\r\n`;
}

function basic(password: string): Readonly<Record<string, string>> {
  return { Authorization: `Basic ${Buffer.from(`alice:${password}`).toString("base64")}` };
}

const PAGES = ["/", "/style.css", "/item/17", "/item/23", "/basket", "/logo.svg", "/about"];
const SECRETS = [
  "/.env",
  "/.git/config",
  "/wp-login.php",
  "/%2eenv",
  "/backup.zip",
  "/a/../../etc/passwd",
  "/phpMyAdmin/",
];
/** A whole failed line of somebody else, and a head to go with it. */
const FRAME =
  "x haproxy[1]: 8.8.8.8:5 [22/Nov/2026:06:00:00.000] www www/<NOSRV> -1/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0";
const CLIENT_HELLO = "\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03";

function pick(list: readonly string[], nth: number): string {
  return list[nth % list.length]!;
}

export const KINDS = {
  page: { port: 80, bytes: (nth) => get(pick(PAGES, nth)), jails: byStatus },
  cached: { port: 80, bytes: () => get("/logo.svg", { "If-None-Match": '"1"' }), jails: byStatus },
  securePage: { port: 443, tls: true, bytes: (nth) => get(pick(PAGES, nth)), jails: byStatus },
  apiCall: { port: 8080, bytes: (nth) => get(`/v1/stock?item=${nth}`), jails: byStatus },
  publish: { port: 1883, bytes: () => "CONNECT\n", jails: (saw) => (saw === "closed" ? ["haproxy-connections"] : []) },
  deadImage: { port: 80, bytes: (nth) => get(`/img/2019-${nth}.png`), jails: byStatus },
  probe: { port: 80, bytes: (nth) => get(`/area-${nth}/?^[]"<>|`, { "User-Agent": "dirbuster" }), jails: byStatus },
  secret: {
    port: 80,
    bytes: (nth) => get(pick(SECRETS, nth), { "User-Agent": "Go-http-client/1.1" }),
    jails: () => ["haproxy-notfound", "haproxy-paths"],
  },
  apiSecret: {
    port: 8080,
    bytes: (nth) => get(pick(SECRETS, nth)),
    jails: () => ["haproxy-notfound", "haproxy-paths"],
  },
  unknownHost: {
    port: 80,
    bytes: (nth) => get("/", { Host: `203.0.113.${nth}`, "User-Agent": "Mozilla/5.0 zgrab/0.x" }),
    jails: always("haproxy-noserver"),
  },
  garbage: { port: 80, bytes: (nth) => `\x03\x00\x00/*\xe0${nth}\r\n\r\n`, jails: always("haproxy-badrequest") },
  helloOnPlainPort: { port: 80, bytes: () => CLIENT_HELLO, jails: always("haproxy-badrequest") },
  firstLook: { port: 80, bytes: () => get("/staff"), jails: byStatus },
  wrongPassword: { port: 80, bytes: (nth) => get("/staff", basic(`guess-${nth}`)), jails: byStatus },
  rightPassword: { port: 80, bytes: () => get("/staff", basic("correct-horse")), jails: byStatus },
  apiLogin: { port: 8080, bytes: () => get("/v1/login"), jails: byStatus },
  internal: { port: 80, bytes: (nth) => get(`/internal/${nth}`), jails: byStatus },
  search: {
    port: 80,
    bytes: (nth) => get(`/search?q=${nth}`, { "User-Agent": "python-requests/2.32" }),
    jails: byStatus,
  },
  unfinished: { port: 80, bytes: () => "GET / HTTP/1.1\r\nHost: sh", jails: always("haproxy-slow") },
  untouched: { port: 80, bytes: () => "", jails: () => [] },
  plainOnTlsPort: { port: 443, bytes: () => get("/"), jails: always("haproxy-tls") },
  massScan: {
    port: 80,
    bytes: () => get("/", { "User-Agent": "masscan/1.3" }),
    jails: always("haproxy-connections"),
  },
  injection: {
    port: 80,
    bytes: (nth) => get(`/item/${nth}%27--`, { "User-Agent": "sqlmap/1.8" }),
    jails: always("haproxy-connections"),
  },
  framing: { port: 80, bytes: () => get("/", { "User-Agent": FRAME }), jails: byStatus },
  apiFraming: { port: 8080, bytes: () => get("/", { "User-Agent": `"}${FRAME}` }), jails: byStatus },
} satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;

/** Milliseconds after which a client without an answer hangs up: longer than HAProxy takes to turn anybody away. */
const PATIENCE = 700;

/** One client, from its connection to its end. */
export function visit({ from, to }: Visit, name: KindName, nth: number): Promise<Saw> {
  const kind: Kind = KINDS[name];
  const address = { host: to, port: kind.port, localAddress: from };
  return new Promise((resolve) => {
    const raw = connect(address);
    const socket: Socket =
      kind.tls === true ? connectTls({ socket: raw, rejectUnauthorized: false, servername: "shop.example" }) : raw;
    let heard = "";
    const hangUp = setTimeout(() => raw.destroy(), name === "untouched" ? 50 : PATIENCE);
    socket.on(kind.tls === true ? "secureConnect" : "connect", () =>
      socket.write(Buffer.from(kind.bytes(nth), "latin1")),
    );
    socket.on("data", (chunk) => {
      heard += chunk.toString("latin1");
      if (heard.startsWith("ready")) socket.end();
    });
    // A reset or refused connection is one of the things a client may see.
    socket.on("error", () => {});
    raw.on("close", () => {
      clearTimeout(hangUp);
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(heard)?.[1];
      resolve(status !== undefined ? Number(status) : heard.startsWith("ready") ? "greeted" : "closed");
    });
  });
}
