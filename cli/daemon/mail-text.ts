/** The mail about one ban: Fail2Ban's subject, and what was seen. */
import { hostname } from "node:os";
import type { Ban } from "../../shared/core/ban.ts";
import { formatDuration } from "../../shared/core/report/time-text.ts";
import type { MailAction } from "../../shared/ports/notifier.ts";

export interface MailParts {
  readonly action: MailAction;
  readonly ban: Ban;
  /** What whois said; undefined = it was not asked. */
  readonly whois: string | undefined;
  readonly at: Date;
}

/** Headers and body, lines ended by "\n". Log lines are a client's text: they stand in the body only, without control characters. */
export function mailText({ action, ban, whois, at }: MailParts): string {
  const host = hostname();
  const length = ban.expiresAt === undefined ? "for ever" : `for ${formatDuration(ban.expiresAt - ban.since)}`;
  const cause = ban.failures === 0 ? `by hand, by ${ban.actor}` : `after ${ban.failures} failures`;
  const headers = [
    `Subject: [Fail2Ban] ${oneLine(action.subjectName)}: banned ${ban.id} from ${host}`,
    `Date: ${at.toUTCString().replace("GMT", "+0000")}`,
    `From: Fail2Ban <${oneLine(action.sender)}>`,
    `To: ${oneLine(action.dest)}`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "Auto-Submitted: auto-generated",
  ];
  const body = [
    `${ban.id} was banned in the jail ${ban.jail} ${cause}, ${length}.`,
    ...(ban.count > 1 ? [`It is ban number ${ban.count} of this address.`] : []),
    ...(whois === undefined ? [] : ["", `What whois says of ${ban.id}:`, plain(whois)]),
    ...(action.lines && ban.matches.length > 0 ? ["", "Log lines:", ...ban.matches.map(plain)] : []),
    "",
    "fleet2ban",
  ];
  return `${headers.join("\n")}\n\n${body.join("\n")}\n`;
}

/** A header ends where its line ends: what comes from the configuration has one line. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ").trim();
}

function plain(text: string): string {
  return text
    .replaceAll("\r", "")
    .trimEnd()
    .replace(/[^\P{C}\n\t]/gu, "·");
}
