/** The ban log as log lines of the function: in Fail2Ban's own words, so that people search for what they always did. */
import { type Happening, recordOf } from "../../shared/core/report/log-line.ts";
import type { BanLog } from "../../shared/ports/ban-log.ts";
import type { Log } from "./log.ts";
import { BAN_LOG_SOURCE } from "./ruleset.ts";

/** Lines such as "[web] Ban 192.0.2.7"; `logger` and `severity` are Fail2Ban's too. */
export function createBanLog(log: Log): BanLog {
  return {
    async write(happenings: readonly Happening[], at: number) {
      for (const happening of happenings) {
        const { message, logger, level } = recordOf(happening, at, BAN_LOG_SOURCE.zone);
        const { jail, id, kind } = happening;
        log.info(message, { logger: `fail2ban.${logger}`, severity: level, kind, jail, id });
      }
    },
  };
}
