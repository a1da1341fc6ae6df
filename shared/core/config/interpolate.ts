/**
 * `%(name)s`: reading an option with everything it refers to.
 *
 * References are looked up when a value is read, in the section that asked for it, then in [DEFAULT]; so a value of
 * [DEFAULT] means something else in each jail. `%(section/name)s` fetches the raw text from another section, but what it
 * refers to is still looked up here. `%%` is a percent sign; any other % stops the whole configuration, as in Fail2Ban.
 */
import { fatalFault } from "./config-fault.ts";
import { DEFAULT_SECTION } from "./ini.ts";
import type { LocatedText } from "./located-text.ts";
import { cutterOf, locate, placeAt, placeOf, textBuilder } from "./located-text.ts";
import type { Store } from "./store.ts";
import { KNOWN_PREFIX } from "./store.ts";

/** Values that go before those of the section: arguments in brackets, and what a jail hands to its filter. */
export type Variables = ReadonlyMap<string, LocatedText>;

const NO_VARIABLES: Variables = new Map();
/** As deep as ConfigParser goes. */
const MAX_DEPTH = 10;
/** Ten levels of ten references each would be ten thousand million; no honest value comes near these. */
const MAX_REFERENCES = 20_000;
const MAX_LENGTH = 1 << 20;

const REFERENCE = /%\(([^)]+)\)s/y;
const SECTION_REFERENCE = /%\(([\w-]+)\/([^)]+)\)s/g;

/**
 * The value of an option with all references replaced; undefined where neither the section (if there is one of that
 * name), nor [DEFAULT], nor `variables` has it. Throws a ConfigFault (breadth everything) for a reference that leads
 * nowhere, a lone %, more than ten levels.
 */
export function readOption(
  store: Store,
  section: string,
  option: string,
  variables: Variables = NO_VARIABLES,
): LocatedText | undefined {
  if (section !== DEFAULT_SECTION && !store.sections.has(section)) return undefined;
  const given = new Map([...variables].map(([name, value]) => [name.toLowerCase(), value]));
  const own = store.sections.get(section)?.options;
  const defaults = store.sections.get(DEFAULT_SECTION)?.options;
  const name = option.toLowerCase();
  const value = given.get(name) ?? own?.get(name) ?? defaults?.get(name);
  if (value === undefined || !value.text.includes("%")) return value;

  let references = 0;
  const lookUp = (wanted: string, fetched: Variables): LocatedText | undefined =>
    fetched.get(wanted) ?? given.get(wanted) ?? own?.get(wanted) ?? defaults?.get(wanted);

  const expand = (part: LocatedText, outer: Variables, depth: number): LocatedText => {
    if (depth > MAX_DEPTH) {
      const next = "Look for an option that refers to itself, perhaps through %(known/…)s in more than one file.";
      throw fatalFault("bad-interpolation", `${describe(name, section)} is nested over ${MAX_DEPTH} deep`, part, next);
    }
    const fetched = fetchSectionReferences(store, section, part, outer, lookUp);
    const result = textBuilder();
    const cutter = cutterOf(part);
    let at = 0;
    for (let percent = part.text.indexOf("%"); percent >= 0; percent = part.text.indexOf("%", at)) {
      if (part.text[percent + 1] === "%") {
        result.own(cutter.upTo(percent + 1));
        at = percent + 2;
        cutter.upTo(at);
        continue;
      }
      result.own(cutter.upTo(percent));
      REFERENCE.lastIndex = percent;
      const match = REFERENCE.exec(part.text);
      if (match === null) {
        const found = JSON.stringify(part.text.slice(percent, percent + 20));
        const message = `${describe(name, section)} has a lone %, at ${found}`;
        throw fatalFault("bad-interpolation", message, placeAt(part, percent), "Write %% for a percent sign.");
      }
      const wanted = match[1]!.toLowerCase();
      const found = lookUp(wanted, fetched);
      if (found === undefined) {
        const message = `${describe(name, section)} refers to ${match[0]}, which is not set`;
        throw fatalFault("bad-interpolation", message, placeAt(part, percent), `Set ${wanted}, or write %% for %.`);
      }
      result.inserted(found.text.includes("%") ? expand(found, fetched, depth + 1) : found);
      at = percent + match[0].length;
      cutter.upTo(at);
      if (++references > MAX_REFERENCES || result.length > MAX_LENGTH) {
        throw fatalFault("bad-interpolation", `${describe(name, section)} grows without end`, part);
      }
    }
    result.own(cutter.upTo(part.text.length));
    return result.done();
  };
  return expand(value, locateName(section, value), 1);
}

/** `%(section/option)s`: the raw text from there, else from [DEFAULT]; `known` is what this section said before. */
function fetchSectionReferences(
  store: Store,
  section: string,
  part: LocatedText,
  outer: Variables,
  lookUp: (wanted: string, fetched: Variables) => LocatedText | undefined,
): Variables {
  const fetched = new Map(outer);
  for (const [, from, option] of part.text.matchAll(SECTION_REFERENCE)) {
    const reference = `${from}/${option}`;
    if (lookUp(reference, fetched) !== undefined) continue;
    const value = rawValue(store, from!.toLowerCase() === "known" ? KNOWN_PREFIX + section : from!, option!);
    if (value !== undefined) fetched.set(reference, value);
  }
  return fetched;
}

function rawValue(store: Store, from: string, option: string): LocatedText | undefined {
  const fallback = () => store.sections.get(DEFAULT_SECTION)?.options.get(option);
  if (from.toLowerCase() === "default") return fallback();
  const options = store.sections.get(from)?.options;
  // An unknown section is a reference that leads nowhere; an unknown option of a known one falls back.
  if (options === undefined && !from.startsWith(KNOWN_PREFIX)) return undefined;
  return options?.get(option) ?? fallback();
}

function locateName(section: string, value: LocatedText): Variables {
  return new Map([["__name__", locate(section, placeOf(value))]]);
}

function describe(option: string, section: string): string {
  return `option ${JSON.stringify(option)} of [${section}]`;
}
