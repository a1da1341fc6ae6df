/** A host: HAProxy before a small backend in a namespace; what HAProxy logs goes to the host's rsyslog. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makePem } from "../test/core/haproxy/real-haproxy.ts";
import type { Namespace } from "../test/support/netns.ts";

const BACKEND = fileURLToPath(new URL("backend.mjs", import.meta.url));
/** The only host name that HAProxy has a backend for. */
export const SHOP = "shop.example";

/** Starts both, and waits until the backend listens; rsyslog is up already. HAProxy's clock is in UTC. */
export async function startWebHost(name: string, namespace: Namespace, folder: string): Promise<void> {
  const backend = namespace.start([process.execPath, BACKEND]);
  await answerOf(backend, `the backend of ${name}`);
  const file = join(folder, "haproxy.cfg");
  writeFileSync(file, configuration(name, makePem(folder)));
  namespace.start(["haproxy", "-db", "-f", file], { env: { TZ: "UTC" } }).stdout?.resume();
}

async function answerOf(child: ChildProcess, what: string): Promise<void> {
  await Promise.race([
    once(child.stdout!, "data"),
    once(child, "exit").then(() => Promise.reject(new Error(`${what} did not start`))),
  ]);
}

function configuration(name: string, pem: string): string {
  return `global
    log 127.0.0.1:514 len 8192 format rfc3164 local0
    log-send-hostname ${name}
    maxconn 2000
defaults
    mode http
    log global
    option httplog
    option dontlognull
    timeout client 60s
    timeout http-request 2s
    timeout http-keep-alive 60s
    timeout server 10s
    timeout connect 5s
frontend www
    bind :::80 v4v6
    bind :::443 v4v6 ssl crt ${pem}
    http-request deny deny_status 429 if { path /crowd }
    use_backend shop if { req.hdr(host) -i ${SHOP} }
backend shop
    server shop1 127.0.0.1:8080
`;
}
