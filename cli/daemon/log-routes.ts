/** Which jail reads which file, and how recidive jails read our own ban log: in memory, not through its file. */
import type { FollowPath } from "../../shared/adapters/local/follow/follower.ts";
import { matchesGlob } from "../../shared/adapters/local/follow/glob.ts";
import type { JailConfig } from "../../shared/core/config/model.ts";
import { JOURNAL_STREAM, readsJournal } from "../../shared/core/filter/journal-jails.ts";
import { parseJournalMatch } from "../../shared/core/journal/match.ts";

/** Where the ban log lies unless told otherwise; the bundled recidive jail has it as its logpath. */
export const BAN_LOG = "/var/log/fleet2ban.log";
/** A recidive jail that was written for Fail2Ban means our bans, now that we make them. */
const FAIL2BAN_LOG = "/var/log/fail2ban.log";

export interface LogRoutes {
  /** The stream of the ban log's own lines. */
  readonly banLog: string;
  reads(jail: JailConfig, stream: string): boolean;
  /** Everything to follow; the ban log is left out, or each ban would count twice. */
  follow(jails: readonly JailConfig[]): readonly FollowPath[];
  /** What to read of the journal; undefined where no jail reads it. */
  journal(jails: readonly JailConfig[]): JournalSource | undefined;
}

export interface JournalSource {
  /** In journalctl's words; empty = all of it. */
  readonly matches: readonly string[];
  /** How far back the first reading goes: the longest findtime, ms. */
  readonly findtime: number;
}

export function createLogRoutes(banLog: string = BAN_LOG): LogRoutes {
  const ours = new Set([banLog, BAN_LOG]);
  return {
    banLog,
    reads: (jail, stream) =>
      readsJournal(jail)
        ? stream === JOURNAL_STREAM
        : jail.logs.some(({ path }) =>
            stream === banLog
              ? ours.has(path) || path === FAIL2BAN_LOG
              : !ours.has(path) && (path === stream || matchesGlob(path, stream)),
          ),
    follow(jails) {
      const paths = new Map<string, FollowPath>();
      for (const { logs, logencoding } of jails) {
        for (const log of logs) {
          if (ours.has(log.path)) continue;
          // The earlier of two jails decides where in a new file to begin; the encoding may not differ at all.
          const key = JSON.stringify([log.path, logencoding]);
          if (!paths.has(key)) paths.set(key, { ...log, encoding: logencoding });
        }
      }
      return [...paths.values()];
    },
    journal(jails) {
      const readers = jails.filter(readsJournal);
      if (readers.length === 0) return undefined;
      const matches = new Set(readers.map((jail) => wordsOf(jail).join("\n")));
      return {
        matches: matches.has("") ? [] : [...matches].join("\n+\n").split("\n"),
        findtime: Math.max(...readers.map(({ findtime }) => findtime)),
      };
    },
  };
}

function wordsOf({ filter }: JailConfig): readonly string[] {
  const parsed = parseJournalMatch(filter.journalmatch);
  return parsed.kind === "match" ? parsed.words : [];
}
