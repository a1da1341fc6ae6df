/**
 * A host and its clients, each in a network namespace of its own, with real addresses, packets and firewalls.
 *
 * Needs root and iproute2 (ask `available(["ip"], { root: true })` first). Names carry this process and a number, so runs next
 * to each other never meet; destroy() takes everything away, and so does the end of the process.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  /** Added to the test's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Namespace {
  readonly name: string;
  /** What goes before a command to run it inside. */
  readonly prefix: readonly string[];
  /** Runs a command to its end; a failing one is an outcome, not an exception. */
  run(command: readonly string[], options?: RunOptions): Outcome;
  /** Runs a command that must succeed, and returns what it printed. */
  must(command: readonly string[], options?: RunOptions): string;
  /** Starts a command that destroy() ends, with pipes. */
  start(command: readonly string[], options?: RunOptions): ChildProcess;
}

export interface Client extends Namespace {
  readonly v4: string;
  readonly v6: string;
  /** The host's addresses on the link to this client. */
  readonly hostV4: string;
  readonly hostV6: string;
  /** Network of the link: "10.77.1.0/24". */
  readonly network: string;
}

export interface Network {
  readonly host: Namespace;
  readonly clients: readonly Client[];
  /** Ends what was started and removes the namespaces; may be called twice. */
  destroy(): void;
}

let built = 0;

/** Builds a host with `clients` links: client n (from 1) is 10.77.n.2 and fd77:n::2, the host there .1 and ::1. */
export function createNetwork({ clients = 2 }: { readonly clients?: number } = {}): Network {
  built += 1;
  const prefix = `f2b${process.pid}x${built}`;
  const made: string[] = [];
  const children: ChildProcess[] = [];
  const destroy = () => {
    process.off("exit", destroy);
    for (const child of children.splice(0)) child.kill("SIGKILL");
    for (const name of made.splice(0)) spawnSync("ip", ["netns", "del", name]);
  };
  process.on("exit", destroy);
  const namespace = (name: string): Namespace => {
    ip("netns", "add", name);
    made.push(name);
    ip("-n", name, "link", "set", "lo", "up");
    return inside(name, children);
  };
  try {
    const host = namespace(`${prefix}h`);
    return {
      host,
      clients: Array.from({ length: clients }, (_, i) => link(host, namespace(`${prefix}c${i + 1}`), i + 1)),
      destroy,
    };
  } catch (error) {
    destroy();
    throw error;
  }
}

function link(host: Namespace, client: Namespace, number: number): Client {
  const ends = [host.name, client.name] as const;
  ip("-n", host.name, "link", "add", `to${number}`, "type", "veth", "peer", "name", "up0", "netns", client.name);
  for (const [i, name] of ends.entries()) {
    const device = i === 0 ? `to${number}` : "up0";
    ip("-n", name, "addr", "add", `10.77.${number}.${i + 1}/24`, "dev", device);
    // nodad: usable at once.
    ip("-n", name, "addr", "add", `fd77:${number}::${i + 1}/64`, "dev", device, "nodad");
    ip("-n", name, "link", "set", device, "up");
  }
  ip("-n", client.name, "route", "add", "default", "via", `10.77.${number}.1`);
  return {
    ...client,
    v4: `10.77.${number}.2`,
    v6: `fd77:${number}::2`,
    hostV4: `10.77.${number}.1`,
    hostV6: `fd77:${number}::1`,
    network: `10.77.${number}.0/24`,
  };
}

function inside(name: string, children: ChildProcess[]): Namespace {
  const prefix = ["ip", "netns", "exec", name];
  const run = (command: readonly string[], { input = "", env = {} }: RunOptions = {}): Outcome => {
    const done = spawnSync("ip", [...prefix.slice(1), ...command], {
      input,
      env: { ...process.env, ...env },
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    if (done.error !== undefined) throw done.error;
    return { code: done.status ?? -1, stdout: done.stdout, stderr: done.stderr };
  };
  return {
    name,
    prefix,
    run,
    must: (command, options) => {
      const { code, stdout, stderr } = run(command, options);
      if (code !== 0) throw new Error(`${command.join(" ")} in ${name}: exit ${code}: ${stderr}`);
      return stdout;
    },
    start: (command, { env = {} } = {}) => {
      const child = spawn("ip", [...prefix.slice(1), ...command], {
        env: { ...process.env, ...env },
        stdio: ["pipe", "pipe", "inherit"],
      });
      children.push(child);
      return child;
    },
  };
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}
