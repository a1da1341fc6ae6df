/**
 * The mail about one ban, told alike by a machine and by a fleet: Fail2Ban's subject, who was banned where and why, what
 * whois says, the log lines, and which commands to go on with.
 */
import type { Ban } from "../ban.ts";
import { oneLine, quoted } from "./mail-quote.ts";
import { formatDuration, formatTime, type ZoneOffset } from "./time-text.ts";

/** A subject of one line, and the body in lines ended by "\n". */
export interface Mail {
  readonly subject: string;
  readonly text: string;
}

/** What a registry says about an address, in a few lines of its own words; or why nothing is known. */
export type WhoisAnswer =
  | { readonly kind: "known"; readonly facts: readonly string[] }
  | { readonly kind: "unknown"; readonly reason: string };

/** Who tells, and how times and commands read there. */
export interface Teller {
  /** The host's name, or the stack's. */
  readonly name: string;
  /** The deployed stack, which commands have to name; undefined = the machine itself. */
  readonly stack: string | undefined;
  readonly zone: ZoneOffset;
  /** What times are followed by, where their reader may be in another zone: "UTC". */
  readonly zoneName?: string;
}

export interface BanMailParts {
  readonly ban: Ban;
  /** What the mail action calls the jail. */
  readonly subjectName: string;
  /** Undefined = nobody asked. */
  readonly whois: WhoisAnswer | undefined;
  /** Whether the log lines go along. */
  readonly lines: boolean;
  /** The jail decides and tells, but has nothing enforced. */
  readonly observed?: boolean;
  readonly teller: Teller;
}

/** More lines of a log or a registry than these are counted, not shown. */
const MOST_LINES = 50;
const LONGEST_NAME = 60;

export function banMail({ ban, subjectName, whois, lines, observed = false, teller }: BanMailParts): Mail {
  const name = oneLine(subjectName, LONGEST_NAME);
  const text = [
    `${ban.id} was banned in the jail ${oneLine(ban.jail)} ${causeOf(ban)}, ${lengthOf(ban)}.`,
    ...(ban.count > 1 ? [`It is ban number ${ban.count} of this address.`] : []),
    ...(observed ? ["The jail only observes: nothing is blocked."] : []),
    "",
    `Since:     ${timeOf(ban.since, teller)}`,
    `Until:     ${ban.expiresAt === undefined ? "for ever" : timeOf(ban.expiresAt, teller)}`,
    ...(ban.source === undefined ? [] : [`Logged by: ${oneLine(ban.source, LONGEST_NAME * 2)}`]),
    ...(whois === undefined ? [] : ["", ...whoisLines(ban, whois)]),
    ...(lines && ban.matches.length > 0 ? ["", "Log lines:", ...quoted(ban.matches, MOST_LINES)] : []),
    "",
    "To look further:",
    `  ${commandLine(`why ${ban.id}`, teller)}`,
    `  ${commandLine(`set ${oneLine(ban.jail)} unbanip ${ban.id}`, teller)}`,
    "",
    "fleet2ban",
  ];
  return { subject: `[Fail2Ban] ${name}: banned ${ban.id} from ${oneLine(teller.name)}`, text: `${text.join("\n")}\n` };
}

/** A time as people read it: "2026-11-22 17:35:59 UTC". */
export function timeOf(at: number, { zone, zoneName }: Teller): string {
  return `${formatTime(at, zone)}${zoneName === undefined ? "" : ` ${zoneName}`}`;
}

/** A command as it is typed where the mail comes from. */
export function commandLine(command: string, { stack }: Teller): string {
  return `fleet2ban ${command}${stack === undefined ? "" : ` --stack ${stack}`}`;
}

/** "after 3 failures", "by hand, by ann". */
export function causeOf(ban: Ban): string {
  if (ban.failures === 0) return `by hand, by ${oneLine(ban.actor)}`;
  return `after ${ban.failures} ${ban.failures === 1 ? "failure" : "failures"}`;
}

function lengthOf({ since, expiresAt }: Ban): string {
  return expiresAt === undefined ? "for ever" : `for ${formatDuration(expiresAt - since)}`;
}

function whoisLines(ban: Ban, whois: WhoisAnswer): readonly string[] {
  switch (whois.kind) {
    case "known":
      return [`What whois says of ${ban.id}:`, ...quoted(whois.facts, MOST_LINES)];
    case "unknown":
      return [`Whois says nothing of ${ban.id}: ${oneLine(whois.reason, LONGEST_NAME * 4)}`];
  }
}
