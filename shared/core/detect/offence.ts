/**
 * Who was banned before, and how often: what `bantime.increment` asks, and what tells a replay of old lines from a new
 * offence after window and ban are gone.
 */
import type { Ban } from "../ban.ts";
import type { BanKey } from "./key.ts";

/** The history of one id in one jail. */
export interface Offence extends BanKey {
  /** Bans so far; 0 after a pardon. */
  readonly count: number;
  /** When the last one began, epoch ms. */
  readonly since: number;
  /** When it ended or will end, epoch ms; undefined = never. */
  readonly until: number | undefined;
  /** The greatest generation a ban of this id and jail has had; survives a pardon, so that hosts see later bans as later. */
  readonly generation: number;
}

/**
 * The history with this ban in it. A ban whose generation is noted already changes nothing; one that began when the
 * last one did is the same ban, renewed, and counts once.
 */
export function noteBan(offence: Offence | undefined, ban: Ban): Offence {
  if (offence !== undefined && offence.generation >= ban.generation) return offence;
  const { jail, id, since, generation, expiresAt } = ban;
  const counted = offence !== undefined && offence.count > 0 && offence.since === since;
  return { jail, id, count: (offence?.count ?? 0) + (counted ? 0 : 1), since, until: expiresAt, generation };
}

/** The history after a manual unban at `at` (epoch ms): the next ban counts as the first. */
export function pardonOffence(offence: Offence, at: number): Offence {
  return { ...offence, count: 0, until: at };
}

/** Earlier bans as bantime.increment counts them: in this jail, or in all of them. */
export function previousBans(history: readonly Offence[], jail: string, overalljails: boolean): number {
  return history
    .filter((offence) => overalljails || offence.jail === jail)
    .reduce((sum, offence) => sum + offence.count, 0);
}

/** Whether a failure at this time belongs to a ban or pardon of the history; a permanent ban that is gone settles nothing. */
export function isSettled(offence: Offence | undefined, at: number): boolean {
  return offence?.until !== undefined && at < offence.until;
}

const DAY = 86_400_000;

/** When the history may go, epoch ms: a day and three bantimes after the ban began, as Fail2Ban purges; undefined = never. */
export function forgetOffenceAt(offence: Offence): number | undefined {
  if (offence.until === undefined) return undefined;
  return offence.since + Math.max(DAY, 3 * (offence.until - offence.since));
}
