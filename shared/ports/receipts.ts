/** Collects what hosts answered to a command that was sent earlier. */
import type { HostReply } from "../core/firewall/receipt.ts";

export type Answered =
  | { readonly kind: "replied"; readonly host: string; readonly reply: HostReply; readonly at: number }
  /** On its way, or running. */
  | { readonly kind: "pending"; readonly host: string }
  /** It never reached the host, or nobody heard of it again; `status` is the service's own word. */
  | { readonly kind: "lost"; readonly host: string; readonly status: string; readonly at: number };

export interface Receipts {
  /** The answers so far, one a host. A command that the service does not know any more has none. */
  collect(command: string): Promise<readonly Answered[]>;
}
