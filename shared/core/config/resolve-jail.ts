/**
 * One jail as Fail2Ban's client would send it to its server: all files merged, everything interpolated, tags replaced;
 * the values are still text. jail-config.ts gives them their types.
 */
import { jailFault } from "./config-fault.ts";
import type { Values } from "./definition.ts";
import { combine, readDefinition } from "./definition.ts";
import { readOption } from "./interpolate.ts";
import type { JailOptionRule } from "./jail-options.ts";
import {
  FILTER_OPTIONS,
  FIRST_OPTIONS,
  FURTHER_OPTIONS,
  isTrueWord,
  JAIL_OPTIONS,
  parseWhole,
} from "./jail-options.ts";
import type { Loader } from "./loader.ts";
import type { LocatedText } from "./located-text.ts";
import { locate, placeOf } from "./located-text.ts";
import { nearest } from "./nearest.ts";
import { parseOptionList } from "./option-list.ts";
import type { Place } from "./problem.ts";
import type { ResolvedAction } from "./resolve-action.ts";
import { resolveActions } from "./resolve-action.ts";
import type { Store } from "./store.ts";

/** An option as it is written, and what Fail2Ban's conversion makes of it; null = it cannot be converted. */
export interface JailOption {
  readonly written: LocatedText;
  readonly value: string | number | boolean | null;
}

export type JailOptionValues = ReadonlyMap<string, JailOption>;

export interface ResolvedFilter {
  readonly name: string;
  readonly place: Place;
  /** What the filter says and the jail does not; only the options that a filter has. */
  readonly values: Values;
}

export interface ResolvedJail {
  readonly name: string;
  /** Where the jail's section begins. */
  readonly place: Place;
  readonly enabled: boolean;
  /** In Fail2Ban's order; of a jail that is not enabled, only what says so. */
  readonly options: JailOptionValues;
  readonly filter: ResolvedFilter | undefined;
  readonly actions: readonly ResolvedAction[];
}

/** Tags of a regex that its compiler expands; no option may take their place. */
const RESERVED_TAG = /^\/?(?:HOST|ADDR|IP4|IP6|DNS|CIDR|SUBNET|SKIPLINES|F-[A-Z0-9_-]+\/?)$/;

/** Resolves a section of the jail configuration. `force` treats it as enabled. Throws a ConfigFault. */
export function resolveJail(loader: Loader, jails: Store, name: string, force = false): ResolvedJail {
  const place = jails.sections.get(name)!.place;
  const first = readOptions(jails, name, place, FIRST_OPTIONS);
  if (!force && first.get("enabled")?.value !== true) {
    return { name, place, enabled: false, options: first, filter: undefined, actions: [] };
  }
  const reading = readFilter(loader, name, place, first);
  const known = reading === undefined ? jails : withKnown(jails, name, combine(reading.reading, RESERVED));
  const options = readOptions(known, name, place, new Map([...JAIL_OPTIONS, ...FURTHER_OPTIONS]));
  const handedDown = variablesOf(new Map([...options].filter(([option]) => JAIL_OPTIONS.has(option))));
  const wanted = [...FILTER_OPTIONS.keys()].filter((option) => options.get(option)?.value !== null);
  const filter = reading === undefined ? undefined : readAgain(reading, wanted, handedDown);
  const actions = resolveActions(loader, name, options.get("action")!.written, handedDown);
  return { name, place, enabled: true, options, filter, actions };
}

const RESERVED = { reserved: (tag: string) => RESERVED_TAG.test(tag) };

function readOptions(
  store: Store,
  section: string,
  place: Place,
  rules: ReadonlyMap<string, JailOptionRule>,
): JailOptionValues {
  const values = new Map<string, JailOption>();
  for (const [name, rule] of rules) {
    const found = readOption(store, section, name);
    const written = found ?? (rule.absent === undefined ? undefined : locate(rule.absent, place));
    if (written !== undefined) values.set(name, { written, value: convert(written.text, rule) });
  }
  return values;
}

function convert(text: string, rule: JailOptionRule): JailOption["value"] {
  switch (rule.type) {
    case "text":
      return text;
    case "whole":
      return parseWhole(text) ?? null;
    case "boolean":
      return isTrueWord(text);
  }
}

/** What filters and actions may refer to as `%(maxretry)s`: the jail's values as Python prints them. */
function variablesOf(options: JailOptionValues): Values {
  const variables = new Map<string, LocatedText>();
  for (const [name, { written, value }] of options) {
    if (value === null) continue;
    const text = typeof value === "boolean" ? (value ? "True" : "False") : String(value);
    variables.set(name, text === written.text ? written : locate(text, placeOf(written)));
  }
  return variables;
}

interface FilterReading {
  readonly name: string;
  readonly place: Place;
  readonly store: Store;
  readonly reading: ReturnType<typeof readDefinition>;
  readonly answers: Map<string, LocatedText | undefined>;
}

function readFilter(loader: Loader, jail: string, section: Place, first: JailOptionValues): FilterReading | undefined {
  const { written } = first.get("filter")!;
  if (written.text === "") return undefined;
  const list = parseOptionList(written.text);
  if (list.kind === "option-list-error") {
    const next = 'Write filter = NAME[KEY=VALUE, KEY2="VALUE, WITH COMMA"].';
    throw jailFault("bad-option-list", `the filter of ${jail} cannot be read: ${list.message}`, written, next);
  }
  const store = loader.load(`filter.d/${list.name}`);
  // A filter named like its jail is the default's doing: the jail's section is what its writer knows.
  const blamed = list.name === jail ? locate(written.text, section) : written;
  if (store === undefined) throw unknownFilter(loader, list.name, blamed);
  const place = placeOf(written);
  const parameters = new Map([...list.options].map(([key, value]) => [key, locate(value, place)]));
  if (!parameters.get("logtype")?.text && !store.sections.get("Definition")?.options.has("logtype")) {
    const journal = String(first.get("backend")?.value).startsWith("systemd");
    parameters.set("logtype", locate(journal ? "journal" : "file", place));
  }
  const answers = new Map<string, LocatedText | undefined>();
  const handedDown = variablesOf(first);
  const wanted = [...FILTER_OPTIONS.keys()];
  const reading = readDefinition({ store, wanted, all: true, parameters, jail: handedDown, answers });
  return { name: list.name, place, store, reading, answers };
}

/**
 * The second reading: what the jail sets itself is left out, be it no more than a word where a number should stand, and the
 * filter's parameters now count as arguments.
 */
function readAgain(
  { name, place, store, reading, answers }: FilterReading,
  wanted: readonly string[],
  jail: Values,
): ResolvedFilter {
  const second = readDefinition({ store, wanted, parameters: reading.parameters, jail, answers });
  const values = [...combine(second, RESERVED)].filter(([option]) => FILTER_OPTIONS.has(option));
  return { name, place, values: new Map(values) };
}

function unknownFilter(loader: Loader, name: string, written: LocatedText) {
  const meant = nearest(name, loader.names("filter.d"));
  const add = `Add filter.d/${name}.conf; Fail2Ban's filters are in /etc/fail2ban/filter.d.`;
  const next = meant === undefined ? add : `Did you mean ${meant}? Otherwise: ${add}`;
  return jailFault("unknown-filter", `there is no filter.d/${name}.conf`, written, next);
}

/** The jail's section with the filter's values as `known/…` in it. */
function withKnown(jails: Store, name: string, values: Values): Store {
  const section = jails.sections.get(name)!;
  const options = new Map(section.options);
  for (const [option, value] of values) {
    if (!option.startsWith("known/")) options.set(`known/${option}`, value);
  }
  return { sections: new Map(jails.sections).set(name, { place: section.place, options }) };
}
