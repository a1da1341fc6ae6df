/** What the packet tests share: peers inside namespaces, a fleet of that host, and changes to send to it. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createHostFleet, executeLocally } from "../../shared/adapters/local/host-fleet.ts";
import { hostScript } from "../../shared/contract/host-script.ts";
import { parseNetwork, type Target } from "../../shared/core/address.ts";
import type { HostBan, HostChange, JailFirewall } from "../../shared/core/firewall/change.ts";
import type { Receipt } from "../../shared/core/firewall/receipt.ts";
import { compileFirewall, type FirewallAction } from "../../shared/core/firewall/rule.ts";
import type { Fleet, FleetReport } from "../../shared/ports/fleet.ts";
import { createNetwork, type Namespace, type Network, type Outcome } from "../support/netns.ts";

export const BACKENDS = ["ipset", "nft"] as const;
export type Backend = (typeof BACKENDS)[number];
/** Every command that the tests of this folder need. */
export const TOOLS = ["ip", "ipset", "iptables", "ip6tables", "nft"];

/** How long a packet that should pass may take (ms), on a busy machine. */
const PATIENCE = 15_000;
/** How long to wait for an answer that should not come (ms); a namespace answers within one. */
export const BRIEFLY = { patience: 700 };

/** What stood on the host before us: rules, a chain and a comment with our name in it. */
export const HOST_RULES = `*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:own - [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "keep \\"f2b-web\\" away" -j ACCEPT
-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT
-A INPUT -j own
-A INPUT -j DROP
-A own -s 198.51.100.0/24 -j RETURN
COMMIT
`;

export interface Rig {
  readonly net: Network;
  readonly fleet: Fleet;
  /** The same host, with more in the script's environment. */
  readonly fleetWith: (env: Readonly<Record<string, string>>) => Fleet;
  /** Environment of the host script here. */
  readonly env: Readonly<Record<string, string>>;
  readonly stateDir: string;
  destroy(): void;
}

export function createRig(backend: Backend | "auto", options: { clients?: number } = {}): Rig {
  const net = createNetwork(options);
  const stateDir = mkdtempSync(join(tmpdir(), "fleet2ban-state-"));
  const env = { FLEET2BAN_STATE: stateDir, FLEET2BAN_BACKEND: backend };
  const fleetWith = (more: Readonly<Record<string, string>>) =>
    createHostFleet({ host: "rig", execute: executeLocally(net.host.prefix), env: { ...env, ...more } });
  const destroy = () => {
    net.destroy();
    rmSync(stateDir, { recursive: true, force: true });
  };
  return { net, fleet: fleetWith({}), fleetWith, env, stateDir, destroy };
}

export interface Answer {
  readonly ok: boolean;
  readonly error?: string;
  readonly socket?: number;
  readonly bytes?: number;
}

export interface Peer {
  open(address: string, port: number, more?: { from?: string; patience?: number }): Promise<Answer>;
  /** Sends a word on an open connection and waits for it to come back. */
  echo(connection: Answer, more?: { patience?: number }): Promise<Answer>;
  /** Bytes that came on the connection so far. */
  received(connection: Answer): Promise<number>;
  udp(address: string, port: number, more?: { patience?: number }): Promise<Answer>;
}

const PEER = fileURLToPath(new URL("firewall-peer.mjs", import.meta.url));

/** Starts the server and waits until it listens. */
export async function startServer(host: Namespace, ports: readonly (number | string)[]): Promise<void> {
  const child = host.start([process.execPath, PEER, "server", ...ports.map(String)]);
  await new Promise<void>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    child.stdout?.once("data", () => resolve());
  });
}

export function startPeer(client: Namespace): Peer {
  const child = client.start([process.execPath, PEER, "client"]);
  const waiting = new Map<number, (answer: Answer) => void>();
  if (child.stdout === null || child.stdin === null) throw new Error("a peer has pipes");
  const { stdin } = child;
  // The test is over, and the peer with it.
  stdin.on("error", () => undefined);
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { id, ...answer } = JSON.parse(line) as Answer & { id: number };
    waiting.get(id)?.(answer);
  });
  let requests = 0;
  const ask = (op: string, request: object) =>
    new Promise<Answer>((resolve) => {
      requests += 1;
      waiting.set(requests, resolve);
      stdin.write(`${JSON.stringify({ id: requests, op, patience: PATIENCE, ...request })}\n`);
    });
  return {
    open: (address, port, more) => ask("open", { address, port, ...more }),
    echo: ({ socket }, more) => ask("echo", { socket, ...more }),
    received: async ({ socket }) => (await ask("received", { socket })).bytes ?? -1,
    udp: (address, port, more) => ask("udp", { address, port, ...more }),
  };
}

const ACTION: FirewallAction = {
  kind: "firewall",
  name: "iptables-multiport",
  ports: "80,443",
  protocol: "tcp",
  chain: "INPUT",
  blocktype: "DROP",
};

/** A jail's rule from the words of an action. */
export function firewall(words: Partial<FirewallAction> = {}, revision = 1): JailFirewall {
  const compiled = compileFirewall([{ ...ACTION, ...words }], revision);
  if (compiled.kind === "mistake") throw new Error(compiled.message);
  return compiled.firewall;
}

export function target(text: string): Target {
  const parsed = parseNetwork(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
}

/** One end for all, or the same ban made twice would differ by a second. */
const LATER = Date.now() + 3_600_000;

/** A ban for an hour in the jail "web", unless said otherwise. */
export function ban(address: string, over: Partial<HostBan> = {}): HostBan {
  return {
    kind: "ban",
    jail: "web",
    target: target(address),
    expiresAt: LATER,
    generation: 1,
    firewall: firewall(),
    ...over,
  };
}

export function unban(address: string, generation = 1, jail = "web"): HostChange {
  return { kind: "unban", jail, target: target(address), generation };
}

/** The one receipt of a run that must have gone well. */
export function receiptOf(reports: readonly FleetReport[]): Receipt {
  const [report] = reports.filter(({ kind }) => kind === "replied");
  if (report?.kind !== "replied" || report.reply.kind !== "done")
    throw new Error(`no receipt: ${JSON.stringify(reports)}`);
  return report.reply;
}

/** Runs the script itself on the rig's host. */
export function runScript(
  rig: Rig,
  mode: string,
  input = "",
  env: Readonly<Record<string, string>> = {},
  shell = ["/bin/sh"],
): Outcome {
  return rig.net.host.run([...shell, "-c", hostScript.text, "fleet2ban"], {
    input,
    env: { ...rig.env, SSM_Mode: mode, ...env },
  });
}

/** The entries of our sets as the kernel lists them, "CHAIN TARGET", sorted. */
export function kernelEntries(rig: Rig, backend: Backend): readonly string[] {
  const { host } = rig.net;
  if (backend === "ipset") {
    const lines = host
      .must(["ipset", "save"])
      .split("\n")
      .map((line) => line.split(" "));
    return lines
      .filter(([verb]) => verb === "add")
      .map(([, set = "", entry]) => `${set.replace(/\/6$/, "")} ${entry}`)
      .sort();
  }
  const listed = host.run(["nft", "-j", "list", "table", "inet", "fleet2ban"]);
  if (listed.code !== 0) return [];
  const { nftables } = JSON.parse(listed.stdout) as {
    nftables: { set?: { name: string; elem?: (string | { elem: { val: string } })[] } }[];
  };
  return nftables
    .flatMap(({ set }) => {
      const [, chain, length] = /^(.*)\/[46](?:-(\d+))?$/.exec(set?.name ?? "") ?? [];
      return (set?.elem ?? []).map((item) => {
        const address = typeof item === "string" ? item : item.elem.val;
        return `${chain} ${address}${length === undefined ? "" : `/${length}`}`;
      });
    })
    .sort();
}

/** A folder with links to these commands only, for FLEET2BAN_PATH; `from` gives some another home. */
export function toolbox(
  folder: string,
  commands: readonly string[],
  from: Readonly<Record<string, string>> = {},
): string {
  mkdirSync(folder, { recursive: true });
  for (const command of commands) {
    const home =
      from[command] ??
      ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map((dir) => join(dir, command)).find((path) => existsSync(path));
    if (home !== undefined) symlinkSync(home, join(folder, command));
  }
  return folder;
}

/** What the script uses besides the firewall's own commands. */
export const PLAIN_TOOLS =
  "awk cat cksum cp cut date find flock grep id ln mkdir mv readlink rm rmdir sed sleep sort tail tr".split(" ");
export const FIREWALL_TOOLS = "ipset iptables iptables-restore ip6tables ip6tables-restore nft".split(" ");
