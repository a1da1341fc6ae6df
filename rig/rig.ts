/** The whole rig, and what a scenario can do with it: attack, knock, wait until packets are dropped, change hosts. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../test/support/netns.ts";
import type { LambdaParts } from "../test/support/node24.ts";
import { type Cloud, startCloud } from "./cloud.ts";
import { createClockwork, type Delays } from "./delays.ts";
import { repeat } from "./event-source.ts";
import { type Lines, LOG_FILE, openLogs } from "./logs.ts";
import { buildNetwork, HOSTS, type HostName } from "./network.ts";
import type { Story } from "./story.ts";
import { type Syslog, startSyslog } from "./syslog.ts";
import { startVisitor, type Visit, type Visitor } from "./visitors.ts";
import { SHOP, startWebHost } from "./web-host.ts";

/** Seconds by host. */
export type ByHost = Readonly<Partial<Record<HostName, number>>>;

export interface Rig {
  readonly cloud: Cloud;
  readonly story: Story;
  readonly folder: string;
  /** The hosts of the fleet; web-5 joins later. */
  readonly fleet: readonly HostName[];
  readonly attackers: Visitor;
  /** A host's namespace and addresses. */
  host(name: HostName): Client;
  /** A host's address of the family that `address` has. */
  addressOf(host: HostName, address: string): string;
  /** Sends a request to a host; the status of the answer, 0 = none came. */
  request(host: HostName, from: string, bytes: string, port?: number): Promise<number>;
  /** The same several times; when the last one was sent, epoch ms. Throws where an answer is not `status`. */
  attack(attack: Attack): Promise<number>;
  /** Does a connection open? */
  opens(host: HostName, from: string): Promise<boolean>;
  /** Seconds from `since` (epoch ms) until each host drops the packets of `from`. */
  untilDropped(from: string, since: number, hosts?: readonly HostName[]): Promise<ByHost>;
  /** The same until each host takes them again. */
  untilOpen(from: string, since: number, hosts?: readonly HostName[]): Promise<ByHost>;
  /** The file that a host's rsyslog writes HAProxy's lines to. */
  logFile(host: HostName): string;
  /** Does `work` with other delays of AWS; nothing else may be measured meanwhile. */
  withDelays<T>(delays: Delays, work: () => Promise<T>): Promise<T>;
  join(host: HostName): void;
  /** What the good clients saw. */
  readonly good: { readonly asked: number; readonly wrong: readonly string[] };
  /** Log lines so far; lost = those that rsyslog was too slow for. */
  lines(): Lines & { readonly lost: number };
  close(): Promise<void>;
}

export interface Attack {
  readonly from: string;
  /** Taken in turn. */
  readonly hosts: readonly HostName[];
  readonly bytes: string;
  /** Of the answer; 0 = none comes. */
  readonly status: number;
  /** Default 80. */
  readonly port?: number;
  readonly times: number;
}

export interface RigOptions {
  readonly parts: LambdaParts;
  readonly story: Story;
  readonly delays: Delays;
  /** A file for the lines of HAProxy. */
  readonly record?: string | undefined;
}

/** Hosts differ, as in fleets: in their firewall, and in how rsyslog begins a line. */
const BACKENDS = { "web-1": "ipset", "web-2": "nft", "web-3": "ipset", "web-4": "nft", "web-5": "ipset" } as const;
const FORMATS = { ipset: "RSYSLOG_FileFormat", nft: "RSYSLOG_TraditionalFileFormat" } as const;
/** How long a scenario waits for packets, ms: many times what it takes on an idle machine. */
const PATIENCE = 90_000;
/** Looks in a row that must say the same. */
const SURE = 2;
const GOOD_CLIENTS = ["203.0.113.10", "203.0.113.11", "2001:db8:900d::10"];

/** A request as a browser makes it. */
export function get(path: string, host = SHOP): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: rig\r\n\r\n`;
}

export async function buildRig({ parts, story, delays, record }: RigOptions): Promise<Rig> {
  const ends: (() => unknown)[] = [];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const folder = mkdtempSync(join(tmpdir(), "fleet2ban-rig-"));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    process.once("exit", remove);
    ends.push(remove);
    const network = buildNetwork();
    ends.push(() => network.destroy());
    const clockwork = createClockwork(delays);
    const cloud = await startCloud(parts, folder, story, clockwork);
    ends.push(() => cloud.close());

    const logs = openLogs({ cloud, clockwork, story, record });
    ends.push(() => logs.close());

    const syslogs: Syslog[] = [];
    const fleet: HostName[] = [];
    const host = (name: HostName) => network.hosts.get(name)!;
    const own = (name: HostName) => join(folder, name);
    for (const name of HOSTS) {
      mkdirSync(own(name));
      const files = logs.filesIn(own(name));
      syslogs.push(await startSyslog(host(name), own(name), files, FORMATS[BACKENDS[name]]));
      await startWebHost(name, host(name), own(name));
      ends.push(logs.collect(`i-${name}`, own(name)));
    }
    const enrol = (name: HostName) => {
      cloud.agent(name, host(name), BACKENDS[name]);
      fleet.push(name);
    };
    for (const name of HOSTS.slice(0, 4)) enrol(name);

    const attackers = startVisitor(network.attackers);
    const visitors = startVisitor(network.visitors);
    const addressOf = (name: HostName, of: string) => (of.includes(":") ? host(name).v6 : host(name).v4);
    const request = async (name: HostName, from: string, bytes: string, port?: number) =>
      (await attackers.ask(addressOf(name, from), from, bytes, port)).status ?? 0;
    const opens = async (name: HostName, from: string) => {
      const { ok, error } = await attackers.knock(addressOf(name, from), from);
      // A ban of ours is silence here; whatever answers is none.
      if (!ok && error !== "timeout" && fleet.includes(name))
        throw new Error(`${from} is answered with ${error} by ${name}`);
      return ok;
    };
    const until = async (isOpen: boolean, from: string, since: number, hosts: readonly HostName[]) => {
      const seconds = await Promise.all(
        hosts.map(async (name) => {
          const taken = await waitFor(() => opens(name, from), isOpen, `${from} at ${name}`);
          const after = Math.max(0, taken - since) / 1000;
          story.tell(name, `${isOpen ? "takes" : "drops"} packets of ${from} after ${after.toFixed(1)} s`);
          return [name, after] as const;
        }),
      );
      return Object.fromEntries(seconds) as ByHost;
    };
    const good = { asked: 0, wrong: [] as string[] };
    const shopping = repeat(async () => {
      for (const from of GOOD_CLIENTS)
        for (const name of HOSTS) {
          const visit = await visitors.ask(addressOf(name, from), from, get("/"));
          good.asked += 1;
          if (visit.status !== 200) good.wrong.push(`${from} at ${name}: ${JSON.stringify(visit satisfies Visit)}`);
        }
      return 500;
    });
    ends.push(() => shopping.pause());
    return {
      ...{ cloud, story, folder, fleet, attackers, host, addressOf, request, opens, good, close },
      async attack({ from, hosts, bytes, status, port, times }) {
        let last = 0;
        for (let nth = 0; nth < times; nth += 1) {
          const name = hosts[nth % hosts.length]!;
          last = Date.now();
          const answered = await request(name, from, bytes, port);
          if (answered !== status) throw new Error(`${name} answered ${answered} to ${from}, not ${status}`);
        }
        return last;
      },
      untilDropped: (from, since, hosts = fleet) => until(false, from, since, hosts),
      untilOpen: (from, since, hosts = fleet) => until(true, from, since, hosts),
      logFile: (name) => join(own(name), LOG_FILE),
      async withDelays(other, work) {
        const before = clockwork.now();
        clockwork.use(other);
        // What agents have begun goes as it was begun.
        await sleep(before.flush);
        try {
          return await work();
        } finally {
          clockwork.use(before);
        }
      },
      join: enrol,
      lines: () => ({ ...logs.lines(), lost: syslogs.reduce((sum, syslog) => sum + syslog.lost(), 0) }),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** When `look` began to say `wanted`, epoch ms. Throws where it does not in time. */
async function waitFor(look: () => Promise<boolean>, wanted: boolean, what: string): Promise<number> {
  const end = Date.now() + PATIENCE;
  let first = 0;
  for (let inARow = 0; inARow < SURE; ) {
    const at = Date.now();
    if (at > end) throw new Error(`${what}: connections ${wanted ? "do not open" : "still open"} after ${PATIENCE} ms`);
    if ((await look()) !== wanted) inARow = 0;
    else {
      if (inARow === 0) first = at;
      inARow += 1;
    }
    await sleep(150);
  }
  return first;
}
