/** Tells people on one machine: mail by the jail's own mail actions. In the cloud, notify-people.ts does it by Mailbox. */
import type { Ban } from "../core/ban.ts";
import type { ActionConfig } from "../core/config/model.ts";

export type MailAction = Extract<ActionConfig, { readonly kind: "mail" }>;

/** A ban began, and this action of its jail wants a mail about it. */
export interface Notice {
  readonly action: MailAction;
  readonly ban: Ban;
}

export interface Notifier {
  /** Delivers or queues all of them; throws to have the change come again, so a notice may be sent twice, not lost. */
  notify(notices: readonly Notice[]): Promise<void>;
}
