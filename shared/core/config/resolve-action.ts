/**
 * The actions of a jail, with their parameters resolved as Fail2Ban's client does it: arguments in brackets, then the
 * action's own defaults, tags replaced. What they mean to us is in actions.ts.
 */
import { ACTION_CATALOGUE, builtInAction, substituteFor } from "./action-catalogue.ts";
import { fatalFault, jailFault } from "./config-fault.ts";
import type { Reading, Values } from "./definition.ts";
import { combine, readDefinition } from "./definition.ts";
import type { Loader } from "./loader.ts";
import type { LocatedText } from "./located-text.ts";
import { locate, placeAt } from "./located-text.ts";
import { nearest } from "./nearest.ts";
import { parseOptionList, splitEntries } from "./option-list.ts";
import type { Place } from "./problem.ts";

export interface ResolvedAction {
  /** The name of its file: "iptables-multiport". */
  readonly name: string;
  /** What Fail2Ban calls it within the jail: the same identity may occur only once. */
  readonly identity: string;
  readonly place: Place;
  /** The arguments as written, without the `name` and `actname` that Fail2Ban adds. */
  readonly given: Values;
  readonly reading: Reading;
  /** Options and parameters with their tags replaced. */
  readonly combined: Values;
}

/** What an action's [Definition] may say, in Fail2Ban's order; the commands are read and reported, never run. */
export const ACTION_OPTIONS: readonly string[] = [
  ...["actionstart", "actionstart_on_demand", "actionstop", "actionflush", "actionreload", "actioncheck"],
  ...[
    "actionrepair",
    "actionrepair_on_unban",
    "actionban",
    "actionprolong",
    "actionreban",
    "actionunban",
    "norestored",
  ],
];

/** Tags that only a ban gives a value, and parameters that each ban brings along. */
const LATE_TAGS = ["matches", "ipmatches", "ipjailmatches", "timeout", "bantime"];

/** Resolves the value of `action`. Throws a ConfigFault: breadth everything where one identity occurs twice. */
export function resolveActions(loader: Loader, jail: string, written: LocatedText, handedDown: Values) {
  const actions = splitEntries(written.text)
    .filter((entry) => entry.text !== "")
    .map((entry) => resolveAction(loader, jail, entry.text, placeAt(written, entry.offset), handedDown));
  for (const [index, action] of actions.entries()) {
    if (actions.findIndex((other) => other.identity === action.identity) === index) continue;
    const message = `action ${action.identity} of jail ${jail} is given twice`;
    const next = "Take one of them out, or give one an argument actname=OTHER.";
    throw fatalFault("bad-value", message, action.place, next);
  }
  return actions;
}

function resolveAction(loader: Loader, jail: string, text: string, place: Place, handedDown: Values): ResolvedAction {
  const list = parseOptionList(text);
  if (list.kind === "option-list-error") {
    const next = 'Write NAME[KEY=VALUE, KEY2="VALUE, WITH COMMA"]; white space separates actions.';
    throw jailFault(
      "bad-option-list",
      `the action ${JSON.stringify(text)} cannot be read: ${list.message}`,
      place,
      next,
    );
  }
  const { name } = list;
  const store = loader.load(`action.d/${name}`, builtInAction(name));
  if (store === undefined) throw unknownAction(name, place);
  const given = new Map([...list.options].map(([key, value]) => [key, locate(value, place)]));
  const parameters = new Map(given);
  const alias = list.options.get("name") ?? jail;
  const identity = list.options.get("actname") ?? name + distinction(alias, jail);
  if (!parameters.has("name")) parameters.set("name", locate(alias, place));
  if (!parameters.has("actname")) parameters.set("actname", locate(identity, place));
  const reading = readDefinition({ store, wanted: ACTION_OPTIONS, parameters, jail: handedDown });
  return { name, identity, place, given, reading, combined: combine(reading, { ignore: LATE_TAGS }) };
}

/** What a name other than the jail's adds to the action's own: "-other", or what follows the jail's name in it. */
function distinction(alias: string, jail: string): string {
  if (alias === jail) return "";
  return alias.startsWith(jail) ? alias.slice(jail.length) : `-${alias}`;
}

/** Says that an action is none of ours, which one comes nearest, and which there are. */
export function unknownAction(name: string, place: Place) {
  const ours = [...ACTION_CATALOGUE.keys()];
  const instead = substituteFor(name) ?? nearest(name.trim().replace(/,$/, ""), ours);
  const hint = instead === undefined ? "" : `The nearest is ${instead}. `;
  const spaced = /[\s,]$/.test(name)
    ? " (white space alone separates actions, and none may stand before a bracket)"
    : "";
  const message = `there is no action ${JSON.stringify(name)}${spaced}`;
  return jailFault("unknown-action", message, place, `${hint}We have: ${ours.join(", ")}.`);
}
