/**
 * The sieve: which lines can matter to which jails, told from literals alone, before any date or regex is tried.
 *
 * Every match of a jail contains its required literals, so a line that lacks one of them cannot be a failure there.
 * Which of a jail's literals is the rarest is learned from the lines themselves; that choice decides how fast a line
 * is let go, never which lines are.
 */
import type { LiteralChoice } from "../regex/literals.ts";
import { anyOf, type Place } from "./any-of.ts";

/**
 * What a line must contain to matter to a jail: for one of the jail's regexes, of each of its choices at least one
 * literal. A regex without choices lets every line pass.
 */
export type JailLiterals = readonly (readonly LiteralChoice[])[];

export interface Sieve {
  /** Indexes of the jails to which the line can matter. */
  jailsFor(text: string): readonly number[];
  /**
   * A global expression over the UTF-8 bytes of JSON text, read as latin1, that finds something in every line that any
   * jail can match, however JSON wrote it. Undefined while the sieve is learning, and where a jail lets every line pass.
   */
  rawJson(): RegExp | undefined;
}

/** Lines looked at before the rarest literals are chosen, and how many lines later they are chosen anew. */
const SAMPLE = 128;
const RENEW = 1 << 17;

interface Need {
  readonly holds: (text: string) => boolean;
  /** Each literal by its places, in text and in the bytes of JSON. */
  readonly literals: readonly (readonly Place[])[];
  readonly rawLiterals: readonly (readonly Place[])[];
  /** Length of the shortest literal. */
  readonly shortest: number;
  hits: number;
  /** The answer for the line that was asked about last: jails share many needs. */
  asked: number;
  held: boolean;
}

/** The needs of one regex, the rarest first once that is known. */
type RegexNeeds = Need[];

export function createSieve(jails: readonly JailLiterals[]): Sieve {
  const distinct = new Map<string, Need>();
  const needOf = (choice: LiteralChoice): Need => {
    const key = JSON.stringify([choice.caseSensitive, choice.anyOf]);
    const need = distinct.get(key) ?? toNeed(choice);
    distinct.set(key, need);
    return need;
  };
  const needs: RegexNeeds[][] = jails.map((regexes) => regexes.map((choices) => choices.filter(isUsable).map(needOf)));
  const always = indexesWhere(needs, (regexes) => regexes.some((regex) => regex.length === 0));
  const everyJail = indexesWhere(needs, () => true);
  let seen = 0;
  let quick: RegExp | undefined;
  let raw: RegExp | undefined;

  const learn = (text: string): void => {
    const regexes = needs.flat();
    for (const need of distinct.values()) if (need.holds(text)) need.hits += 1;
    if (seen % RENEW !== SAMPLE - 1) return;
    for (const regex of regexes)
      regex.sort((a, b) => a.hits - b.hits || a.literals.length - b.literals.length || b.shortest - a.shortest);
    for (const need of distinct.values()) need.hits = 0;
    const rarest = regexes.flatMap((regex) => regex.slice(0, 1));
    if (rarest.length === 0) return;
    quick = new RegExp(anyOf(rarest.flatMap((need) => need.literals)), "u");
    // JSON may write any character as \uXXXX and "/" as \/: an event that does so is always looked at.
    const rawLiterals = [...rarest.flatMap((need) => need.rawLiterals), ["\\", "u/"]];
    raw = always.length > 0 ? undefined : new RegExp(anyOf(rawLiterals), "g");
  };

  const held = (need: Need, text: string): boolean => {
    if (need.asked !== seen) {
      need.asked = seen;
      need.held = need.holds(text);
    }
    return need.held;
  };

  return {
    jailsFor(text) {
      if (seen % RENEW < SAMPLE) learn(text);
      seen += 1;
      if (quick !== undefined && !quick.test(text)) return always;
      return everyJail.filter((jail) => needs[jail]!.some((regex) => regex.every((need) => held(need, text))));
    },
    rawJson: () => raw,
  };
}

/** Folding of non-ASCII letters differs between engines, so such a literal is left to the regex. */
function isUsable(choice: LiteralChoice): boolean {
  if (choice.anyOf.length === 0 || choice.anyOf.some((literal) => literal === "")) return false;
  return choice.caseSensitive || choice.anyOf.every((literal) => /^[\x00-\x7f]*$/.test(literal));
}

function toNeed({ anyOf: texts, caseSensitive }: LiteralChoice): Need {
  const literals = texts.map((text) => placesOf(text, caseSensitive));
  const expression = new RegExp(anyOf(literals), "u");
  const [only] = texts;
  return {
    holds: caseSensitive && texts.length === 1 ? (text) => text.includes(only!) : (text) => expression.test(text),
    literals,
    rawLiterals: texts.map((text) => placesOf(toJsonBytes(text), caseSensitive)),
    shortest: Math.min(...texts.map((text) => text.length)),
    hits: 0,
    asked: -1,
    held: false,
  };
}

/** LiteralChoice promises ASCII letters with no more than two cases where case does not count. */
function placesOf(literal: string, caseSensitive: boolean): readonly Place[] {
  return [...literal].map((char) => (caseSensitive ? char : anyCase(char)));
}

function anyCase(char: string): Place {
  const lower = char.toLowerCase();
  const upper = char.toUpperCase();
  return lower === upper ? char : lower + upper;
}

function toJsonBytes(literal: string): string {
  return Buffer.from(JSON.stringify(literal).slice(1, -1), "utf8").toString("latin1");
}

function indexesWhere<T>(list: readonly T[], condition: (item: T) => boolean): number[] {
  return list.flatMap((item, index) => (condition(item) ? [index] : []));
}
