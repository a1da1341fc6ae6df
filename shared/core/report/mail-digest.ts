/**
 * One mail about many bans: how many in which jail, the bans in a table, and where to look further. Its length is
 * bounded whatever the number of bans: a storm is told in one mail that can still be read.
 */
import type { Ban } from "../ban.ts";
import { oneLine } from "./mail-quote.ts";
import { commandLine, type Mail, type Teller, timeOf } from "./mail-text.ts";
import { formatTime } from "./time-text.ts";

export interface DigestParts {
  /** At least one. */
  readonly bans: readonly Ban[];
  /** Bans that were over before anybody could be told; they are counted, not listed. */
  readonly over: number;
  /** Jails that decide and tell, but have nothing enforced. */
  readonly observed?: ReadonlySet<string>;
  readonly teller: Teller;
}

/** Rows of the table: one screen after another is read by nobody. */
const MOST_ROWS = 200;
const MOST_JAILS = 50;
/** As wide as most addresses and hosts; longer ones push their row, up to a limit. */
const WIDTHS = { id: 18, jail: 16, failures: 8, time: 19 } as const;
const LONGEST_CELL = 64;

export function digestMail({ bans, over, observed = new Set(), teller }: DigestParts): Mail {
  const jails = countByJail(bans);
  const times = bans.map((ban) => ban.since).sort((a, b) => a - b);
  const where = jails.length === 1 ? oneLine(jails[0]![0], LONGEST_CELL) : `${jails.length} jails`;
  const commands = ["banned", ...jails.slice(0, 5).map(([jail]) => `status ${oneLine(jail)}`)];
  const text = [
    `${plural(bans.length, "ban")} began between ${timeOf(times[0]!, teller)} and ${timeOf(times.at(-1)!, teller)}.`,
    ...(over === 0 ? [] : [`${plural(over, "more ban")} began and ended before this mail could go.`]),
    "",
    "Bans by jail:",
    ...jails.slice(0, MOST_JAILS).map(([jail, count]) => jailRow(jail, count, observed.has(jail))),
    ...rest(jails.length - MOST_JAILS, "more jail"),
    "",
    row("id", "jail", "failures", "since", "until", "logged by"),
    ...bans
      .slice(0, MOST_ROWS)
      .map((ban) =>
        row(
          ban.id,
          oneLine(ban.jail, LONGEST_CELL),
          ban.failures === 0 ? "by hand" : String(ban.failures),
          formatTime(ban.since, teller.zone),
          ban.expiresAt === undefined ? "for ever" : formatTime(ban.expiresAt, teller.zone),
          ban.failures === 0 ? oneLine(ban.actor, LONGEST_CELL) : oneLine(ban.source ?? "", LONGEST_CELL),
        ),
      ),
    ...rest(bans.length - MOST_ROWS, "more ban"),
    "",
    "To look further:",
    ...commands.map((command) => `  ${commandLine(command, teller)}`),
    "",
    "fleet2ban",
  ];
  return {
    subject: `[Fail2Ban] ${plural(bans.length, "ban")} in ${where} from ${oneLine(teller.name)}`,
    text: `${text.join("\n")}\n`,
  };
}

/** Jails with the most bans first. */
function countByJail(bans: readonly Ban[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { jail } of bans) counts.set(jail, (counts.get(jail) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

function jailRow(jail: string, count: number, observed: boolean): string {
  const note = observed ? "  (only observed: nothing is blocked)" : "";
  return `  ${oneLine(jail, LONGEST_CELL).padEnd(WIDTHS.jail)} ${String(count).padStart(7)}${note}`;
}

function row(id: string, jail: string, failures: string, since: string, until: string, host: string): string {
  const cells = [
    id.padEnd(WIDTHS.id),
    jail.padEnd(WIDTHS.jail),
    failures.padStart(WIDTHS.failures),
    since.padEnd(WIDTHS.time),
    until.padEnd(WIDTHS.time),
    host,
  ];
  return `  ${cells.join("  ")}`.trimEnd();
}

function rest(count: number, what: string): readonly string[] {
  return count > 0 ? [`  and ${plural(count, what)}`] : [];
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
