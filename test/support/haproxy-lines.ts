/**
 * HAProxy's log lines, written the way HAProxy 2.6 writes them: which bytes of a client reach the log, and how they are
 * escaped there. test/e2e/haproxy-real.test.ts holds these writers against a real HAProxy.
 *
 * What a client sends is a binary string, one character for one byte; `toText` makes of a whole line what a reader of
 * the log sees.
 */

/** Where the connection came from, and how HAProxy prints it: IPv6 without brackets, the port after the last colon. */
export interface Client {
  /** Canonical: the address that may be banned for the line. */
  readonly address: string;
  /** As in the first field, port included. */
  readonly printed: string;
  readonly port: number;
  readonly printedAddress: string;
}

/** The fields that HAProxy itself makes. */
export interface Outcome {
  readonly frontend: string;
  readonly backend: string;
  readonly server: string;
  readonly timers: string;
  readonly status: number;
  readonly bytes: string;
  /** Four letters in HTTP mode, two in TCP mode. */
  readonly state: string;
}

/** What the client wrote, as bytes; undefined request = HAProxy could not read one, and logs <BADREQ>. */
export interface Words {
  readonly request: { readonly method: string; readonly uri: string; readonly version: string } | undefined;
  /** Values of captured request headers; undefined = none are configured. */
  readonly captures: readonly string[] | undefined;
  /** A captured request cookie, which HAProxy logs as it came. */
  readonly cookie: string | undefined;
  /** The server name of the TLS handshake, which `option httpslog` logs as it came. */
  readonly sni: string | undefined;
}

/** A message or line, and how many of its characters settle what the fixed fields say. */
export interface Written {
  readonly text: string;
  readonly settled: number;
}

const COUNTERS = "1/1/0/0/0 0/0";

/** `option httplog`. */
export function httplog(client: Client, date: string, outcome: Outcome, words: Words): Written {
  const { frontend, backend, server, timers, status, bytes, state } = outcome;
  const start = `${client.printed} [${date}] ${frontend} ${backend}/${server} ${timers} ${status} ${bytes} `;
  const fixed = `${start}${words.cookie ?? "-"} - ${state} ${COUNTERS}`;
  const captures = words.captures === undefined ? "" : ` {${words.captures.map(escapeCapture).join("|")}}`;
  return { text: `${fixed}${captures} "${requestLine(words)}"`, settled: fixed.length };
}

/** `option httpslog`: httplog and the TLS fields after it. */
export function httpslog(client: Client, date: string, outcome: Outcome, words: Words): Written {
  const plain = httplog(client, date, outcome, words);
  const text = `${plain.text} 0/0000000000000000/0/0/0 ${words.sni ?? "-"}/TLSv1.3/TLS_AES_256_GCM_SHA384`;
  return { text, settled: plain.settled };
}

/** `option tcplog`; `outcome.status` has no place in it. */
export function tcplog(client: Client, date: string, outcome: Outcome): Written {
  const { frontend, backend, server, timers, bytes, state } = outcome;
  const text = `${client.printed} [${date}] ${frontend} ${backend}/${server} ${timers} ${bytes} ${state} ${COUNTERS}`;
  return { text, settled: text.length };
}

/** The JSON log-format of docs/filters.md. */
export function jsonLog(client: Client, date: string, outcome: Outcome, words: Words): Written {
  const { frontend, backend, server, timers, status, bytes, state } = outcome;
  const [agent = "-"] = words.captures ?? [];
  const fixed =
    `${jsonStart(client, date)}"frontend":"${frontend}","backend":"${backend}","server":"${server}",` +
    `"timers":"${timers}","status":${status},"bytes":${bytes},"state":"${state}"`;
  const { method = "-", uri = "-", version = "-" } = words.request ?? {};
  const members = { method, uri, version, sni: words.sni ?? "-", agent };
  const said = Object.entries(members).map(([name, value]) => `"${name}":"${escapeJson(value)}"`);
  return { text: `${fixed},"conns":"1/1/0/0/0","queues":"0/0",${said.join(",")}}`, settled: fixed.length };
}

/** The JSON log-format of docs/filters.md for TCP frontends. */
export function jsonTcpLog(client: Client, date: string, outcome: Outcome): Written {
  const { frontend, backend, server, timers, bytes, state } = outcome;
  const text =
    `${jsonStart(client, date)}"frontend":"${frontend}","backend":"${backend}","server":"${server}",` +
    `"timers":"${timers}","bytes":${bytes},"state":"${state}","conns":"1/1/0/0/0","queues":"0/0"}`;
  return { text, settled: text.length };
}

/** What HAProxy logs for a connection that never became a session, a failed TLS handshake for one. */
export function errorLog(client: Client, date: string, frontend: string, error: string): Written {
  const text = `${client.printed} [${date}] ${frontend}/2: ${error}`;
  return { text, settled: text.length };
}

/** The JSON error-log-format of docs/filters.md. */
export function jsonErrorLog(client: Client, date: string, frontend: string, error: string): Written {
  const text = `${jsonStart(client, date)}"frontend":"${frontend}~","error":"${error}"}`;
  return { text, settled: text.length };
}

/** A frontend with no log option at all. */
export function connectLog(client: Client, mode: "HTTP" | "TCP"): Written {
  const text = `Connect from ${client.printed} to 203.0.113.1:443 (www/${mode})`;
  return { text, settled: text.length };
}

/** Every head that may stand before a message; the value in RFC 5424's structured data is what a client wrote. */
export const HEADS: Readonly<Record<string, (message: Written, said: string) => Written>> = {
  none: (message) => message,
  space: prefix(() => " "),
  priority: prefix(() => "<134>"),
  tag: prefix(() => "haproxy[760]: "),
  local: prefix(() => "<134>Nov  2 15:59:05 haproxy[20759]: "),
  rfc3164: prefix(() => "<134>Nov 22 15:59:05 localhost haproxy[20759]: "),
  rsyslog: prefix(() => "Nov 22 15:59:05 lb-1.example.net haproxy[20759]: "),
  rsyslogIso: prefix(() => "2026-11-22T15:59:05.604225+01:00 lb1 haproxy[20759]: "),
  timed: prefix(() => "<6>2026-11-22T15:59:05.604225+00:00 "),
  iso: prefix(() => "2026-11-22T15:59:05Z "),
  rfc5424: prefix(() => "<134>1 2026-11-22T15:59:05.604225+00:00 - haproxy 20759 - - "),
  structured: prefix(
    (said) =>
      `<134>1 2026-11-22T15:59:05.604225+00:00 lb1 haproxy 20759 - [a@1 ua="${escapeStructured(said)}" b="c"][d@2] `,
  ),
};

function prefix(head: (said: string) => string): (message: Written, said: string) => Written {
  return ({ text, settled }, said) => {
    const start = head(said);
    return { text: start + text, settled: start.length + settled };
  };
}

/** What a reader of the log makes of the bytes: UTF-8, and the replacement character for what is none. */
export function toText(binary: string): string {
  return Buffer.from(binary, "latin1").toString("utf8");
}

function requestLine({ request }: Words): string {
  if (request === undefined) return "<BADREQ>";
  return escapeRequest(`${request.method} ${request.uri} ${request.version}`);
}

function jsonStart(client: Client, date: string): string {
  return `{"client":"${client.printedAddress}","port":${client.port},"time":"${date}",`;
}

/** The request line: control and high bytes, quotes and hash signs as #XX. */
export function escapeRequest(binary: string): string {
  return binary.replace(/[\x00-\x1f\x7f-\xff"#]/g, toHash);
}

/** A captured header: as the request line, and braces and bars too. */
export function escapeCapture(binary: string): string {
  return binary.replace(/[\x00-\x1f\x7f-\xff"#{|}]/g, toHash);
}

/** `%{+E}`: quotes, backslashes and closing brackets behind a backslash, every other byte as it came. */
export function escapeStructured(binary: string): string {
  return binary.replace(/["\\\]]/g, (char) => `\\${char}`);
}

/** The converter json(utf8s): broken UTF-8 is left out, everything but printable ASCII is \uXXXX. */
export function escapeJson(binary: string): string {
  const text = Buffer.from(binary, "latin1").toString("utf8").replaceAll("\ufffd", "");
  return text.replace(/["\\/]|[^\x20-\x7e]/g, (char) => JSON_SHORT[char] ?? toUnicodeEscape(char));
}

const JSON_SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "/": "\\/",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function toUnicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function toHash(char: string): string {
  return `#${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
