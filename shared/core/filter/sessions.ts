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

/** Characters of all sessions: a row of the cloud's tables holds them however badly they compress. */
const MAX_TEXT = 65_536;
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

/** The newest that have room together; of those before them, who they are as long as there is room for that. */
function withinText(sessions: readonly Session[]): readonly Session[] {
  let left = MAX_TEXT;
  const kept: Session[] = [];
  for (const session of sessions.toReversed()) {
    const { id, groups, users, lines, aside } = session;
    left -= lengthOf([id, ...Object.values(groups), ...users]);
    if (left < 0) break;
    const told = lengthOf([...lines, ...aside]);
    kept.push(told <= left ? session : { ...session, lines: [], aside: [] });
    left -= Math.min(told, left);
  }
  return kept.reverse();
}

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}
