/** `status --hosts`: how each host of the fleet stands by what it said last. Asks no host, and changes nothing. */
import { OLDEST_AGENT } from "../contract/host-document.ts";
import { judgeHost, type Sighting } from "../core/fleet/host-state.ts";
import { type HostLine, type HostsReport, hostsReport } from "../core/report/hosts-report.ts";
import type { HostRecord, Hosts } from "../ports/hosts.ts";
import type { FleetHost, Inventory } from "../ports/inventory.ts";

export interface ShowHostsDeps {
  readonly inventory: Inventory;
  readonly hosts: Hosts;
  /** Version of the host script that is deployed; undefined = whatever a host has is right. */
  readonly script: string | undefined;
}

/** The hosts as of `now` (epoch ms). */
export async function showHosts(now: number, deps: ShowHostsDeps): Promise<HostsReport> {
  const [fleet, records] = await Promise.all([deps.inventory.hosts(), deps.hosts.all()]);
  const byHost = new Map(records.map((record) => [record.host, record]));
  const lines = fleet.map((host): HostLine => {
    const record = byHost.get(host.host);
    const reply = record?.reply;
    const standard = {
      script: deps.script ?? (reply?.kind === "done" ? reply.script : ""),
      oldestAgent: OLDEST_AGENT,
      // Which rules a host has is known to the check alone, which repairs it at once.
      revision: undefined,
      bans: () => "unknown" as const,
      now,
    };
    return hostLine(host, record, judgeHost(sightingOf(host, record, undefined), standard).state);
  });
  return hostsReport(lines, now);
}

/** A host as it is judged; `bootBefore` = its boot id before the record, if that is known. */
export function sightingOf(host: FleetHost, record: HostRecord | undefined, bootBefore: string | undefined): Sighting {
  return {
    online: host.online,
    seenAt: host.seenAt,
    agent: host.agent,
    reply: record?.reply,
    bootBefore,
    differsSince: record?.differsSince,
    revision: record?.revision,
  };
}

/** A host as it is reported. */
export function hostLine(host: FleetHost, record: HostRecord | undefined, state: HostLine["state"]): HostLine {
  return {
    host: host.host,
    platform: host.platform,
    agent: host.agent,
    heardAt: record?.at,
    bans: record?.reply.kind === "done" ? record.reply.bans : undefined,
    state,
  };
}
