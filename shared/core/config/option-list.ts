/**
 * `name[key=value, key2="a,b", key3='x'][key4=…]`: how filters and actions are written in a jail.
 *
 * The grammar is Fail2Ban's own pair of patterns, ambiguities included, on an engine that is linear on any text.
 * Several actions stand side by side: white space outside brackets separates them.
 */
import RE2 from "re2";
import { stripSpace } from "./ini.ts";

/** A name and its arguments, in the order they are written; keys keep their case. */
export interface OptionList {
  readonly kind: "option-list";
  readonly name: string;
  readonly options: ReadonlyMap<string, string>;
}

export interface OptionListError {
  readonly kind: "option-list-error";
  /** What is wrong, with the text at fault. */
  readonly message: string;
}

/** One entry of a list of actions, and where it begins in the value. */
export interface Entry {
  readonly text: string;
  readonly offset: number;
}

// White space and word characters as Python has them, beyond ASCII too, which \s and \w of RE2 are not.
const SPACES = String.raw`\t-\r\x1c-\x20\x85\pZ`;
const S = `[${SPACES}]`;
const KEY = String.raw`[\pL\pN_\-.]+`;
const VALUE = String.raw`(?:"[^"]*"|'[^']*'|[^,\]]*)`;
const ARGUMENTS = String.raw`\[${S}*(?:${KEY}=${VALUE}${S}*(?:,|\]${S}*\[)?${S}*)*\]`;
// Ends at white space or at the end; that one character is all that Fail2Ban's look-ahead sees.
const ENTRY = new RE2(String.raw`([^\[${SPACES}]+(?:${S}*${ARGUMENTS})?${S}*|[^${SPACES}]+)(?:${S}|$)`, "gs");
const WHOLE = new RE2(String.raw`^([^\[]+)(?:\[(.*)\])?${S}*$`, "s");
const ARGUMENT = new RE2(
  String.raw`${S}*(?P<key>${KEY})=(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^,\]]*))` +
    String.raw`(?:,|\]${S}*\[|\n?$|(?P<junk>.+))|,?${S}*$|(?P<rest>.+)`,
  "gs",
);

/** Splits a list of actions at white space and line ends outside brackets. */
export function splitEntries(text: string): Entry[] {
  const entries: Entry[] = [];
  for (const match of matchesOf(ENTRY, text)) {
    entries.push({ text: stripSpace(match[1]!), offset: match.index ?? 0 });
  }
  return entries;
}

/** Takes a name and its arguments apart. */
export function parseOptionList(text: string): OptionList | OptionListError {
  const whole = WHOLE.exec(text);
  if (whole === null) {
    const what = /^[^[]/.test(text) ? "has a bracket that is not closed" : "begins with no name";
    return { kind: "option-list-error", message: `${JSON.stringify(text)} ${what}` };
  }
  const options = new Map<string, string>();
  for (const match of matchesOf(ARGUMENT, whole[2] ?? "")) {
    const { key, double, single, bare, junk, rest } = match.groups ?? {};
    if (junk !== undefined || rest !== undefined) {
      const found = JSON.stringify((junk ?? rest ?? "").slice(0, 25));
      const message = key === undefined ? `${found} is no KEY=VALUE` : `unexpected ${found} after the argument ${key}`;
      return { kind: "option-list-error", message };
    }
    if (key !== undefined) options.set(key, stripSpace(double ?? single ?? bare ?? ""));
  }
  return { kind: "option-list", name: whole[1]!, options };
}

/** Like `matchAll`, which would compile the pattern anew for each text. */
function* matchesOf(pattern: RE2, text: string): Generator<RegExpExecArray> {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const next = match[0] === "" ? pattern.lastIndex + 1 : pattern.lastIndex;
    yield match;
    pattern.lastIndex = next;
  }
}
