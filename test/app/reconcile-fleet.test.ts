import { beforeEach, describe, expect, it } from "vitest";
import { hostBans } from "../../shared/app/enforce-changes.ts";
import { type ReconcileDeps, reconcileFleet } from "../../shared/app/reconcile-fleet.ts";
import { showHosts } from "../../shared/app/show-hosts.ts";
import type { Ban } from "../../shared/core/ban.ts";
import type { JailFirewall } from "../../shared/core/firewall/change.ts";
import { PortError } from "../../shared/ports/failure.ts";
import { sampleBan, target } from "../contracts/samples.ts";
import { memoryCommands, memoryHosts, memoryMetrics, memoryRows } from "../support/cloud-memory.ts";
import { type SimulatedHosts, simulatedHosts } from "./simulated-hosts.ts";

const START = Date.UTC(2026, 10, 22, 16);
const firewall = (revision: number): JailFirewall => ({
  revision,
  hooks: ["INPUT"],
  rules: [{ protocol: "tcp", ports: "all", block: "drop" }],
});
const row = (nth: number, since = START - 600_000): Ban =>
  sampleBan({
    id: target(`198.18.${nth >> 8}.${nth & 255}`),
    jail: "web",
    since,
    expiresAt: START + 86_400_000,
    generation: 1,
  });

let time: number;
let rows: Ban[];
let waits: number[];
let whileWaiting: () => void;
let fleet: SimulatedHosts;
let deps: ReconcileDeps & { metrics: ReturnType<typeof memoryMetrics> };

function world(count: number) {
  const commands = memoryCommands();
  fleet = simulatedHosts(count, commands, () => time);
  deps = {
    ...{ commands, fleet: fleet.fleet, inventory: fleet.inventory, receipts: fleet.receipts },
    ...{ hosts: memoryHosts(), metrics: memoryMetrics(), bans: memoryRows(rows), jails: ["web"], script: "1.0.0" },
    firewalls: new Map([["web", firewall(1)]]),
    now: () => time,
    wait: async (duration) => {
      waits.push(duration);
      time += duration;
      whileWaiting();
    },
  };
}
/** Minutes later, the next check. */
const check = async () => {
  time += 300_000;
  return reconcileFleet(deps);
};
const enforce = (...bans: Ban[]) => {
  rows.push(...bans);
  return deps.fleet.apply(hostBans(bans, deps.firewalls));
};
const modes = () => fleet.sent.splice(0).map(({ mode }) => mode);

beforeEach(() => {
  time = START;
  rows = [];
  waits = [];
  whileWaiting = () => undefined;
  world(3);
});

describe("a check of the fleet", () => {
  it("costs one command and one look where all is well", async () => {
    await enforce(row(1));
    await check();
    modes();
    waits.length = 0;
    const { report, relisted } = await check();
    expect({ inSync: report.inSync, relisted, modes: modes(), waits }).toEqual({
      ...{ inSync: 3, relisted: [], modes: ["apply"], waits: [3_000] },
    });
  });

  it("sends nothing where no host is online, and says since when", async () => {
    for (const host of fleet.hosts) host.online = false;
    const { report } = await check();
    expect(modes()).toEqual([]);
    expect(report.hosts.map(({ state }) => state)).toEqual(
      fleet.hosts.map(() => ({ kind: "out-of-sync", reason: { kind: "offline", since: 1 } })),
    );
    expect(deps.metrics.levels.get("HostsSilent")).toBe(3);
  });

  it("gives the full list to hosts that differ, by name, and only to them", async () => {
    await enforce(row(1), row(2));
    await check();
    modes();
    fleet.hosts[1]!.ledger = new Map();
    expect(await check()).toMatchObject({ relisted: ["i-2"], report: { inSync: 3 } });
    expect(fleet.sent).toEqual([
      { mode: "apply", named: undefined },
      { mode: "reconcile", named: 1 },
      { mode: "status", named: 1 },
    ]);
    expect(fleet.hosts[1]!.ledger.size).toBe(2);
  });

  it("waits for hosts that are on their way while bans change, and gives them the list the second time", async () => {
    await enforce(row(1));
    await check();
    modes();
    fleet.hosts[1]!.ledger = new Map();
    let nth = 10;
    whileWaiting = () => rows.push(row(nth++, time));
    const first = await check();
    // Every host lacks the newest bans, whose commands are on their way.
    expect(first.relisted).toEqual([]);
    expect(first.report.hosts[1]).toMatchObject({ state: { reason: { kind: "catching-up" } } });
    expect(await showHosts(time, deps)).toMatchObject({ hosts: [{}, { state: { reason: { kind: "differs" } } }, {}] });
    expect((await check()).relisted).toContain("i-2");
    whileWaiting = () => undefined;
    await check();
    expect(await check()).toMatchObject({ relisted: [], report: { inSync: 3 } });
  });

  it("does not wait where a host booted with other bans", async () => {
    await enforce(row(1));
    await check();
    Object.assign(fleet.hosts[1]!, { ledger: new Map(), bootId: "boot-2" });
    rows.push(row(2, time + 299_000));
    await deps.fleet.apply(hostBans([row(2)], deps.firewalls));
    Object.assign(fleet.hosts[1]!, { ledger: new Map() });
    expect((await check()).relisted).toContain("i-2");
  });

  it("has patience with a silent host, but not for ever, and the others are served", async () => {
    await enforce(row(1));
    fleet.hosts[0]!.deaf = true;
    const { report } = await check();
    expect(waits.slice(0, 4)).toEqual([3_000, 4_000, 6_000, 12_000]);
    expect(report.hosts.map(({ state }) => state.kind)).toEqual(["out-of-sync", "in-sync", "in-sync"]);
    expect(report.hosts[0]).toMatchObject({ state: { reason: { kind: "unanswered" } } });
    expect(await showHosts(time, deps)).toMatchObject({
      inSync: 2,
      hosts: [{ state: { reason: { kind: "unanswered" } } }, {}, {}],
    });
    fleet.hosts[0]!.deaf = false;
    expect(await check()).toMatchObject({ report: { inSync: 3 } });
  });

  it("sends the list to all where very many need it, in three commands", async () => {
    world(1_000);
    await enforce(row(1));
    modes();
    const { report, relisted } = await check();
    expect(relisted).toHaveLength(1_000);
    expect(report.inSync).toBe(1_000);
    expect(fleet.sent.map(({ mode, named }) => [mode, named])).toEqual([
      ["apply", undefined],
      ["reconcile", undefined],
      ["status", undefined],
    ]);
    expect(fleet.looks()).toBeLessThan(10);
  });

  it.each([
    { name: "two hundred hosts a short list", hosts: 200, bans: 10, named: 200 },
    { name: "one more than that", hosts: 201, bans: 10, named: undefined },
    { name: "a hundred hosts a list of three parts", hosts: 100, bans: 3_600, named: 100 },
    { name: "a hundred hosts a list of four parts", hosts: 100, bans: 3_601, named: undefined },
    { name: "fifty hosts a list of any length", hosts: 50, bans: 9_000, named: 50 },
  ])("names hosts only where that takes few commands: $name", async ({ hosts, bans, named }) => {
    world(hosts + 1);
    rows.push(...Array.from({ length: bans }, (_, nth) => row(nth)));
    await deps.fleet.reconcile(hostBans(rows, deps.firewalls));
    await check();
    for (const host of fleet.hosts.slice(1)) host.ledger = new Map();
    modes();
    const { relisted, report } = await check();
    expect([relisted.length, report.inSync]).toEqual([hosts, hosts + 1]);
    expect(fleet.sent.slice(1)).toEqual([
      { mode: "reconcile", named },
      { mode: "status", named },
    ]);
  });

  it("leaves alone what hosts learn while the list is on its way", async () => {
    await enforce(row(1));
    await check();
    fleet.hosts[1]!.ledger = new Map();
    const { reconcile } = deps.fleet;
    const slowly: typeof reconcile = async (bans, scope) => {
      time += 2_000;
      await enforce(row(7));
      return reconcile(bans, scope);
    };
    const { relisted } = await reconcileFleet({ ...deps, fleet: { ...deps.fleet, reconcile: slowly } });
    expect(relisted).toEqual(["i-2"]);
    expect(fleet.hosts.map(({ ledger }) => ledger.size)).toEqual([2, 2, 2]);
  });

  it("does not take part of a list for the list", async () => {
    await enforce(row(1), row(2));
    await check();
    deps = { ...deps, firewalls: new Map([["web", firewall(2)]]) };
    const { reconcile } = deps.fleet;
    const { collect } = deps.receipts;
    const lost = new Set<string>();
    // Of two parts the second reaches nobody, the first time.
    const inParts: typeof reconcile = async ([first, ...rest], scope) => {
      const sent = await reconcile([first!], scope);
      const [report] = await reconcile([first!, ...rest], scope);
      if (lost.size === 0 && report!.kind === "sent") lost.add(report!.command);
      return [...sent, report!];
    };
    const twice = { ...deps, fleet: { ...deps.fleet, reconcile: inParts } };
    const receipts: typeof deps.receipts = {
      collect: async (command) =>
        (await collect(command)).map(({ host }, nth, answers) =>
          lost.has(command) ? { kind: "pending", host } : answers[nth]!,
        ),
    };
    time += 300_000;
    const first = await reconcileFleet({ ...twice, receipts });
    expect(first.report.inSync).toBe(0);
    time += 300_000;
    const second = await reconcileFleet({ ...twice, receipts });
    expect(second.relisted).toHaveLength(3);
    expect(second.report.inSync).toBe(3);
    time += 300_000;
    expect((await reconcileFleet({ ...twice, receipts })).relisted).toEqual([]);
  });

  it("waits until every part of a list is answered", async () => {
    await enforce(row(1));
    await check();
    deps = { ...deps, firewalls: new Map([["web", firewall(2)]]) };
    const { reconcile } = deps.fleet;
    const { collect } = deps.receipts;
    const late = new Map<string, number>();
    // The service shows nothing of the second part until somebody has looked once.
    const inParts: typeof reconcile = async (bans, scope) => {
      const sent = [...(await reconcile(bans, scope)), ...(await reconcile(bans, scope))];
      if (sent[1]!.kind === "sent") late.set(sent[1]!.command, 1);
      return sent;
    };
    const receipts: typeof deps.receipts = {
      collect: async (command) => {
        const looks = late.get(command) ?? 0;
        late.set(command, looks - 1);
        return looks > 0 ? [] : collect(command);
      },
    };
    time += 300_000;
    const found = await reconcileFleet({ ...deps, fleet: { ...deps.fleet, reconcile: inParts }, receipts });
    expect(found).toMatchObject({ relisted: ["i-1", "i-2", "i-3"], report: { inSync: 3 } });
  });

  it("brings a new configuration once", async () => {
    await enforce(row(1));
    await check();
    deps = { ...deps, firewalls: new Map([["web", firewall(2)]]) };
    expect((await check()).relisted).toHaveLength(3);
    expect((await check()).relisted).toEqual([]);
  });

  it("takes bans of a jail that is configured no more off the hosts", async () => {
    await enforce(row(1));
    await check();
    deps = { ...deps, jails: [], firewalls: new Map() };
    expect(await check()).toMatchObject({ report: { inSync: 3 } });
    expect(fleet.hosts.map(({ ledger }) => ledger.size)).toEqual([0, 0, 0]);
  });

  it("cannot repair what a person must: it says so, at each check, with one command", async () => {
    await enforce(row(1));
    await check();
    fleet.hosts[2]!.receipt = { broken: 1, faults: ["jump to f2b-web in INPUT"] };
    modes();
    for (let i = 0; i < 2; i++) {
      const { report } = await check();
      expect(report.hosts[2]).toMatchObject({ state: { reason: { kind: "broken-rules" } } });
      expect(modes()).toEqual(["apply"]);
    }
    expect(deps.metrics.levels).toEqual(
      new Map([
        ["Hosts", 3],
        ["HostsInSync", 2],
        ["HostsSilent", 0],
        ["HostsOutOfSync", 1],
        ["BansStanding", 1],
      ]),
    );
  });

  it("changes nothing where the tables cannot be read", async () => {
    await enforce(row(1));
    await check();
    modes();
    const inJail = () => {
      throw new PortError("unavailable", "the table is throttled", "Try again.");
    };
    await expect(reconcileFleet({ ...deps, bans: { ...deps.bans, inJail } })).rejects.toMatchObject({
      code: "unavailable",
    });
    expect(modes()).toEqual([]);
    expect(fleet.hosts.map(({ ledger }) => ledger.size)).toEqual([1, 1, 1]);
  });
});
