/**
 * Whois as it was before RDAP: a line sent to port 43, text until the server hangs up. IANA's server names the registry,
 * a registry perhaps another. Servers stall, trickle and flood, so time, bytes and hops are bounded.
 */
import { createConnection } from "node:net";
import type { Target } from "../../core/address.ts";
import { type Facts, factLines } from "./facts.ts";

export interface Port43Deps {
  /** Opens the connection; injected where a test has no port 43. */
  readonly connect?: (host: string) => ReturnType<typeof createConnection>;
}

const FIRST = "whois.iana.org";
const HOPS = 3;
const LIMIT = 64 * 1024;

/** Asks for lines about a public target. The answer throws an Error that says why there are none. */
export function createPort43({ connect = (host) => createConnection(43, host) }: Port43Deps = {}) {
  return async (target: Target, signal: AbortSignal): Promise<readonly string[]> => {
    let host = FIRST;
    let lines: readonly string[] = [];
    for (let hop = 0; hop < HOPS; hop++) {
      const entries = entriesOf(await ask(connect(host), host, target, signal));
      if (host !== FIRST) lines = factLines(port43Facts(entries));
      const next = referral(entries);
      if (next === undefined || next === host) break;
      host = next;
    }
    if (lines.length === 0) throw new Error(`${host} answered nothing of use`);
    return lines;
  };
}

type Entry = readonly [name: string, value: string];

function ask(
  socket: ReturnType<typeof createConnection>,
  host: string,
  target: Target,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const onAbort = () => socket.destroy(new Error(`${host} took too long`));
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    socket.setEncoding("utf8");
    socket.on("connect", () => socket.write(`${target}\r\n`));
    socket.on("data", (chunk: string) => {
      text += chunk;
      // The first lines have what is wanted; a server that goes on is left.
      if (text.length > LIMIT) socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => {
      signal.removeEventListener("abort", onAbort);
      resolve(text.slice(0, LIMIT));
    });
  });
}

/** "name: value" lines, and RIPE's remark "% Abuse contact for '…' is 'abuse@example.net'". */
function entriesOf(text: string): readonly Entry[] {
  return text.split("\n").flatMap((line): Entry[] => {
    if (line.startsWith("% Abuse contact for ")) {
      const [, , , contact] = line.split("'");
      return contact === undefined ? [] : [["abuse-mailbox", contact]];
    }
    const colon = line.indexOf(":");
    if (colon <= 0 || /^[%#\s]/.test(line)) return [];
    const value = line.slice(colon + 1).trim();
    return value === "" ? [] : [[line.slice(0, colon).toLowerCase(), value]];
  });
}

function port43Facts(entries: readonly Entry[]): Facts {
  const first = (...names: string[]) => {
    for (const name of names) {
      const entry = entries.find(([key]) => key === name);
      if (entry !== undefined) return entry[1];
    }
    return undefined;
  };
  return {
    network: first("cidr", "inetnum", "inet6num", "netrange"),
    name: first("netname"),
    holder: first("org-name", "orgname", "owner", "organization", "descr"),
    country: first("country"),
    abuse: first("abuse-mailbox", "orgabuseemail", "abuse-email"),
  };
}

/** Only a name of ordinary shape: where an answer sends us is a stranger's word. */
function referral(entries: readonly Entry[]): string | undefined {
  const named = entries.find(([key]) => key === "refer" || key === "referralserver")?.[1];
  const host = named?.replace(/^r?whois:\/\//, "").replace(/[:/].*$/, "");
  return host !== undefined && host.length < 254 && /^(?:[a-z0-9-]+\.)+[a-z]{2,}$/i.test(host) ? host : undefined;
}
