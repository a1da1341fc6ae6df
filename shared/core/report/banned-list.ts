/** `banned`: who is banned where, as the Python literal that fail2ban-client prints. */
import type { Target } from "../address.ts";
import { pythonRepr } from "./python-text.ts";

export interface BannedIn {
  readonly jail: string;
  readonly ids: readonly Target[];
}

/** `banned`: one dict per jail, "[{'sshd': ['192.0.2.1']}, {'web': []}]". */
export function formatBanned(jails: readonly BannedIn[]): string {
  return pythonRepr(jails.map(({ jail, ids }) => new Map([[jail, ids]])));
}

/** `banned IP…`: for each id the jails that ban it, "[['sshd'], []]". */
export function formatBannedWhere(jailsOfEach: readonly (readonly string[])[]): string {
  return pythonRepr(jailsOfEach);
}
