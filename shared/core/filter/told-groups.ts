/**
 * What a match told, by the names of its groups and in the order in which Fail2Ban keeps them: a dict that each further line
 * of a connection updates. Only `regex` prints it; what a connection comes to is decided elsewhere (session.ts).
 */
import { parseNetwork } from "../address.ts";
import type { JailFilter } from "./jail-filter.ts";
import { MAX_SESSIONS } from "./line-state.ts";
import type { Groups } from "./suspect.ts";

/** Null = a group that took no part; the set is of the users that the connection tried. */
export type Told = ReadonlyMap<string, string | null | ReadonlySet<string>>;
type OpenTold = Map<string, string | null | Set<string>>;

/** The groups of one match by the filter's failregex number `regex`: the prefregex's first, and then what they were merged into. */
export function groupsInOrder({ prefregex, failregex }: JailFilter, regex: number, groups: Groups): Told {
  const names = [...(prefregex?.groupNames ?? []), ...(failregex[regex]?.groupNames ?? []), ...Object.keys(groups)];
  const told = new Map(
    names.filter((name) => name !== "content").map((name): [string, string | null] => [name, groups[name] ?? null]),
  );
  return withAddress(told);
}

/** Whoever is known by an own id (`<F-ID>`) has an address beside it. */
function withAddress<Open extends OpenTold | Map<string, string | null>>(told: Open): Open {
  const { fid, ip4, ip6, cidr } = Object.fromEntries(told) as Record<string, string | null | undefined>;
  const address = ip4 ?? ip6;
  if (!fid || !address || fid === address) return told;
  const text = cidr ? `${address}/${cidr}` : address;
  told.set("ip", parseNetwork(text) ?? text);
  return told;
}

export interface ToldConnections {
  /** Takes a further match into the connection `id`; `failed`: it counts now. What they told together. */
  take(id: string, match: Told, failed: boolean): Told;
}

/** Connections of one log, as many as Fail2Ban keeps. */
export function openToldConnections(): ToldConnections {
  const table = new Map<string, OpenTold>();
  return {
    take(id, match, failed) {
      const known = table.get(id);
      const fresh = new Map(match) as OpenTold;
      if (fresh.get("mlfgained") && !fresh.get("nofail")) fresh.set("nofail", fresh.get("mlfgained")!);
      const forgets = Boolean(fresh.get("mlfforget"));
      fresh.delete("mlfforget");
      const told = known ?? fresh;
      if (known !== undefined || !forgets) addUser(told, fresh.get("user"));
      if (known !== undefined) update(known, fresh);
      if (failed && told.get("nofail")) for (const mark of MARKS) told.delete(mark);
      if (forgets) table.delete(id);
      else if (known === undefined) {
        if (table.size >= MAX_SESSIONS) table.delete(table.keys().next().value!);
        table.set(id, told);
      }
      return new Map(withAddress(told));
    },
  };
}

/** They hold for the line that has them, not for those after it. */
const MARKS = ["nofail", "mlfgained"] as const;

function update(known: OpenTold, fresh: OpenTold): void {
  for (const mark of MARKS) known.delete(mark);
  for (const [name, value] of fresh) if (value !== null) known.set(name, value);
}

function addUser(told: OpenTold, user: string | null | Set<string> | undefined): void {
  if (typeof user !== "string" || user === "") return;
  const users = told.get("users");
  // Copied, because what was told before was handed out.
  told.set("users", new Set([...(users instanceof Set ? users : []), user]));
}
