/**
 * A configuration put together from several files: what later files say goes over what earlier ones said, option by option.
 *
 * [DEFAULT] is merged only with [DEFAULT]: a value in a section of the first file beats a default of the last one.
 */
import type { Section, Sections } from "./ini.ts";
import { DEFAULT_SECTION } from "./ini.ts";

/** Merged sections. `KNOWN/x` holds what section x said before the last file that changed it: `%(known/option)s`. */
export interface Store {
  readonly sections: ReadonlyMap<string, Section>;
}

/** The section that names further files. */
export const INCLUDES_SECTION = "INCLUDES";
/** What the name of a section of earlier values begins with. */
export const KNOWN_PREFIX = "KNOWN/";

/** Adds the sections of a later file; `[Init?family=inet6]` becomes options `name?family=inet6` of [Init]. */
export function merge(into: Sections, from: ReadonlyMap<string, Section>): void {
  for (const [name, section] of from) {
    const [, base, condition] = /^(\w+)(\?.+)$/.exec(name) ?? [];
    const target = base ?? name;
    const options = [...section.options].map(([option, value]) => [option + (condition ?? ""), value] as const);
    const present = into.get(target);
    if (present === undefined) {
      into.set(target, { place: section.place, options: new Map(options) });
      continue;
    }
    if (target !== DEFAULT_SECTION) remember(into, target, present, options);
    for (const [option, value] of options) present.options.set(option, value);
    // Where a person looks: in the file that spoke last, not in the one that everybody starts from.
    into.set(target, { place: section.place, options: present.options });
  }
}

function remember(into: Sections, name: string, section: Section, changed: readonly (readonly [string, unknown])[]) {
  const known = into.get(KNOWN_PREFIX + name) ?? { place: section.place, options: new Map() };
  into.set(KNOWN_PREFIX + name, known);
  for (const [option] of changed) {
    const before = section.options.get(option);
    if (before !== undefined) known.options.set(option, before);
  }
}
