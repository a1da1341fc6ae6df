/**
 * The connections of one log stream, by the id that `<F-MLFID>` finds.
 *
 * Fail2Ban forgets a connection with the line that ends it. Here it is kept closed for a minute, because a log pipeline
 * may deliver an earlier line later: such a line still belongs to it. One received at the end or later is another's.
 */
import { CLOSED_LIFE, MAX_SESSIONS, SESSION_LIFE, type Session } from "./line-state.ts";
import { forgets, type Hit, mergeHit, namesAddress } from "./session.ts";

export interface SessionTable {
  /** Takes in a line received at `at` (epoch ms) and says what counts now; undefined = nothing yet. */
  take(id: string, at: number, hit: Hit): Hit | undefined;
  /** What to keep, oldest first. */
  close(): readonly Session[];
}

/** Characters of lines kept over all sessions; of the oldest only who they are is kept then. */
const MAX_TEXT = 49_152;
const ID_LENGTH = 256;

export function openSessions(sessions: readonly Session[]): SessionTable {
  const table = new Map(sessions.map((session) => [session.id, session]));
  let latest = 0;
  return {
    take(longId, at, hit) {
      const id = longId.length <= ID_LENGTH ? longId : longId.slice(-ID_LENGTH);
      latest = Math.max(latest, at);
      const known = current(table.get(id), at);
      if (known === undefined) table.delete(id);
      const { session, failure } = mergeHit(known, id, at, hit);
      if (known?.closedAt !== undefined) table.set(id, { ...session, closedAt: known.closedAt });
      else if (!forgets(hit)) table.set(id, session);
      else if (known !== undefined || namesAddress(hit.groups)) {
        table.delete(id);
        table.set(id, { ...session, closedAt: at });
      }
      crowd(table);
      return failure;
    },
    close() {
      const alive = [...table.values()].filter(
        ({ since, closedAt }) =>
          since + SESSION_LIFE > latest && (closedAt === undefined || closedAt + CLOSED_LIFE > latest),
      );
      return withinText(alive);
    },
  };
}

/** The session that a line received at `at` belongs to. */
function current(session: Session | undefined, at: number): Session | undefined {
  if (session === undefined || session.since + SESSION_LIFE <= at) return undefined;
  return session.closedAt === undefined || at < session.closedAt ? session : undefined;
}

/** The oldest gives way: of those that are over first, then, as with Fail2Ban, of all. */
function crowd(table: Map<string, Session>): void {
  if (table.size <= MAX_SESSIONS) return;
  for (const { id, closedAt } of table.values()) {
    if (closedAt === undefined) continue;
    table.delete(id);
    return;
  }
  const [oldest] = table.keys();
  table.delete(oldest!);
}

function withinText(sessions: readonly Session[]): readonly Session[] {
  let left = MAX_TEXT;
  return sessions
    .toReversed()
    .map((session) => {
      left -= [...session.lines, ...session.aside].reduce((sum, line) => sum + line.length, 0);
      return left >= 0 ? session : { ...session, lines: [], aside: [] };
    })
    .toReversed();
}
