/**
 * Filters and actions share a shape: [Definition] says what it does, [Init] gives parameters their defaults, and a jail's
 * arguments in brackets go before both.
 *
 * Fail2Ban reads a filter twice. First everything, so that the jail can say `%(known/failregex)s`; then again what the
 * jail does not set itself. The parameters that the first reading found count as arguments in the second one: that is
 * why this is two steps over one set of parameters, and not one function.
 */
import type { Variables } from "./interpolate.ts";
import { readOption } from "./interpolate.ts";
import type { LocatedText } from "./located-text.ts";
import type { Store } from "./store.ts";
import { KNOWN_PREFIX } from "./store.ts";
import { substituteTags } from "./tags.ts";

/** Values by option name, in the order in which Fail2Ban would report them. */
export type Values = ReadonlyMap<string, LocatedText>;

/** What one reading of a filter or action found. */
export interface Reading {
  /** Options of [Definition]. */
  readonly options: Values;
  /** Arguments, then [Init]; `known/x` is what [Init] itself says about x. */
  readonly parameters: Values;
  /** What a tag means that is neither: looked for in [Definition] as `%(tag)s` would be. */
  readonly lookUp: TagLookUp;
}

/** Keeps the first answer for each tag: what a jail sets later does not reach the tags of its filter. */
export type TagLookUp = (tag: string) => LocatedText | undefined;

export interface ReadingOf {
  readonly store: Store;
  /** The options of [Definition] to read. */
  readonly wanted: readonly string[];
  /** Also every other option of [Definition], without regard to what the jail hands down. */
  readonly all?: boolean;
  readonly parameters: Values;
  /** What the jail hands down; an option that is among them is not read from the file. */
  readonly jail: Values;
  /** Tags that an earlier reading of the same filter has answered; it is asked first, and remembers. */
  readonly answers?: Map<string, LocatedText | undefined>;
}

/** Reads [Definition] and [Init]; throws a ConfigFault where a value cannot be interpolated. */
export function readDefinition({ store, wanted, all, parameters, jail, answers = new Map() }: ReadingOf): Reading {
  const variables: Variables = new Map([...jail, ...parameters]);
  const options = new Map<string, LocatedText>();
  for (const name of wanted) {
    const value = variables.has(name) ? undefined : readOption(store, "Definition", name, variables);
    if (value !== undefined) options.set(name, value);
  }
  const extended = new Map(parameters);
  for (const name of ownOptions(store, "Init")) {
    const value = readOption(store, "Init", name)!;
    if (!name.startsWith("known/")) extended.set(`known/${name}`, value);
    if (!extended.has(name)) extended.set(name, value);
  }
  for (const name of all ? ownOptions(store, "Definition") : []) {
    if (!options.has(name)) options.set(name, readOption(store, "Definition", name)!);
  }
  const lookUp: TagLookUp = (tag) => {
    if (!answers.has(tag)) answers.set(tag, readTag(store, tag, variables));
    return answers.get(tag);
  };
  return { options, parameters: extended, lookUp };
}

function ownOptions(store: Store, section: string): readonly string[] {
  return [...(store.sections.get(section)?.options.keys() ?? [])];
}

/**
 * Options and parameters as one set, parameters first in rank, tags replaced. Options that a condition such as
 * `?family=inet6` may still change are left as they are. Throws a ConfigFault for tags that lead in a circle.
 */
export function combine(
  { options, parameters, lookUp }: Reading,
  { ignore = [], reserved = () => false }: { ignore?: Iterable<string>; reserved?: (tag: string) => boolean } = {},
): Values {
  const all = new Map([...options, ...parameters]);
  const conditional = [...all.keys()].flatMap((name) => /^(\w+)\?.+$/.exec(name)?.[1] ?? []);
  return substituteTags(all, { ignore: new Set([...ignore, ...conditional]), lookUp, reserved });
}

/** `<section/option>` asks that section; `<known/option>` what this one said before, else what it says. */
function readTag(store: Store, tag: string, variables: Variables): LocatedText | undefined {
  const [, section, option] = /^([\w-]+)\/([^\s>]+)$/.exec(tag) ?? [];
  if (section !== undefined && option !== undefined) {
    for (const name of sectionsFor(section)) {
      const value = readOption(store, name, option);
      if (value !== undefined) return value;
    }
  }
  return readOption(store, "Definition", tag, variables);
}

function sectionsFor(section: string): readonly string[] {
  switch (section.toLowerCase()) {
    case "known":
      return [`${KNOWN_PREFIX}Definition`, "Definition"];
    case "default":
      return ["DEFAULT"];
    default:
      return [section];
  }
}
