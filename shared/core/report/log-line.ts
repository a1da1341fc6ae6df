/**
 * Lines of the ban log, in Fail2Ban's own format, so that a recidive jail (or a person's grep) reads them as it reads
 * fail2ban.log. "Restore Ban" is worded so that recidive does not count it again.
 */
import type { Bantime } from "../config/model.ts";
import { formatDuration, formatLogTime, formatTime, type ZoneOffset } from "./time-text.ts";

export type LogLevel = "DEBUG" | "INFO" | "NOTICE" | "WARNING" | "ERROR";
export type Logger = "filter" | "actions" | "jail" | "server";

export interface LogRecord {
  /** Epoch ms; when it is written, not when it happened. */
  readonly at: number;
  readonly logger: Logger;
  readonly level: LogLevel;
  readonly message: string;
}

/** "2026-11-22 17:36:00,427 fail2ban.actions        [11829]: NOTICE  [sshd] Ban 192.0.2.7". */
export function formatLogLine(record: LogRecord, pid: number, zone: ZoneOffset): string {
  const name = `fail2ban.${record.logger}`.padEnd(24);
  return `${formatLogTime(record.at, zone)} ${name}[${pid}]: ${record.level.padEnd(7)} ${record.message}`;
}

/** What happened to one id in one jail, as a record's level and text. */
export type Happening =
  | { readonly kind: "found"; readonly jail: string; readonly id: string; readonly at: number }
  | { readonly kind: "ignored"; readonly jail: string; readonly id: string; readonly by: string }
  | { readonly kind: "ban"; readonly jail: string; readonly id: string }
  | { readonly kind: "restore"; readonly jail: string; readonly id: string }
  | {
      readonly kind: "increase";
      readonly jail: string;
      readonly id: string;
      /** Which ban of the id it is. */
      readonly count: number;
      readonly since: number;
      readonly bantime: Bantime;
    }
  | { readonly kind: "unban"; readonly jail: string; readonly id: string };

/** The record for a happening; `at` is the time of writing. */
export function recordOf(happening: Happening, at: number, zone: ZoneOffset): LogRecord {
  const head = `[${happening.jail}]`;
  switch (happening.kind) {
    case "found": {
      const message = `${head} Found ${happening.id} - ${formatTime(happening.at, zone)}`;
      return { at, logger: "filter", level: "INFO", message };
    }
    case "ignored":
      return { at, logger: "filter", level: "INFO", message: `${head} Ignore ${happening.id} by ${happening.by}` };
    case "ban":
      return { at, logger: "actions", level: "NOTICE", message: `${head} Ban ${happening.id}` };
    case "restore":
      return { at, logger: "actions", level: "NOTICE", message: `${head} Restore Ban ${happening.id}` };
    case "increase": {
      const { id, count, since, bantime } = happening;
      const end =
        bantime === "permanent"
          ? "permanent -> infinite"
          : `${formatDuration(bantime)} -> ${formatTime(since + bantime, zone)}`;
      const message = `${head} Increase Ban ${id} (${count} # ${end})`;
      return { at, logger: "actions", level: "NOTICE", message };
    }
    case "unban":
      return { at, logger: "actions", level: "NOTICE", message: `${head} Unban ${happening.id}` };
  }
}
