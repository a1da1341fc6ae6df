/** A mail as this host's sendmail takes it: headers, an empty line, the body. */
import type { Mail } from "../../shared/core/report/mail-text.ts";
import type { MailAction } from "../../shared/ports/notifier.ts";

/** Headers and body, lines ended by "\n". A header ends where its line ends: what comes from the configuration has one line. */
export function messageOf({ subject, text }: Mail, action: MailAction, at: Date): string {
  const headers = [
    `Subject: ${oneHeader(subject)}`,
    `Date: ${at.toUTCString().replace("GMT", "+0000")}`,
    `From: Fail2Ban <${oneHeader(action.sender)}>`,
    `To: ${oneHeader(action.dest)}`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "Auto-Submitted: auto-generated",
  ];
  return `${headers.join("\n")}\n\n${text}`;
}

function oneHeader(text: string): string {
  return text.replace(/[\r\n]+/g, " ").trim();
}
