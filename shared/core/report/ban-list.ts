/** `get JAIL banip`: who is banned in a jail, earliest end first, as fail2ban-client prints it. */
import type { Target } from "../address.ts";
import type { Bantime } from "../config/model.ts";
import { END_OF_TIME, formatTime, type ZoneOffset } from "./time-text.ts";

export interface BanEntry {
  readonly id: Target;
  /** Epoch ms. */
  readonly since: number;
  readonly bantime: Bantime;
}

/** Ids joined by `separator`; the original's default is one space. */
export function formatBanList(bans: readonly BanEntry[], separator = " "): string {
  return byEnd(bans)
    .map((ban) => ban.id)
    .join(separator);
}

/** "ID \tSTART + SECONDS = END", one a line; a permanent ban has -1 seconds and ends with the year 9999. */
export function formatBanTimes(bans: readonly BanEntry[], zone: ZoneOffset): string {
  return byEnd(bans)
    .map((ban) => {
      const start = formatTime(ban.since, zone);
      if (ban.bantime === "permanent") return `${ban.id} \t${start} + -1 = ${END_OF_TIME}`;
      const end = formatTime(ban.since + ban.bantime, zone);
      return `${ban.id} \t${start} + ${Math.floor(ban.bantime / 1000)} = ${end}`;
    })
    .join("\n");
}

function byEnd(bans: readonly BanEntry[]): BanEntry[] {
  const end = (ban: BanEntry) => (ban.bantime === "permanent" ? Number.POSITIVE_INFINITY : ban.since + ban.bantime);
  // Two permanent bans have no difference that sorts: Infinity − Infinity is NaN.
  return [...bans].sort((a, b) => (end(a) === end(b) ? 0 : end(a) - end(b)));
}
