/** The configuration of the real HAProxy that test/e2e/haproxy-real.test.ts starts. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const FRONTENDS = ["text", "json", "tls", "jsonTls", "tcp", "jsonTcp"] as const;
export type Frontend = (typeof FRONTENDS)[number];

/** haproxy.cfg with a frontend for each shape of line, each with another head; the JSON is that of docs/filters.md. */
export function configuration(ports: Readonly<Record<Frontend, number>>, log: number, pem: string): string {
  const rules = `
    capture cookie SESS len 63
    http-request deny if { path_beg /deny }
    http-request auth if { path_beg /auth }
    http-request return status 404 if { path_beg /nf }
    http-request deny deny_status 429 if { path_beg /rl }
    http-request silent-drop if { path_beg /silent }
    http-request tarpit if { path_beg /tarpit }
    http-request return status 200 if !{ path_beg /unrouted }`;
  const [, json = "", jsonTcp = "", error = ""] = jsonFormats();
  const target = `log 127.0.0.1:${log} len 8192 format`;
  return `
defaults
    mode http
    timeout client 1s
    timeout server 1s
    timeout connect 1s
    timeout http-request 300ms
    timeout tarpit 50ms
frontend text
    bind 127.0.0.1:${ports.text}
    ${target} rfc3164 local0
    option httplog
    capture request header User-Agent len 200${rules}
frontend json
    bind 127.0.0.1:${ports.json}
    ${target} raw local0
    declare capture request len 200
    http-request capture req.fhdr(user-agent) id 0
    ${json}${rules}
frontend tls
    bind 127.0.0.1:${ports.tls} ssl crt ${pem}
    ${target} rfc5424 local0
    option httpslog
    declare capture request len 200
    http-request capture req.fhdr(user-agent) id 0
    log-format-sd %{+Q,+E}o\\ [a@1\\ ua=%[capture.req.hdr(0)]]${rules}
frontend jsonTls
    bind 127.0.0.1:${ports.jsonTls} ssl crt ${pem}
    ${target} iso local0
    declare capture request len 200
    http-request capture req.fhdr(user-agent) id 0
    ${json}
    ${error}${rules}
frontend tcp
    mode tcp
    bind 127.0.0.1:${ports.tcp}
    ${target} short local0
    option tcplog
    tcp-request content reject
frontend jsonTcp
    mode tcp
    bind 127.0.0.1:${ports.jsonTcp}
    ${target} timed local0
    ${jsonTcp}
    tcp-request content reject
`;
}

/** The lines of docs/filters.md that begin with log-format or error-log-format: whole, HTTP, TCP, errors. */
function jsonFormats(): string[] {
  const text = readFileSync(new URL("../../../docs/filters.md", import.meta.url), "utf8");
  const formats = text.match(/^(?:error-)?log-format '\{.*\}'$/gm) ?? [];
  if (formats.length !== 3) throw new Error(`docs/filters.md has ${formats.length} formats, not HTTP, TCP and errors`);
  return [text, ...formats];
}

/** A certificate with its key, for `crt`. */
export function makePem(folder: string): string {
  const options = ["-subj", "/CN=h", "-days", "2", "-keyout", join(folder, "h.key"), "-out", join(folder, "h.crt")];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...options], { stdio: "ignore" });
  const pem = join(folder, "h.pem");
  writeFileSync(pem, readFileSync(join(folder, "h.crt"), "utf8") + readFileSync(join(folder, "h.key"), "utf8"));
  return pem;
}
