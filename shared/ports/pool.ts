/**
 * Where senders of commands meet: while one of them waits for its slot, the others leave with it what they have, and one
 * command carries all.
 */
import type { HostChange } from "../core/firewall/change.ts";

/** What a sender left. */
export interface Deposit {
  readonly who: string;
  readonly changes: readonly HostChange[];
}

export interface Pool {
  /** Makes `who` the one that sends next, until `until`; false = another one is, and its time is not over at `now` (epoch ms). */
  lead(who: string, now: number, until: number): Promise<boolean>;
  /** Ends the lead of `who`, right before it sends; false = it led no more. What is left after this is the next one's. */
  begin(who: string): Promise<boolean>;
  /** Leaves changes with whoever leads; the same sender's earlier ones are replaced. They count for an hour after `now`. */
  deposit(deposit: Deposit, now: number): Promise<void>;
  /** What is left, not yet sent and no older than that. Read consistently. */
  deposits(): Promise<readonly Deposit[]>;
  /** What these left is sent. */
  remove(whose: readonly string[]): Promise<void>;
}
