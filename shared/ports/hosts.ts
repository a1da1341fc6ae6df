/** What each host of the fleet said last, kept so that "in sync" is a receipt and not a hope. */
import type { HostReply } from "../core/firewall/receipt.ts";

export interface HostRecord {
  /** Instance id. */
  readonly host: string;
  readonly reply: HostReply;
  /** The command it answered. */
  readonly command: string;
  /** When the answer was given, epoch ms, as the service tells it: a host's own clock may be wrong. */
  readonly at: number;
  /**
   * Since when its bans have differed from the rows, or may have since it booted, epoch ms; absent = they agreed, or nobody
   * has compared yet.
   */
  readonly differsSince?: number;
  /** Firewall revision of the last full list that it took; absent = none yet. */
  readonly revision?: number;
}

export interface Hosts {
  /** Keeps the record, unless one that is at least as late is kept already: replies arrive twice and in any order. */
  note(record: HostRecord): Promise<void>;
  all(): Promise<readonly HostRecord[]>;
  /** Forgets a host that is gone for good. */
  forget(host: string): Promise<void>;
}
