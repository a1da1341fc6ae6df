/**
 * The trees of `status`, byte for byte as fail2ban-client prints them: a TAB follows each colon, and an empty list
 * leaves the TAB at the end of its line. Scripts that read the original's output read ours.
 */
import type { JailFigures } from "./jail-figures.ts";

/** The tree of `status`; jail names come sorted, as the original sorts them. No newline at the end. */
export function formatStatus(jails: readonly string[]): string {
  return ["Status", ...overview(jails, "`-")].join("\n");
}

/** The tree of `status JAIL`. */
export function formatJailStatus(jail: JailFigures): string {
  return [`Status for the jail: ${jail.name}`, ...branches(jail, "")].join("\n");
}

/** The tree of `status --all` (Fail2Ban 1.1 and later): the overview, then each jail's branches one level deeper. */
export function formatAllStatus(jails: readonly JailFigures[]): string {
  const names = jails.map((jail) => jail.name);
  // The original leaves the third branch out where there is no jail to show.
  if (jails.length === 0) return formatStatus(names);
  const trees = jails.flatMap((jail, index) => {
    const last = index === jails.length - 1;
    return [`   ${last ? "`-" : "|-"} Jail: ${jail.name}`, ...branches(jail, last ? "      " : "   |  ")];
  });
  return ["Status", ...overview(names, "|-"), "`- Status for the jails:", ...trees].join("\n");
}

function overview(jails: readonly string[], lastBranch: "`-" | "|-"): string[] {
  const sorted = [...jails].sort(byCodePoint);
  return [`|- Number of jail:\t${sorted.length}`, `${lastBranch} Jail list:\t${sorted.join(", ")}`];
}

function branches({ filter, actions }: JailFigures, indent: string): string[] {
  return [
    `${indent}|- Filter`,
    `${indent}|  |- Currently failed:\t${filter.currentlyFailed}`,
    `${indent}|  |- Total failed:\t${filter.totalFailed}`,
    // Not in the original's tree, so it stands there only where it says something.
    ...(filter.exceeded === undefined ? [] : [`${indent}|  |- Searches given up:\t${filter.exceeded}`]),
    `${indent}|  \`- File list:\t${filter.files.join(" ")}`,
    `${indent}\`- Actions`,
    `${indent}   |- Currently banned:\t${actions.currentlyBanned}`,
    `${indent}   |- Total banned:\t${actions.totalBanned}`,
    `${indent}   \`- Banned IP list:\t${actions.banned.join(" ")}`,
  ];
}

/** Python's order of strings; JavaScript's `<` compares UTF-16 units, which differs only above U+FFFF. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
