/** `doctor` on the hosts: whether there are any, whether commands reach them, and whether they hold what they should. */
import { OLDEST_AGENT } from "../contract/host-document.ts";
import { isOlder } from "../core/fleet/agent-version.ts";
import type { Finding } from "../core/report/findings.ts";
import { explain } from "../core/report/hosts-report.ts";
import type { ZoneOffset } from "../core/report/time-text.ts";
import type { FleetHost, Inventory } from "../ports/inventory.ts";
import { type ShowHostsDeps, showHosts } from "./show-hosts.ts";

export interface FleetRequest {
  /** "Role=haproxy". */
  readonly tag: string;
  /** Epoch ms. */
  readonly now: number;
  readonly zone: ZoneOffset;
}

/** Before a deployment: the instances alone. Throws PortError. */
export async function* examineInventory(
  request: FleetRequest,
  { inventory }: { readonly inventory: Inventory },
): AsyncGenerator<Finding> {
  const hosts = await inventory.hosts();
  yield numberOf(request, hosts.length);
  for (const host of hosts) {
    const finding = reachOf(host);
    if (finding !== undefined) yield finding;
  }
}

/** Of a stack: each host by its last receipt. Throws PortError. */
export async function* examineFleet(request: FleetRequest, deps: ShowHostsDeps): AsyncGenerator<Finding> {
  const { hosts, inSync } = await showHosts(request.now, deps);
  yield numberOf(request, hosts.length);
  if (hosts.length === 0) return;
  if (inSync > 0) yield { subject: "hosts", level: "ok", text: `${inSync} of ${hosts.length} in sync` };
  for (const { host, state } of hosts) {
    if (state.kind === "in-sync") continue;
    const { what: text, next } = explain(state.reason, request.zone);
    const level = state.reason.kind === "agent-too-old" ? "failure" : "warning";
    yield { subject: `host ${host}`, level, text, next };
  }
}

function numberOf({ tag }: FleetRequest, count: number): Finding {
  if (count > 0) return { subject: "hosts", level: "ok", text: `${count} with the tag ${tag} and an SSM agent` };
  const next =
    "Tag the instances, see that their SSM agent runs and that their role has AmazonSSMManagedInstanceCore, or look in another --region.";
  return { subject: "hosts", level: "failure", text: `none has the tag ${tag} and an SSM agent`, next };
}

function reachOf({ host, online, agent }: FleetHost): Finding | undefined {
  const subject = `host ${host}`;
  if (agent === undefined || isOlder(agent, OLDEST_AGENT)) {
    const text = `its SSM agent ${agent ?? "of an unknown version"} is too old: no ban would reach it`;
    return { subject, level: "failure", text, next: `Update it to ${OLDEST_AGENT} or later (AWS-UpdateSSMAgent).` };
  }
  if (online) return undefined;
  return { subject, level: "warning", text: "is offline", next: "Start the instance, or its SSM agent." };
}
