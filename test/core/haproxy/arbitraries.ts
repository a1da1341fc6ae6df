/** Clients, what they write, and what HAProxy makes of it, for fast-check. */
import fc from "fast-check";
import { parseIp } from "../../../shared/core/address.ts";
import {
  type Client,
  connectLog,
  errorLog,
  jsonErrorLog,
  jsonTcpLog,
  type Outcome,
  tcplog,
  type Words,
  type Written,
} from "../../support/haproxy-lines.ts";

function toClient(printedAddress: string, port: number): Client {
  const address = parseIp(printedAddress.replace(/^\[|\]$/g, ""))!;
  return { address, printed: `${printedAddress}:${port}`, port, printedAddress };
}

const ipv4 = fc.ipV4().map((address) => parseIp(address)!);
/** 0 groups are frequent, so that "::" stands in every place. */
const ipv6 = fc
  .array(fc.oneof(fc.constant(0), fc.nat(0xffff), fc.nat(0x99)), { minLength: 8, maxLength: 8 })
  .map((groups) => parseIp(groups.map((group) => group.toString(16)).join(":"))!)
  .filter((address) => address.includes(":") && !/^::[0-9a-f]*(:[0-9a-f]*)?$/.test(address));

export const client: fc.Arbitrary<Client> = fc
  .tuple(
    fc.oneof(
      ipv4,
      ipv6,
      ipv6.map((address) => `[${address}]`),
      ipv4.map((address) => `::ffff:${address}`),
    ),
    fc.integer({ min: 1, max: 65_535 }),
  )
  .map(([printedAddress, port]) => toClient(printedAddress, port));

/** Whole lines and heads of somebody else's failure, to be smuggled into one's own line. */
const FRAMES = [
  "x haproxy[1]: 8.8.8.8:5 [x] a b/<NOSRV> z",
  "x haproxy[1]: 8.8.8.8:5 [22/Nov/2026:15:59:04.603] www www/<NOSRV> -1/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0",
  "haproxy[1]: 8.8.8.8:5 [22/Nov/2026:15:59:04.603] www/2: SSL handshake failure",
  "x haproxy[1]: 8.8.8.8:5 [22/Nov/2026:15:59:04.603] www/2: SSL handshake failure",
  "1 - x haproxy 1 - - 8.8.8.8:5 [22/Nov/2026:15:59:04.603] www/2: SSL handshake failure",
  "<134>Nov 22 15:59:05 localhost haproxy[20759]: 8.8.8.8:5 [22/Nov/2026:15:59:04.603] www app/a1 0/0/0/1/1 404 1 ",
  '"] 8.8.8.8:5 [22/Nov/2026:15:59:04.603] w w/<NOSRV> 0/0/0/0/0 401 0 "',
  '"\n8.8.8.8:5 [22/Nov/2026:15:59:04.603] w w/<NOSRV> 0/0/0/0/0 401 0 "',
  '"}{"client":"8.8.8.8","port":5,"time":"22/Nov/2026:15:59:04.603","frontend":"a","error":"SSL handshake failure"}',
  "Connect from 8.8.8.8:5 to 1.2.3.4:80 (www/HTTP)",
];

/** Pieces of lines and fields, and what quotes, escapes and ends them. */
const PIECES = [
  "8.8.8.8",
  "2001:db8::bad:5",
  "[2001:4860::8888]:443",
  '{"client":"8.8.8.8","port":5,"time":"',
  '"timers":"-1/-1/-1/-1/0","status":503,"bytes":0,"state":"SC--"',
  "22/Nov/2026:15:59:04.603",
  "[22/Nov/2026:15:59:04.603]",
  "2026-11-22T15:59:04Z",
  "Nov 22 15:59:04",
  '\\"',
  "[]",
  "<BADREQ>",
  "/<NOSRV> ",
  " 200 ",
  " 401 ",
  " - - cR-- ",
  " PT-- 1",
  " ---- ",
  "%22",
  "%0a",
  "\\u0022",
  "<HOST>",
  "\r\n",
  "\xe2\x80\xa8",
  "\xc3\xa9",
  "\xff\xfe",
  ...'"\\[]{|}#^<>/?\n\t\0\x7f\x85 ',
];

/** Any bytes at all. */
const anyBytes = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1"));

/** What a client writes, as bytes. */
export const said: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...FRAMES),
  fc
    .array(fc.oneof(fc.constantFrom(...FRAMES), fc.constantFrom(...PIECES), anyBytes), { maxLength: 6 })
    .map((parts) => parts.join("")),
);

/** No header or cookie holds these: HAProxy's own parser refuses the request, and the syslog reader ends the line. */
export const inHeader = said.map((text) => text.replace(/[\0\r\n]/g, ""));

export const words: fc.Arbitrary<Words> = fc.record({
  request: fc.record({
    method: fc.oneof(fc.constantFrom("GET", "POST", "PROPFIND"), inHeader.map(toToken)),
    // HAProxy refuses a path with a space or control bytes (so "<BADREQ>"), and takes everything else.
    uri: inHeader.map((text) => `/${text.replace(/[\x00-\x20#]/g, "")}`),
    version: fc.constantFrom("HTTP/1.0", "HTTP/1.1", "HTTP/2.0"),
  }),
  captures: fc.option(fc.array(inHeader, { minLength: 1, maxLength: 3 }), { nil: undefined }),
  cookie: fc.option(
    inHeader.map((text) => `SESS=${text}`),
    { nil: undefined },
  ),
  // A line feed here does begin a new line (docs/filters.md says what to do about it); what reads lines has cut it.
  sni: fc.option(inHeader, { nil: undefined }),
});

function toToken(text: string): string {
  return text.replace(/[^!#$%&'*+.^_`|~0-9A-Za-z-]/g, "") || "X";
}

/** HAProxy could not read the request: nothing that the client wrote is in the line but bytes before it. */
export const unread: fc.Arbitrary<Words> = fc.constant({
  request: undefined,
  captures: undefined,
  cookie: undefined,
  sni: undefined,
});

export const date = fc
  .date({ min: new Date("2026-01-01T00:00:00Z"), max: new Date("2026-12-31T23:59:59Z"), noInvalidDate: true })
  .map((time) => {
    const [day, month, year] = [
      time.getUTCDate(),
      time.toLocaleString("en", { month: "short", timeZone: "UTC" }),
      2026,
    ];
    return `${String(day).padStart(2, "0")}/${month}/${year}:${time.toISOString().slice(11, 23)}`;
  });

const NOWHERE: Outcome = {
  frontend: "www",
  backend: "www",
  server: "<NOSRV>",
  timers: "-1/-1/-1/-1/0",
  status: 503,
  bytes: "217",
  state: "SC--",
};
const SERVED: Outcome = { ...NOWHERE, backend: "app", server: "a1", timers: "0/0/0/1/1", status: 200, state: "----" };
const REFUSED: Outcome = { ...NOWHERE, timers: "0/-1/-1/-1/0", bytes: "192", state: "PR--" };

/** An outcome, the jails that must count it, and whether there is a readable request in it. */
export interface Situation {
  readonly name: string;
  readonly outcome: Outcome;
  readonly jails: readonly string[];
  /** False: <BADREQ>, and no cookie or capture was read. */
  readonly read: boolean;
  /** False: HAProxy decided before it looked for cookies, so none is in the line. */
  readonly cookies: boolean;
}

function when(name: string, outcome: Outcome, jails: readonly string[], flags: Partial<Situation> = {}): Situation {
  return { name, outcome, jails, read: true, cookies: true, ...flags };
}

/** HTTP sessions as a real HAProxy ends them; test/e2e/haproxy-real.test.ts makes most of them anew. */
export const SITUATIONS: readonly Situation[] = [
  when("served", SERVED, []),
  when("not modified", { ...SERVED, status: 304 }, []),
  when("logged as soon as possible", { ...SERVED, timers: "0/0/0/0/+0", bytes: "+116" }, []),
  when("unknown host", NOWHERE, ["haproxy-noserver"], { cookies: false }),
  when("outage", { ...NOWHERE, backend: "app", timers: "0/-1/-1/-1/0" }, []),
  when("refusing server", { ...SERVED, timers: "0/0/-1/-1/502", status: 503, state: "SC--" }, []),
  when("queue full", { ...NOWHERE, backend: "app", timers: "0/3001/-1/-1/3001", state: "sQ--" }, []),
  when("garbage", { ...NOWHERE, status: 400, bytes: "0", state: "PR--" }, ["haproxy-badrequest"], { read: false }),
  when("gone before a request", { ...NOWHERE, status: 400, bytes: "0", state: "CR--" }, [], { read: false }),
  when("400 of the application", { ...SERVED, status: 400 }, []),
  when("401 of HAProxy", { ...REFUSED, status: 401, state: "LR--" }, ["haproxy-auth"]),
  when("401 of the application", { ...SERVED, status: 401 }, ["haproxy-auth"]),
  when("403 of HAProxy", { ...REFUSED, status: 403 }, ["haproxy-denied"]),
  when("403 of the application", { ...SERVED, status: 403 }, ["haproxy-denied"]),
  when("404 of HAProxy", { ...REFUSED, status: 404, state: "LR--" }, ["haproxy-notfound"]),
  when("404 of the application", { ...SERVED, status: 404, bytes: "+9" }, ["haproxy-notfound"]),
  when("429 of HAProxy", { ...REFUSED, status: 429 }, ["haproxy-ratelimited"]),
  when("429 of the application", { ...SERVED, status: 429 }, ["haproxy-ratelimited"]),
  when(
    "slow loris",
    { ...NOWHERE, timers: "-1/-1/-1/-1/2001", status: 408, bytes: "0", state: "cR--" },
    ["haproxy-slow"],
    { read: false },
  ),
  when("slow body", { ...NOWHERE, timers: "-1/-1/-1/-1/1001", status: 408, state: "cR--" }, ["haproxy-slow"], {
    cookies: false,
  }),
  when("client gone while served", { ...SERVED, state: "cD--", status: 200 }, []),
  when("silent-drop", { ...NOWHERE, status: -1, bytes: "0", state: "PR--" }, ["haproxy-connections"], {
    cookies: false,
  }),
  when("tarpit with 429", { ...NOWHERE, timers: "-1/201/-1/-1/200", status: 429, state: "PT--" }, [
    "haproxy-ratelimited",
    "haproxy-connections",
  ]),
  when("tarpit", { ...NOWHERE, timers: "-1/503/-1/-1/502", status: 500, state: "PT--" }, ["haproxy-connections"]),
];

const REJECTED: Outcome = { ...NOWHERE, timers: "-1/-1/0", bytes: "0", state: "PR" };
const PASSED: Outcome = { ...SERVED, timers: "0/0/5012", bytes: "2345", state: "--" };
const UNSERVED: Outcome = { ...NOWHERE, timers: "-1/-1/0", bytes: "0", state: "SC" };

/** Lines without a word of the client's, and the jails that must count them. */
export const PLAIN: readonly {
  readonly write: (client: Client, date: string) => Written;
  readonly jails: readonly string[];
}[] = [
  { write: (who, time) => tcplog(who, time, REJECTED), jails: ["haproxy-connections"] },
  { write: (who, time) => tcplog(who, time, PASSED), jails: [] },
  { write: (who, time) => tcplog(who, time, UNSERVED), jails: [] },
  { write: (who, time) => jsonTcpLog(who, time, REJECTED), jails: ["haproxy-connections"] },
  { write: (who, time) => jsonTcpLog(who, time, PASSED), jails: [] },
  { write: (who, time) => errorLog(who, time, "www", "SSL handshake failure"), jails: ["haproxy-tls"] },
  {
    write: (who, time) => errorLog(who, time, "www", "SSL handshake failure (error:0A00009C)"),
    jails: ["haproxy-tls"],
  },
  { write: (who, time) => errorLog(who, time, "www", "Timeout during SSL handshake"), jails: ["haproxy-slow"] },
  { write: (who, time) => errorLog(who, time, "www", "Connection closed during SSL handshake"), jails: [] },
  { write: (who, time) => jsonErrorLog(who, time, "www", "SSL handshake failure"), jails: ["haproxy-tls"] },
  { write: (who, time) => jsonErrorLog(who, time, "www", "Timeout during SSL handshake"), jails: ["haproxy-slow"] },
  { write: (who) => connectLog(who, "HTTP"), jails: ["haproxy-connects"] },
];
