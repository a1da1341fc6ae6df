/** A breaker that stopped a jail: one alarm, since a person has to look before the jail bans again. */
import { type ClaimDeps, claimTrips, returnTrip } from "../../shared/app/claim-trips.ts";
import type { Tripped } from "../../shared/app/place-ban.ts";
import type { Alarm } from "../../shared/ports/alarm.ts";
import type { Log } from "./log.ts";

export interface AlarmDeps {
  readonly alarm: Alarm;
  readonly stack: string;
  readonly bansPerMinute: number;
  readonly counting: ClaimDeps;
}

/**
 * Calls for a person. What nobody could be told of is given back, and the next ban that is held tells it; failing the
 * batch for it would repeat everything but the alarm. Who dies right here leaves the metric BansHeld, which has an alarm
 * of its own.
 */
export async function raiseAlarms(tripped: readonly Tripped[], deps: AlarmDeps, log: Log): Promise<void> {
  try {
    for (const trip of await claimTrips(tripped, deps.counting)) await raiseAlarm(trip, deps, log);
  } catch (error) {
    // Direction: the batch is done.
    log.error("a stopped jail stays untold until the next ban that is held", error);
  }
}

async function raiseAlarm({ jail, at, bans }: Tripped, deps: AlarmDeps, log: Log): Promise<void> {
  log.warn("a breaker stopped a jail", { jail, bans, limit: deps.bansPerMinute });
  const subject = `fleet2ban ${deps.stack}: jail ${jail} is stopped`;
  try {
    await deps.alarm.raise({ subject, text: textOf(jail, at, bans, deps) });
  } catch (error) {
    log.error("nobody could be told of a stopped jail; the next ban that is held tells it", error, { jail });
    await returnTrip(jail, deps.counting);
  }
}

function textOf(jail: string, at: number, bans: number, { stack, bansPerMinute }: AlarmDeps): string {
  const reason =
    bans === 0
      ? [
          `What the breaker of jail ${jail} counted was lost (somebody else wrote its row), so nobody knows whether it tripped.`,
        ]
      : [
          `The jail ${jail} banned ${bans} ids within a minute, and ${bansPerMinute} is its limit (${new Date(at).toISOString()}).`,
          "A wrong regex is likelier than an attack of that size.",
        ];
  return [
    ...reason,
    "So the jail decides, but bans nobody until you say so.",
    "",
    `Look at what it banned:         fleet2ban status ${jail} --stack ${stack}`,
    `A ban that is wrong, take back: fleet2ban set ${jail} unbanip ADDRESS --stack ${stack}`,
    `What it held, let go:           fleet2ban set ${jail} held let-go --stack ${stack}`,
    `or ban after all:               fleet2ban set ${jail} held ban --stack ${stack}`,
    "The jail works again after either. docs/runbook.md says more.",
  ].join("\n");
}
