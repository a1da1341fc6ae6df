/** fail2ban.conf: read so that its mistakes are found and `dump` can show it; what the program itself needs is not in it. */
import { readOption } from "./interpolate.ts";
import { parseWhole } from "./jail-options.ts";
import type { Loader } from "./loader.ts";

/** Option → what it is where fail2ban.conf does not say; in the order in which Fail2Ban reports them. */
const DEFAULTS: ReadonlyMap<string, string | undefined> = new Map([
  ["syslogsocket", "auto"],
  ["loglevel", "INFO"],
  ["logtarget", "STDERR"],
  ["allowipv6", "auto"],
  ["dbfile", "/var/lib/fail2ban/fail2ban.sqlite3"],
  ["dbmaxmatches", undefined],
  ["dbpurgeage", "1d"],
]);

/** The options of fail2ban.conf and its kin; empty where there is none. Throws a ConfigFault. */
export function readGeneralOptions(loader: Loader): ReadonlyMap<string, string | number> {
  const store = loader.load("fail2ban");
  const values = new Map<string, string | number>();
  if (store === undefined) return values;
  for (const [name, absent] of DEFAULTS) {
    const text = readOption(store, "Definition", name)?.text ?? absent;
    if (text !== undefined) values.set(name, name === "dbmaxmatches" ? (parseWhole(text) ?? text) : text);
  }
  return values;
}
