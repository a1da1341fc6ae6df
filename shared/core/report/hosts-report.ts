/**
 * `status --hosts`: how many hosts are in sync, and for each that is not, why and what to do. The report is what `--json`
 * prints; the text can never know more.
 */
import type { HostState, Reason } from "../fleet/host-state.ts";
import { oneLine } from "./mail-quote.ts";
import { formatTime, type ZoneOffset } from "./time-text.ts";

export interface HostLine {
  /** Instance id. */
  readonly host: string;
  readonly platform: string | undefined;
  /** Version of its SSM agent. */
  readonly agent: string | undefined;
  /** When it answered last, epoch ms; undefined = never. */
  readonly heardAt: number | undefined;
  /** Bans that it said to hold; undefined = it never said. */
  readonly bans: number | undefined;
  readonly state: HostState;
}

export interface HostsReport {
  /** When it was made, epoch ms. */
  readonly at: number;
  readonly inSync: number;
  /** Sorted by host. */
  readonly hosts: readonly HostLine[];
}

export function hostsReport(hosts: readonly HostLine[], at: number): HostsReport {
  const sorted = [...hosts].sort((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : 0));
  return { at, inSync: sorted.filter(({ state }) => state.kind === "in-sync").length, hosts: sorted };
}

/** The text for people: a summary, then two lines for each host that is not in sync. No newline at the end. */
export function formatHosts({ hosts, inSync }: HostsReport, zone: ZoneOffset): string {
  if (hosts.length === 0) {
    return "No host carries the fleet's tag and an SSM agent\n  -> Tag the instances, and see that their SSM agent runs and may reach Systems Manager.";
  }
  const lines = [`${inSync} of ${hosts.length} ${hosts.length === 1 ? "host" : "hosts"} in sync`];
  for (const { host, state } of hosts) {
    if (state.kind === "in-sync") continue;
    const { what, next } = explain(state.reason, zone);
    // A host may be hostile: nothing that it says may steer the terminal, or take more than a line.
    lines.push(oneLine(`${host}  ${what}`), `  -> ${next}`);
  }
  return lines.join("\n");
}

const ITSELF = "Nothing to do: the next check sends it what it lacks.";

/** A reason as a clause, and the next step as a sentence. */
export function explain(reason: Reason, zone: ZoneOffset): { readonly what: string; readonly next: string } {
  switch (reason.kind) {
    case "never-heard-of":
      return { what: "never answered a command yet", next: ITSELF };
    case "offline":
      return {
        what: reason.since === undefined ? "offline" : `offline since ${formatTime(reason.since, zone)}`,
        next: "Start the instance, or its SSM agent; when it is back, it is sent what it lacks. Its bans end on time by themselves.",
      };
    case "agent-too-old":
      return {
        what: `SSM agent ${reason.agent ?? "of an unknown version"} is too old, no ban reaches this host`,
        next: `Update the SSM agent to ${reason.oldest} or later (document AWS-UpdateSSMAgent).`,
      };
    case "unanswered":
      return {
        what: `no receipt: ${reason.message}`,
        next: "It is asked again at the next check; where it stays so, read the command's output in Systems Manager.",
      };
    case "failed":
      return { what: `failed (${reason.code}): ${reason.message}`, next: AFTER_FAILURE[reason.code] };
    case "script":
      return {
        what: `ran ${reason.age === "older" ? "an older" : "a newer"} host script, ${reason.has} instead of ${reason.expected}`,
        next: "Nothing to do: the next command brings the right one. Where it stays so, deploy the stack again.",
      };
    case "rebooted":
      return { what: "booted, and its bans are not those of the tables", next: ITSELF };
    case "differs":
      return { what: `its bans have differed from the tables since ${formatTime(reason.since, zone)}`, next: ITSELF };
    case "catching-up":
      return { what: "catching up: bans are changing right now", next: ITSELF };
    case "older-rules":
      return { what: "may have the firewall rules of an earlier configuration", next: ITSELF };
    case "lacks-bans":
      return {
        what: `lacks ${bans(reason.missing)} in its kernel`,
        next: "It tries again at the next check; where it stays so, look there for what removes them: ipset list, nft list ruleset.",
      };
    case "broken-rules":
      return {
        what: `${reason.broken} ${reason.broken === 1 ? "rule is" : "rules are"} not in place (${reason.faults.join("; ")})`,
        next: "It tries again at the next check; where it stays so, look for another program that rewrites the firewall.",
      };
    case "foreign-entries":
      return {
        what: `holds ${reason.foreign} ${reason.foreign === 1 ? "entry" : "entries"} that nobody asked for`,
        next: "Nothing to do: the next check takes them away. Use the banip command instead of ipset or nft.",
      };
    case "refused":
      return {
        what: `refused ${reason.refused} ${reason.refused === 1 ? "line" : "lines"} (${reason.refusals.join("; ")})`,
        next: "Deploy the stack again, so that hosts and functions are of one edition.",
      };
  }
}

const AFTER_FAILURE: Readonly<Record<Extract<Reason, { kind: "failed" }>["code"], string>> = {
  "bad-call": "Deploy the stack again: the document and its sender do not fit together.",
  "bad-input": "It is asked again at the next check; where it stays so, deploy the stack again.",
  late: "Set the host's clock (chrony or NTP); a command that comes late does nothing.",
  locked: "It is asked again at the next check; where it stays so, look there for a hanging fleet2ban script.",
  "no-firewall": "Install nftables, or ipset and iptables, on the host.",
  "no-state": "Make room, or make /var/lib/fleet2ban writable, on the host.",
  "not-root": "Let the SSM agent run commands as root.",
  "kernel-refused": "Read the message: the host's kernel or firewall tools lack something.",
  "host-broken": "Repair the tool that the message names on the host.",
};

function bans(count: number): string {
  return count === 1 ? "1 ban" : `${count} bans`;
}
