/** Lines that a real HAProxy 2.6 wrote, one of each kind, and what they mean to the default jails. */
import { afterAll, describe, expect, it } from "vitest";
import { formatLogLine, recordOf } from "../../../shared/core/report/log-line.ts";
import { judges } from "./judge.ts";

const DATE = "[22/Nov/2026:15:59:04.603]";
const TAIL = "1/1/0/0/0 0/0";
const JSON_START = '{"client":"192.0.2.3","port":58430,"time":"22/Nov/2026:15:59:04.603"';

/** Name, line, the jails that count it; the client is 192.0.2.3 unless another is given. */
const LINES: readonly (readonly [string, string, readonly string[], string?])[] = [
  ["200", `192.0.2.3:50255 ${DATE} www app/a1 0/0/0/1/1 200 116 - - ---- ${TAIL} "GET /ok HTTP/1.1"`, []],
  [
    "a body of 404 bytes",
    `192.0.2.3:50255 ${DATE} www app/a1 0/0/0/1/1 200 404 - - ---- ${TAIL} "GET /401 HTTP/1.1"`,
    [],
  ],
  [
    "unknown host",
    `192.0.2.3:5 ${DATE} www www/<NOSRV> -1/-1/-1/-1/0 503 217 - - SC-- ${TAIL} "GET / HTTP/1.1"`,
    ["haproxy-noserver"],
  ],
  [
    "unknown host, TLS",
    `192.0.2.3:5 ${DATE} www~ www/<NOSRV> -1/-1/-1/-1/300 503 217 - - SC-- ${TAIL} "GET https://x/ HTTP/2.0"`,
    ["haproxy-noserver"],
  ],
  [
    "all servers down",
    `192.0.2.3:5 ${DATE} www app/<NOSRV> 0/-1/-1/-1/0 503 217 - - SC-- ${TAIL} "GET / HTTP/1.1"`,
    [],
  ],
  ["server refuses", `192.0.2.3:5 ${DATE} www dead/d1 0/0/-1/-1/502 503 217 - - SC-- ${TAIL} "GET / HTTP/1.1"`, []],
  [
    "garbage",
    `192.0.2.3:5 ${DATE} www www/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- ${TAIL} "<BADREQ>"`,
    ["haproxy-badrequest"],
  ],
  ["connect and close", `192.0.2.3:5 ${DATE} www www/<NOSRV> -1/-1/-1/-1/0 400 0 - - CR-- ${TAIL} "<BADREQ>"`, []],
  [
    "slow loris",
    `192.0.2.3:5 ${DATE} www www/<NOSRV> -1/-1/-1/-1/2001 408 0 - - cR-- ${TAIL} "<BADREQ>"`,
    ["haproxy-slow"],
  ],
  [
    "401 by HAProxy",
    `192.0.2.3:5 ${DATE} www www/<NOSRV> 0/-1/-1/-1/0 401 246 - - LR-- ${TAIL} "GET /auth HTTP/1.1"`,
    ["haproxy-auth"],
  ],
  [
    "403 by deny",
    `192.0.2.3:5 ${DATE} www www/<NOSRV> 0/-1/-1/-1/0 403 192 - - PR-- ${TAIL} "GET /deny HTTP/1.1"`,
    ["haproxy-denied"],
  ],
  [
    "404 by the application",
    `192.0.2.3:5 ${DATE} www app/a1 0/0/0/1/1 404 123 - - ---- ${TAIL} "GET /x HTTP/1.1"`,
    ["haproxy-notfound"],
  ],
  [
    "429 by deny_status",
    `192.0.2.3:5 ${DATE} www www/<NOSRV> 0/-1/-1/-1/0 429 225 - - PR-- ${TAIL} "GET /rl HTTP/1.1"`,
    ["haproxy-ratelimited"],
  ],
  [
    "silent-drop",
    `192.0.2.3:5 ${DATE} www www/<NOSRV> -1/-1/-1/-1/0 -1 0 - - PR-- ${TAIL} "GET / HTTP/1.1"`,
    ["haproxy-connections"],
  ],
  [
    "tarpit",
    `192.0.2.3:5 ${DATE} www www/<NOSRV> -1/503/-1/-1/502 500 208 - - PT-- ${TAIL} "GET / HTTP/1.1"`,
    ["haproxy-connections"],
  ],
  [
    "tarpit, cookie captured",
    `192.0.2.3:5 ${DATE} www www/<NOSRV> -1/1/-1/-1/0 500 208 SESS=a b "c" - cR-- - PT-- ${TAIL} {x} "GET / HTTP/1.1"`,
    ["haproxy-connections"],
  ],
  ["tcplog, content reject", `192.0.2.3:5 ${DATE} tcp tcp/<NOSRV> -1/-1/0 0 PR ${TAIL}`, ["haproxy-connections"]],
  ["tcplog, all servers down", `192.0.2.3:5 ${DATE} tcp dead/<NOSRV> -1/-1/0 0 SC ${TAIL}`, []],
  ["TLS failure", `192.0.2.3:5 ${DATE} www/2: SSL handshake failure`, ["haproxy-tls"]],
  ["TLS idle", `192.0.2.3:5 ${DATE} www/2: Timeout during SSL handshake`, ["haproxy-slow"]],
  ["TLS closed", `192.0.2.3:5 ${DATE} www/2: Connection closed during SSL handshake`, []],
  [
    "PROXY missing",
    `192.0.2.3:5 ${DATE} acc/1: Received something which does not look like a PROXY protocol header`,
    [],
  ],
  ["default format", "Connect from 192.0.2.3:59255 to 203.0.113.1:81 (www_default/HTTP)", ["haproxy-connects"]],
  [
    "httpslog",
    `192.0.2.3:5 ${DATE} https~ app/a1 0/0/0/1/1 404 116 - - ---- ${TAIL} "GET /x HTTP/1.1" 0/0000000000000000/0/0/0 lb.test/TLSv1.3/TLS_AES_256_GCM_SHA384`,
    ["haproxy-notfound"],
  ],
  [
    "logasap",
    `192.0.2.3:5 ${DATE} www app/a1 0/0/0/0/+0 404 +116 - - ---- 1/1/1/1/0 0/0 "GET /x HTTP/1.1"`,
    ["haproxy-notfound"],
  ],
  [
    "captures",
    `192.0.2.3:5 ${DATE} www app/a1 0/0/0/1/1 404 1 - - ---- ${TAIL} {shop.example|UA #22q#22 #7Bb#7Cc#7D #23h \\ [x] <y> #C3#A9} {} "GET /x HTTP/1.1"`,
    ["haproxy-notfound"],
  ],
  [
    "cut off by len",
    `192.0.2.3:5 ${DATE} www app/a1 0/0/0/1/1 404 1 - - ---- ${TAIL} "GET /${"a".repeat(900)}`,
    ["haproxy-notfound"],
  ],
  [
    "IPv6, compressed",
    `2001:db8:1:2::10:5733 ${DATE} www app/a1 0/0/0/1/1 404 1 - - ---- ${TAIL} "GET /x HTTP/1.1"`,
    ["haproxy-notfound"],
    "2001:db8:1:2::10",
  ],
  [
    "IPv6, ends in ::",
    `2001:db8:::5733 ${DATE} www app/a1 0/0/0/1/1 404 1 - - ---- ${TAIL} "GET /x HTTP/1.1"`,
    ["haproxy-notfound"],
    "2001:db8::",
  ],
  [
    "IPv6, all groups",
    `2001:db8:1:2:3:4:5:6:5733 ${DATE} www app/a1 0/0/0/1/1 404 1 - - ---- ${TAIL} "GET /x HTTP/1.1"`,
    ["haproxy-notfound"],
    "2001:db8:1:2:3:4:5:6",
  ],
  [
    "IPv6, bracketed",
    `[2001:db8::10]:5733 ${DATE} www app/a1 0/0/0/1/1 404 1 - - ---- ${TAIL} "GET /x HTTP/1.1"`,
    ["haproxy-notfound"],
    "2001:db8::10",
  ],
  [
    "IPv4 on IPv6",
    `::ffff:192.0.2.3:37896 ${DATE} v6 none/<NOSRV> 0/-1/-1/-1/0 404 56 - - LR-- ${TAIL} "GET / HTTP/1.1"`,
    ["haproxy-notfound"],
  ],
  [
    "IPv4-compatible, which no network routes",
    `::10.2.3.4:5733 ${DATE} www app/a1 0/0/0/1/1 404 1 - - ---- ${TAIL} "GET /x HTTP/1.1"`,
    [],
  ],
  ["a UNIX socket", `unix:1 ${DATE} www app/a1 0/0/0/1/1 404 1 - - ---- ${TAIL} "GET /x HTTP/1.1"`, []],
  [
    "JSON 404",
    `${JSON_START},"frontend":"api","backend":"app","server":"a1","timers":"0/0/0/1/1","status":404,"bytes":116,"state":"----","conns":"1/1/0/0/0","queues":"0/0","method":"GET","uri":"\\/x\\"?q","version":"HTTP\\/1.1","agent":"-"}`,
    ["haproxy-notfound"],
  ],
  [
    "JSON unknown host",
    `${JSON_START},"frontend":"api","backend":"api","server":"<NOSRV>","timers":"-1/-1/-1/-1/0","status":503,"bytes":217,"state":"SC--","conns":"1/1/0/0/0"`,
    ["haproxy-noserver"],
  ],
  [
    "JSON garbage",
    `${JSON_START},"frontend":"js","backend":"js","server":"<NOSRV>","timers":"-1/-1/-1/-1/0","status":400,"bytes":0,"state":"PR--","conns":"1/1/0/0/0"`,
    ["haproxy-badrequest"],
  ],
  [
    "JSON TCP reject",
    `${JSON_START},"frontend":"q","backend":"q","server":"<NOSRV>","timers":"-1/-1/0","bytes":0,"state":"PR","conns":"1/1/0/0/0","queues":"0/0"}`,
    ["haproxy-connections"],
  ],
  ["JSON TLS failure", `${JSON_START},"frontend":"api~","error":"SSL handshake failure"}`, ["haproxy-tls"]],
  [
    "HAProxy about itself",
    'Server shop/a1 is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms.',
    [],
  ],
  [
    "somebody else's failure in the user agent",
    `haproxy[760]: 192.0.2.3:5 ${DATE} www app/a1 0/0/0/1/1 200 116 - - ---- ${TAIL} {x haproxy[1]: 8.8.8.8:5 [x] a b/<NOSRV> z} "GET / HTTP/1.1"`,
    [],
  ],
  [
    "a ban",
    "2026-11-22 17:36:00,427 fail2ban.actions        [11829]: NOTICE  [haproxy-auth] Ban 192.0.2.3",
    ["recidive"],
  ],
  [
    "a restored ban",
    "2026-11-22 17:36:00,427 fail2ban.actions        [11829]: NOTICE  [haproxy-auth] Restore Ban 192.0.2.3",
    [],
  ],
  [
    "a longer ban",
    "2026-11-22 17:36:00,427 fail2ban.actions        [11829]: NOTICE  [haproxy-auth] Increase Ban 192.0.2.3 (2 # 2:00:00 -> 2026-11-22 19:36:00)",
    [],
  ],
  [
    "recidive's own ban",
    "2026-11-22 17:36:00,427 fail2ban.actions        [11829]: NOTICE  [recidive] Ban 192.0.2.3",
    [],
  ],
];

describe.each(judges())("what HAProxy writes, read by $name", (judge) => {
  afterAll(() => judge.close());

  it.each(LINES.map((entry) => ({ entry, what: entry[0] })))("$what", async ({ entry }) => {
    const [, line, jails, address = "192.0.2.3"] = entry;
    const [verdict] = await judge.judge([line]);
    expect(verdict).toEqual(Object.fromEntries(jails.map((jail) => [jail, address])));
  });

  it("takes from our own ban log bans, and nothing else", async () => {
    const at = Date.parse("2026-11-22T17:36:00Z");
    const ban = { jail: "haproxy-auth", id: "192.0.2.3" };
    const happenings = [
      { kind: "found", at, ...ban },
      { kind: "ban", ...ban },
      { kind: "restore", ...ban },
      { kind: "increase", count: 2, since: at, bantime: 7_200_000, ...ban },
      { kind: "unban", ...ban },
    ] as const;
    const lines = happenings.map((happening) =>
      formatLogLine(
        recordOf(happening, at, () => 0),
        11829,
        () => 0,
      ),
    );
    const verdicts = await judge.judge(lines);
    expect(verdicts).toEqual([{}, { recidive: "192.0.2.3" }, {}, {}, {}]);
  });
});
