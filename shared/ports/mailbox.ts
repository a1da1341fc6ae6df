/** Mail to people who cannot be chosen per message: a box for each address that a mail action names. */
import type { Mail } from "../core/report/mail-text.ts";

/** What subscribers may filter by, beside the text. */
export interface OutgoingMail extends Mail {
  readonly kind: "ban" | "digest";
  /** Undefined = more than one. */
  readonly jail: string | undefined;
}

export interface Mailbox {
  /** The box that serves an address, or undefined where none does. Several addresses may share one. */
  boxOf(dest: string): string | undefined;
  /** Hands one mail over, once; may come twice where an answer was lost. Throws a PortError. */
  send(box: string, mail: OutgoingMail): Promise<void>;
}
