/**
 * Names that nobody reads. Fail2Ban passes over a `maxretires = 3` or a `[default]` in silence; here they are pointed at,
 * with the name that was probably meant.
 *
 * An option may also be there only for others to refer to. So a name counts as unknown where nothing refers to it, and in
 * [DEFAULT] and in filters, which are full of such names, only where it is also nearly a known one.
 */
import type { Section } from "./ini.ts";
import { DEFAULT_SECTION } from "./ini.ts";
import { CUSTOMARY_OPTIONS, FILTER_OPTIONS, FURTHER_OPTIONS, JAIL_OPTIONS } from "./jail-options.ts";
import { placeOf } from "./located-text.ts";
import { editDistance, nearest } from "./nearest.ts";
import type { Problem } from "./problem.ts";
import type { Store } from "./store.ts";
import { INCLUDES_SECTION, KNOWN_PREFIX } from "./store.ts";

const JAIL_NAMES = new Set([...JAIL_OPTIONS.keys(), ...FURTHER_OPTIONS.keys(), ...CUSTOMARY_OPTIONS]);
const FILTER_SECTIONS = ["Definition", "Init", DEFAULT_SECTION, INCLUDES_SECTION];

/** Unknown names in the jail configuration; `enabled` are the jails whose own options are looked at. */
export function unknownJailNames(jails: Store, enabled: readonly string[]): Problem[] {
  const referred = references(jails);
  const problems: Problem[] = [];
  for (const [name, section] of jails.sections) {
    const isDefault = name === DEFAULT_SECTION;
    if (slipOf(name, [DEFAULT_SECTION, INCLUDES_SECTION]) && !enabled.includes(name))
      problems.push(unknownSection(name, section));
    if (!isDefault && !enabled.includes(name)) continue;
    for (const [option, value] of section.options) {
      if (JAIL_NAMES.has(option) || referred.has(option) || option.startsWith("fail2ban_")) continue;
      const meant = nearest(option, JAIL_NAMES);
      if (isDefault && (meant === undefined || editDistance(option, meant) > 2)) continue;
      const next = meant === undefined ? "Take it out, or refer to it." : `Did you mean ${meant}?`;
      const message = `nothing reads the option ${JSON.stringify(option)}`;
      const jail = isDefault ? {} : { jail: name };
      problems.push({ code: "unknown-option", severity: "warning", message, place: placeOf(value), ...jail, next });
    }
  }
  return problems;
}

/** Unknown names in a filter that are nearly a known one. */
export function unknownFilterNames(filter: Store): Problem[] {
  const referred = references(filter);
  const problems: Problem[] = [];
  for (const [name, section] of filter.sections) {
    if (slipOf(name, FILTER_SECTIONS) && !referred.has(`[${name}]`))
      problems.push(unknownSection(name, section, FILTER_SECTIONS));
  }
  for (const [option, value] of filter.sections.get("Definition")?.options ?? []) {
    if (FILTER_OPTIONS.has(option) || referred.has(option)) continue;
    const meant = nearest(option, FILTER_OPTIONS.keys());
    if (meant === undefined || editDistance(option, meant) > 2) continue;
    const message = `nothing reads the option ${JSON.stringify(option)}`;
    const next = `Did you mean ${meant}?`;
    problems.push({ code: "unknown-option", severity: "warning", message, place: placeOf(value), next });
  }
  return problems;
}

function unknownSection(name: string, { place }: Section, known = [DEFAULT_SECTION, INCLUDES_SECTION]): Problem {
  const meant = slipOf(name, known);
  const message = `nothing reads the section [${name}]`;
  const next = `Did you mean [${meant}]? Names of sections are case-sensitive.`;
  return { code: "unknown-section", severity: "warning", message, place, next };
}

/** The known section that `name` is, but for a letter or two. */
function slipOf(name: string, known: readonly string[]): string | undefined {
  if (known.includes(name) || name.startsWith(KNOWN_PREFIX)) return undefined;
  return known.find(
    (candidate) => editDistance(name.toLowerCase(), candidate.toLowerCase()) <= (candidate.length > 4 ? 2 : 1),
  );
}

/** Every name that some value refers to, and `[section]` for those of other sections. */
function references(store: Store): ReadonlySet<string> {
  const names = new Set<string>();
  for (const section of store.sections.values()) {
    for (const { text } of section.options.values()) {
      for (const [, percent, tag] of text.matchAll(/%\(([^)]+)\)s|<([^ <>]+)>/g)) {
        const [first, second] = (percent ?? tag!).toLowerCase().split("/", 2);
        names.add(second ?? first!);
        if (second !== undefined) names.add(`[${(percent ?? tag!).split("/", 1)[0]}]`);
      }
    }
  }
  return names;
}
