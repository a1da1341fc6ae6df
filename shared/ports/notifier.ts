/** Tells people: mail by the jail's own mail actions, and the alarms that need somebody. */
import type { Ban } from "../core/ban.ts";
import type { ActionConfig } from "../core/config/model.ts";

export type MailAction = Extract<ActionConfig, { readonly kind: "mail" }>;

export type Notice =
  | { readonly kind: "banned"; readonly action: MailAction; readonly ban: Ban }
  /** A breaker stopped a jail; `at` is event time, epoch ms. */
  | {
      readonly kind: "breaker-tripped";
      readonly jail: string;
      readonly at: number;
      readonly bans: number;
      readonly limit: number;
    };

export interface Notifier {
  /** Delivers or queues all of them; throws to have the change come again, so a notice may be sent twice, not lost. */
  notify(notices: readonly Notice[]): Promise<void>;
}
