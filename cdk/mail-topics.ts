/**
 * Who gets which mail: SNS cannot choose recipients message by message, so there is one topic for each `dest` of the jails'
 * mail actions.
 */
import type { JailConfig } from "../shared/core/config/model.ts";
import { RefusedConfiguration } from "./compile-ruleset.ts";
import type { Settings } from "./settings.ts";

/** Subscribers by `dest`, in the order of the jails. Throws a RefusedConfiguration where mail would reach nobody. */
export function mailSubscribers(
  jails: readonly JailConfig[],
  { mails }: Settings,
): ReadonlyMap<string, readonly string[]> {
  const subscribers = new Map<string, readonly string[]>();
  const refused: string[] = [];
  for (const { name, place, actions } of jails) {
    for (const action of actions) {
      if (action.kind !== "mail" || subscribers.has(action.dest)) continue;
      const { dest } = action;
      const found = mails[dest] ?? addressesIn(dest) ?? mails["*"];
      subscribers.set(dest, found ?? []);
      if (found !== undefined) continue;
      refused.push(
        `${place.file}:${place.line}: error: [${name}] mails to "${dest}", which is no address that can be reached from the cloud\n` +
          `    Write mails: {"${dest}": ["you@example.org"]} into the settings, or an address as dest.`,
      );
    }
  }
  if (refused.length > 0) throw new RefusedConfiguration(refused);
  return subscribers;
}

/** The addresses of a dest that is nothing but addresses of other machines. */
function addressesIn(dest: string): readonly string[] | undefined {
  const words = dest.split(/[\s,]+/).filter((word) => word !== "");
  const reachable = words.every((word) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(word) && !/@localhost\b/.test(word));
  return words.length > 0 && reachable ? words : undefined;
}
