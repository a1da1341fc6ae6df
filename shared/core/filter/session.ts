/**
 * One connection's lines, put together by Fail2Ban's rules: who it is may stand on one line and that it failed on another.
 *
 * `<F-NOFAIL>` marks a line that only tells something; `<F-MLFGAINED>` one that says the client was let in, which forgives
 * what is pending; neither excuses a connection that tried several users. A failure without an address is pending until a
 * line of the same connection has one.
 */
import { beginning, type Session } from "./line-state.ts";
import type { Groups } from "./suspect.ts";

/** A line, or several, that a failregex matched. */
export interface Hit {
  readonly groups: Groups;
  /** The lines themselves, as they were logged. */
  readonly lines: readonly string[];
}

export interface Merged {
  readonly session: Session;
  /** What counts now; undefined where the line only told something, or nobody knows yet from where. */
  readonly failure: Hit | undefined;
}

const ID_GROUPS = ["fid", "ip4", "ip6", "dns"] as const;
const KEPT_GROUPS = [...ID_GROUPS, "cidr", "user"] as const;
/** No address and no host name is longer. */
const GROUP_LENGTH = 255;
const MAX_USERS = 8;
const MAX_LINES = 10;

export function forgets({ groups }: Hit): boolean {
  return Boolean(groups.mlfforget);
}

export function namesAddress(groups: Groups): boolean {
  return ID_GROUPS.some((name) => groups[name] !== undefined);
}

/** Takes a line into its session; `known` is undefined for the first one. `at`: its receipt, epoch ms. */
export function mergeHit(known: Session | undefined, id: string, at: number, hit: Hit): Merged {
  const gained = Boolean(hit.groups.mlfgained);
  const told = { ...known?.groups, ...defined(hit.groups) };
  // A connection that is unknown and ends with this line has no users to compare.
  const users = known === undefined && forgets(hit) ? [] : withUser(known?.users ?? [], hit.groups.user);
  const pending = known?.pending === true && !gained;
  const suspicious = pending || users.length > 1;
  const helper = (gained || Boolean(hit.groups.nofail)) && !suspicious;
  const untold = known !== undefined && (known.helper || pending) ? known.lines : [];
  const aside = known?.aside ?? [];
  const failed = !helper && namesAddress(told);
  const lines = helper ? untold : [...aside, ...untold, ...hit.lines];
  const session: Session = {
    id,
    since: known?.since ?? at,
    groups: kept(told),
    users,
    helper,
    pending: !helper && !failed,
    lines: lines.slice(-MAX_LINES).map((line) => beginning(line)),
    aside: helper && !forgets(hit) ? [...aside, ...hit.lines].slice(-MAX_LINES).map((line) => beginning(line)) : [],
  };
  return { session, failure: failed ? { groups: withoutMarks(told), lines } : undefined };
}

function withUser(users: readonly string[], user: string | undefined): readonly string[] {
  const name = user === undefined ? "" : beginning(user, GROUP_LENGTH);
  return name === "" || users.includes(name) || users.length >= MAX_USERS ? users : [...users, name];
}

/** A failure after all: what made its line look like none says nothing any more. */
function withoutMarks({ nofail: _, mlfgained: __, mlfforget: ___, ...groups }: Groups): Groups {
  return groups;
}

/** A group that took no part in the match says nothing. */
function defined(groups: Groups): Record<string, string> {
  return Object.fromEntries(
    Object.entries(groups).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])),
  );
}

function kept(groups: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    KEPT_GROUPS.flatMap((name) => {
      const text = groups[name];
      return text === undefined ? [] : [[name, beginning(text, GROUP_LENGTH)]];
    }),
  );
}
