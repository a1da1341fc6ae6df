/**
 * What the daemon says: log lines in Fail2Ban's format, on standard error, and the ban log, a file that a recidive jail of
 * another program (or a person's grep) reads. Our own recidive jails learn of bans without the file.
 */
import { appendFile } from "node:fs/promises";
import { formatLogLine, type LogLevel, recordOf } from "../../shared/core/report/log-line.ts";
import type { ZoneOffset } from "../../shared/core/report/time-text.ts";
import type { BanLog } from "../../shared/ports/ban-log.ts";
import { reasonOf } from "../failure.ts";

export interface Speaker extends BanLog {
  /** One line about the daemon itself. */
  say(level: LogLevel, message: string): void;
}

export interface SpeakerOptions {
  readonly note: (line: string) => void;
  readonly zone: ZoneOffset;
  /** Epoch ms. */
  readonly now: () => number;
  /** The ban log; undefined = none is written. */
  readonly file: string | undefined;
}

export function createSpeaker({ note, zone, now, file }: SpeakerOptions): Speaker {
  let broken = false;
  const say: Speaker["say"] = (level, message) => {
    note(formatLogLine({ at: now(), logger: "server", level, message }, process.pid, zone));
  };
  return {
    say,
    async write(happenings, at) {
      const lines = happenings.map((each) => formatLogLine(recordOf(each, at, zone), process.pid, zone));
      for (const line of lines) note(line);
      if (file === undefined || lines.length === 0) return;
      try {
        // By its path each time, so that logrotate may move it without telling us.
        await appendFile(file, lines.map((line) => `${line}\n`).join(""), { mode: 0o640 });
        broken = false;
      } catch (error) {
        // A full disk must not keep anybody from being banned: it is said once, and the bans go on.
        if (!broken) say("ERROR", `cannot write the ban log ${file}: ${reasonOf(error)}`);
        broken = true;
      }
    },
  };
}
