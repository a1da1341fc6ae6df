/**
 * The hosts that enforce bans, whether that is this machine, a fleet behind SSM, or nobody (a dry run).
 *
 * All of it may be done twice. A host that fails is a report, not an exception: the others are done all the same.
 */
import type { HostBan, HostChange } from "../core/firewall/change.ts";
import type { RefusedChange } from "../core/firewall/encode.ts";
import type { HostReply } from "../core/firewall/receipt.ts";

export interface Fleet {
  /** Brings changes to every host; with none, hosts only heal what was lost. */
  apply(changes: readonly HostChange[]): Promise<readonly FleetReport[]>;
  /** Makes hosts equal to the full list of bans. */
  reconcile(bans: readonly HostBan[], scope?: ReconcileScope): Promise<readonly FleetReport[]>;
  /** Asks hosts what they hold, and changes nothing. */
  status(hosts?: readonly string[]): Promise<readonly FleetReport[]>;
  /** Takes everything of ours off the hosts, and what they know of the bans. */
  clear(hosts?: readonly string[]): Promise<readonly FleetReport[]>;
}

export interface ReconcileScope {
  /** Which hosts; absent = all. */
  readonly hosts?: readonly string[];
  /**
   * When reading the list began, epoch ms by our clock: what a host learnt at or after it stays. Leave room for clocks that differ.
   * Absent = nobody else sends changes, and the list is the truth as it arrives.
   */
  readonly asOf?: number;
}

export type FleetReport =
  /** The host answered, with a receipt or with the reason why it did nothing. */
  | { readonly kind: "replied"; readonly host: string; readonly reply: HostReply }
  /** A command is on its way to these hosts (a name or a tag); their receipts are collected later, by its id. */
  | { readonly kind: "sent"; readonly to: string; readonly command: string }
  /** A change that no host would take, so it was not sent. */
  | ({ readonly kind: "refused" } & RefusedChange);
