/**
 * How one host stands, and what to do about it: a verdict on what it said last, not on what was sent to it.
 *
 * A host is in sync when its own receipt says so: every ban that the rows hold is known to it and in its kernel, with
 * nothing beside them, by the script that is deployed now.
 */
import type { HostFailure, HostReply, Receipt } from "../firewall/receipt.ts";
import { isOlder } from "./agent-version.ts";

/** Why a host is not in sync. Times are epoch ms. */
export type Reason =
  | { readonly kind: "never-heard-of" }
  /** No command reaches it; `since` = when it was last heard of. */
  | { readonly kind: "offline"; readonly since: number | undefined }
  /** Its agent cannot pass variables to the script, which then refuses to run. */
  | { readonly kind: "agent-too-old"; readonly agent: string | undefined; readonly oldest: string }
  /** It answered no command of late, or with something that is no receipt. */
  | { readonly kind: "unanswered"; readonly message: string }
  /** The script said why it did nothing. */
  | { readonly kind: "failed"; readonly code: HostFailure["code"]; readonly message: string }
  | { readonly kind: "script"; readonly age: "older" | "newer"; readonly has: string; readonly expected: string }
  /** It booted since, and its bans are not those of the rows: rebooted without its state, or restored from a snapshot. */
  | { readonly kind: "rebooted" }
  /** Its bans are not those of the rows. */
  | { readonly kind: "differs"; readonly since: number }
  /** Its bans are not those of the rows, which are changing. */
  | { readonly kind: "catching-up" }
  /** Its firewall rules may be those of an earlier configuration. */
  | { readonly kind: "older-rules" }
  /** Bans that it knows and could not put into its kernel. */
  | { readonly kind: "lacks-bans"; readonly missing: number }
  /** Chains and jumps that are not as they should be, although it tried. */
  | { readonly kind: "broken-rules"; readonly broken: number; readonly faults: readonly string[] }
  /** Entries in our sets that nobody asked for. */
  | { readonly kind: "foreign-entries"; readonly foreign: number }
  /** Lines of the last command that it does not take. */
  | { readonly kind: "refused"; readonly refused: number; readonly refusals: readonly string[] };

export type HostState = { readonly kind: "in-sync" } | { readonly kind: "out-of-sync"; readonly reason: Reason };

/**
 * What helps: nothing of ours (or nothing needed), a command without changes, which makes a host put its own firewall in
 * order, or the full list of bans.
 */
export type Remedy = "none" | "heal" | "full-list";

export interface Verdict {
  readonly state: HostState;
  readonly remedy: Remedy;
}

/** What is known of a host. */
export interface Sighting {
  /** As the service sees it. */
  readonly online: boolean;
  readonly seenAt: number | undefined;
  readonly agent: string | undefined;
  /** What it said last; undefined = nothing ever. */
  readonly reply: HostReply | undefined;
  /** Boot id of the receipt before that; undefined or "" = not known. */
  readonly bootBefore: string | undefined;
  /** Since when its bans have differed, by earlier checks. */
  readonly differsSince: number | undefined;
  /** Firewall revision of the last full list that it took. */
  readonly revision: number | undefined;
}

/** What a host is held against. */
export interface Standard {
  /** Version of the host script that is deployed. */
  readonly script: string;
  readonly oldestAgent: string;
  /** Of the rules that are deployed; undefined = nothing is banned, so no rules are needed. */
  readonly revision: number | undefined;
  /**
   * What the comparison of its bans with the rows says; "unknown" where nobody compared now, so that the last verdict
   * counts.
   */
  readonly bans: (receipt: Receipt) => "agree" | "differ" | "differ-while-moving" | "unknown";
  /** Epoch ms. */
  readonly now: number;
}

/** Judges one host; of several reasons the one that a person should hear first. */
export function judgeHost(host: Sighting, standard: Standard): Verdict {
  const reply = host.reply;
  if (!host.online) return out({ kind: "offline", since: host.seenAt }, "none");
  const agentTooOld = host.agent !== undefined && isOlder(host.agent, standard.oldestAgent);
  if (reply === undefined) {
    if (agentTooOld) return tooOld(host, standard);
    return out({ kind: "never-heard-of" }, "full-list");
  }
  switch (reply.kind) {
    case "unreadable":
      return agentTooOld ? tooOld(host, standard) : out({ kind: "unanswered", message: reply.message }, "heal");
    case "failed": {
      const { code, message } = reply;
      if (code === "bad-call" && (agentTooOld || host.agent === undefined)) return tooOld(host, standard);
      return out({ kind: "failed", code, message }, "heal");
    }
    case "done":
      return judgeReceipt(reply, host, standard);
  }
}

function judgeReceipt(receipt: Receipt, host: Sighting, standard: Standard): Verdict {
  const comparison = standard.bans(receipt);
  const bans = reasonOfBans(comparison, receipt, host, standard.now);
  if (bans !== undefined) return out(bans, bans.kind === "catching-up" ? "heal" : "full-list");
  // Bans bring the rules of their own jail only; that a host has those of every jail is known after a full list.
  if (standard.revision !== undefined && (host.revision ?? -1) < standard.revision) {
    return out({ kind: "older-rules" }, "full-list");
  }
  if (receipt.foreign > 0) return out({ kind: "foreign-entries", foreign: receipt.foreign }, "full-list");
  if (receipt.missing > 0) return out({ kind: "lacks-bans", missing: receipt.missing }, "heal");
  const { broken, faults, refused, refusals, script } = receipt;
  if (broken > 0) return out({ kind: "broken-rules", broken, faults }, "heal");
  if (script !== standard.script) {
    const age = isOlder(script, standard.script) ? "older" : "newer";
    return out({ kind: "script", age, has: script, expected: standard.script }, "heal");
  }
  if (refused > 0) return out({ kind: "refused", refused, refusals }, "none");
  return { state: { kind: "in-sync" }, remedy: "none" };
}

function reasonOfBans(
  comparison: ReturnType<Standard["bans"]>,
  receipt: Receipt,
  host: Sighting,
  now: number,
): Reason | undefined {
  const booted = host.bootBefore !== undefined && host.bootBefore !== "" && host.bootBefore !== receipt.bootId;
  const since = host.differsSince;
  switch (comparison) {
    case "agree":
      return undefined;
    case "differ":
      return booted ? { kind: "rebooted" } : { kind: "differs", since: since ?? now };
    case "differ-while-moving":
      if (booted) return { kind: "rebooted" };
      // Twice in a row is no longer a matter of commands on their way.
      return since === undefined ? { kind: "catching-up" } : { kind: "differs", since };
    case "unknown":
      return since === undefined ? undefined : { kind: "differs", since };
  }
}

function out(reason: Reason, remedy: Remedy): Verdict {
  return { state: { kind: "out-of-sync", reason }, remedy };
}

function tooOld({ agent }: Sighting, { oldestAgent }: Standard): Verdict {
  return out({ kind: "agent-too-old", agent, oldest: oldestAgent }, "none");
}
