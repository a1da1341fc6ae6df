/** A fleet behind the SSM stand-in: hosts in namespaces, the real adapters, and what a check of the fleet needs. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSsmFleet } from "../../../../shared/adapters/aws/ssm/fleet.ts";
import { createSsmInventory } from "../../../../shared/adapters/aws/ssm/inventory.ts";
import { createSsmReceipts } from "../../../../shared/adapters/aws/ssm/receipts.ts";
import { type ReconcileDeps, reconcileFleet } from "../../../../shared/app/reconcile-fleet.ts";
import { showHosts } from "../../../../shared/app/show-hosts.ts";
import { hostDocument } from "../../../../shared/contract/host-document.ts";
import { hostScript } from "../../../../shared/contract/host-script.ts";
import type { Ban } from "../../../../shared/core/ban.ts";
import type { Receipt } from "../../../../shared/core/firewall/receipt.ts";
import type { HostsReport } from "../../../../shared/core/report/hosts-report.ts";
import type { Fleet } from "../../../../shared/ports/fleet.ts";
import {
  type MemoryMetrics,
  memoryCommands,
  memoryHosts,
  memoryMetrics,
  memoryRows,
} from "../../../support/cloud-memory.ts";
import { createNetwork, type Network } from "../../../support/netns.ts";
import { createSsmStandIn, type SsmStandIn } from "../../../support/ssm-agent.ts";
import { type Backend, firewall, target } from "../../firewall-rig.ts";

export const TAG = { key: "fleet2ban", value: "prod" } as const;
export const DOCUMENT = { name: "fleet2ban-prod", content: JSON.stringify(hostDocument(hostScript)) } as const;

export interface FleetRig {
  readonly standIn: SsmStandIn;
  readonly fleet: Fleet;
  readonly nets: readonly Network[];
  /** The ban rows; a test changes them. */
  readonly rows: Ban[];
  readonly metrics: MemoryMetrics;
  readonly deps: ReconcileDeps;
  /** Another fleet of the same hosts, whose clock differs by so many ms. */
  readonly fleetAt: (shift: number) => Fleet;
  /** One check of the fleet, as the schedule makes it, so many ms from now. */
  readonly check: (later?: number) => ReturnType<typeof reconcileFleet>;
  readonly show: () => Promise<HostsReport>;
  /** The script's environment on a host. */
  readonly envOf: (host: string, backend: Backend) => Readonly<Record<string, string>>;
  /** Takes away what the host knows, as an older disk would. */
  readonly emptyState: (host: string) => void;
  /** What the host answers to a question right now. */
  readonly ask: (host: string) => Promise<Receipt>;
  destroy(): void;
}

/** Hosts "i-1", "i-2" … of these backends. */
export function createFleetRig(backends: readonly Backend[], agents: readonly (string | undefined)[] = []): FleetRig {
  const nets = backends.map(() => createNetwork({ clients: 1 }));
  const folder = mkdtempSync(join(tmpdir(), "fleet2ban-fleet-"));
  const stateOf = (host: string) => join(folder, `state-${host}`);
  const envOf = (host: string, backend: Backend) => ({ FLEET2BAN_STATE: stateOf(host), FLEET2BAN_BACKEND: backend });
  const hosts = backends.map((backend, i) => ({
    id: `i-${i + 1}`,
    namespace: nets[i]!.host,
    env: envOf(`i-${i + 1}`, backend),
    ...(agents[i] === undefined ? {} : { agent: agents[i] }),
  }));
  const standIn = createSsmStandIn({ document: DOCUMENT, tag: TAG, hosts });
  const commands = memoryCommands();
  const metrics = memoryMetrics();
  const rows: Ban[] = [];
  const fleetAt = (shift: number) =>
    createSsmFleet({
      client: standIn.client,
      document: DOCUMENT.name,
      scriptSha256: hostScript.sha256,
      tag: TAG,
      commands,
      metrics,
      now: () => Date.now() + shift,
    });
  const fleet = fleetAt(0);
  const deps: ReconcileDeps = {
    fleet,
    inventory: createSsmInventory(standIn.client, TAG),
    commands,
    receipts: createSsmReceipts(standIn.client),
    hosts: memoryHosts(),
    metrics,
    bans: memoryRows(rows),
    jails: ["web"],
    firewalls: new Map([["web", firewall()]]),
    script: hostScript.version,
    now: Date.now,
    // As long as the hosts need, which a test knows better than a clock.
    wait: () => standIn.idle(),
  };
  return {
    standIn,
    fleet,
    nets,
    rows,
    metrics,
    deps,
    fleetAt,
    envOf,
    emptyState: (host) => rmSync(stateOf(host), { recursive: true, force: true }),
    check: (later = 0) => reconcileFleet({ ...deps, now: () => Date.now() + later }),
    show: () => showHosts(Date.now(), deps),
    ask: async (host) => {
      const [report] = await fleet.status([host]);
      await standIn.idle();
      if (report?.kind !== "sent") throw new Error(`not sent: ${JSON.stringify(report)}`);
      const [answer] = await deps.receipts.collect(report.command);
      if (answer?.kind !== "replied" || answer.reply.kind !== "done") {
        throw new Error(`no receipt: ${JSON.stringify(answer)}`);
      }
      return answer.reply;
    },
    destroy() {
      standIn.close();
      for (const net of nets) net.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A row that stands for an hour since some minutes ago. */
export function row(address: string, over: Partial<Ban> = {}): Ban {
  const since = Date.now() - 300_000;
  return {
    id: target(address),
    jail: "web",
    since,
    expiresAt: since + 3_900_000,
    generation: 1,
    count: 1,
    failures: 5,
    matches: [],
    source: undefined,
    actor: "fleet2ban",
    ruleset: "r",
    ...over,
  };
}
