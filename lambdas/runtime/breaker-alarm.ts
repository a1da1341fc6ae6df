/** A breaker that stopped a jail: one alarm, since a person has to look before the jail bans again. */
import type { Tripped } from "../../shared/app/place-ban.ts";
import type { Alarm } from "../../shared/ports/alarm.ts";
import type { Log } from "./log.ts";

export interface AlarmDeps {
  readonly alarm: Alarm;
  readonly stack: string;
  readonly bansPerMinute: number;
}

/**
 * Calls for a person. The trip is stored by now and comes no second time, so an alarm that nobody takes is logged and
 * stands in the metric BansHeld; failing the batch for it would repeat everything but the alarm.
 */
export async function raiseAlarms(tripped: readonly Tripped[], deps: AlarmDeps, log: Log): Promise<void> {
  for (const { jail, at, bans } of tripped) {
    log.warn("a breaker stopped a jail", { jail, bans, limit: deps.bansPerMinute });
    try {
      await deps.alarm.raise({
        subject: `fleet2ban ${deps.stack}: jail ${jail} is stopped`,
        text: textOf(jail, at, bans, deps),
      });
    } catch (error) {
      log.error("nobody could be told of a stopped jail", error, { jail });
    }
  }
}

function textOf(jail: string, at: number, bans: number, { stack, bansPerMinute }: AlarmDeps): string {
  return [
    `The jail ${jail} banned ${bans} ids within a minute, and ${bansPerMinute} is its limit (${new Date(at).toISOString()}).`,
    "A wrong regex is likelier than an attack of that size, so the jail decides, but bans nobody until you say so.",
    "",
    `Look at what it banned:         fleet2ban status ${jail} --stack ${stack}`,
    `A ban that is wrong, take back: fleet2ban set ${jail} unbanip ADDRESS --stack ${stack}`,
    `What it held, let go:           fleet2ban set ${jail} held let-go --stack ${stack}`,
    `or ban after all:               fleet2ban set ${jail} held ban --stack ${stack}`,
    "The jail works again after either. docs/runbook.md says more.",
  ].join("\n");
}
