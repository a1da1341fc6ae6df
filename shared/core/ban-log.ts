/**
 * What the ban log says of a change, and the same lines as log events: how a recidive jail learns of bans.
 *
 * A recidive jail reads our own ban log. Its lines do not go through a file and back: they are made here from the
 * changes and matched like any line, so they count within the batch that acts on the change, on one machine as in the
 * cloud, and a repeated change makes the same event with the same identity, which counts once. The file is for people.
 */
import type { Ban, BanChange } from "./ban.ts";
import { keyText } from "./detect/key.ts";
import type { LogEvent } from "./filter/event.ts";
import { formatLogLine, type Happening, recordOf } from "./report/log-line.ts";
import type { ZoneOffset } from "./report/time-text.ts";

/** Whether the change begins a ban: the row is new, or takes the place of one that was over. */
export function beginsBan(change: BanChange): boolean {
  switch (change.kind) {
    case "banned":
      return true;
    case "renewed":
      return change.previous.expiresAt !== undefined && change.previous.expiresAt <= change.ban.since;
    case "lifted":
      return false;
  }
}

/** The lines of the ban log for a change; `increment` = whether the jail's bantime grows, which Fail2Ban logs apart. */
export function happeningsOf(change: BanChange, increment: boolean): readonly Happening[] {
  const { jail, id } = change.ban;
  if (change.kind === "lifted") return [{ kind: "unban", jail, id }];
  if (!beginsBan(change)) return [increased(change.ban)];
  const ban: Happening = { kind: "ban", jail, id };
  return increment && change.ban.count > 1 ? [ban, increased(change.ban)] : [ban];
}

function increased({ jail, id, count, since, expiresAt }: Ban): Happening {
  return {
    kind: "increase",
    jail,
    id,
    count,
    since,
    bantime: expiresAt === undefined ? "permanent" : expiresAt - since,
  };
}

/** Where the ban log's events say they come from. */
export interface BanLogSource {
  /** The ban log's path: a jail with this logpath is a recidive jail. */
  readonly stream: string;
  /** The zone in which the lines' dates are written, which must be the one in which the matcher reads them. */
  readonly zone: ZoneOffset;
}

/** The log events of the bans that begin in these changes; only those are what recidive counts. */
export function banLogEvents(changes: readonly BanChange[], source: BanLogSource): readonly LogEvent[] {
  return changes.filter(beginsBan).map(({ ban }) => ({
    id: `ban ${keyText(ban)} ${ban.generation}`,
    stream: source.stream,
    at: ban.since,
    text: formatLogLine(recordOf({ kind: "ban", jail: ban.jail, id: ban.id }, ban.since, source.zone), 1, source.zone),
  }));
}
