/** Who holds an address, asked of the registries for a mail; nothing depends on it. */
import type { Target } from "../core/address.ts";
import type { WhoisAnswer } from "../core/report/mail-text.ts";

export interface Whois {
  /** Answers within a few seconds and never throws: what could not be learned is said as a reason. */
  about(target: Target): Promise<WhoisAnswer>;
}
