/**
 * The subscription filter pattern of a log group: CloudWatch sends the Lambda only lines that some jail can match.
 *
 * The pattern is `?"one" ?"two" …`: any of these phrases. It is made of the literals that every match of a jail contains, so
 * it lets through at least what the jails match; in doubt it is empty, which means every line.
 *
 * What is assumed of CloudWatch, and no more: phrases in quotes are compared with regard to case, and a phrase is found at
 * least where it stands in the line as whole words, between characters that are no letter, digit or underscore (the
 * characters that a term may have without quotes). Whether it is also found inside of words is not documented, so no
 * phrase begins or ends within one: "Failed password for" gives the phrase " password ".
 */
import { type LiteralChoice, requiredLiterals, survivesCut } from "../regex/literals.ts";
import type { CanCut, JailFilter } from "./jail-filter.ts";
import { readsJournal } from "./journal-jails.ts";

export interface SubscriptionPattern {
  /** At most 1024 characters; "" = every line. */
  readonly pattern: string;
  /** Jails that need every line, so that there is no pattern. Empty with an empty pattern: it would have been too long. */
  readonly unbounded: readonly string[];
}

/** A compiled filter, as far as the pattern needs it. */
export interface FilterLiterals extends Pick<JailFilter, "jail" | "prefregex" | "failregex" | "literals"> {
  readonly detector: { readonly canCutBetween: CanCut };
}

/** CloudWatch's limit. */
export const MAX_PATTERN = 1024;
/** A phrase with fewer letters and digits than this is in nearly every line: it would cost and save nothing. */
const MIN_WORD_CHARACTERS = 3;

/** The pattern for everything that reads a log group. */
export function subscriptionPattern(filters: readonly FilterLiterals[]): SubscriptionPattern {
  const phrases = new Set<string>();
  const unbounded = new Set<string>();
  for (const filter of filters) {
    const needed = phrasesOf(filter);
    if (needed === undefined) unbounded.add(filter.jail.name);
    else for (const phrase of needed) phrases.add(phrase);
  }
  if (unbounded.size > 0 || filters.length === 0) return { pattern: "", unbounded: [...unbounded] };
  const pattern = withoutNeedless([...phrases])
    .map(optional)
    .join(" ");
  return { pattern: pattern.length > MAX_PATTERN ? "" : pattern, unbounded: [] };
}

/** Phrases of which every line that the jail can match has one; undefined = it may match any line. */
function phrasesOf({ jail, prefregex, failregex, literals, detector }: FilterLiterals): readonly string[] | undefined {
  // Each of the lines that make up one failure is needed, and no phrase stands in all of them.
  if (jail.filter.maxlines > 1) return undefined;
  // The line that is matched is put together from an entry's fields, and does not stand in the log event like that.
  if (readsJournal(jail)) return undefined;
  // Where the sieve lets every line pass, so must the pattern.
  if (failregex.length === 0 || literals.some((choices) => choices.length === 0)) return undefined;
  const before = prefregex === undefined ? [] : requiredLiterals(prefregex.tree);
  const canCut: CanCut = (left, right) => detector.canCutBetween(left, right);
  const needed = failregex.map(({ tree }) => bestPhrases([...requiredLiterals(tree), ...before], canCut));
  return needed.some((phrases) => phrases === undefined) ? undefined : needed.flatMap((phrases) => phrases ?? []);
}

/** Of what a regex requires, the choice that says most. */
function bestPhrases(choices: readonly LiteralChoice[], canCut: CanCut): readonly string[] | undefined {
  return mostTelling(
    choices.flatMap((choice) => {
      const members = choice.caseSensitive ? choice.anyOf.map((text) => mostTelling(uncut(text, canCut))) : [undefined];
      return members.some((phrases) => phrases === undefined) ? [] : [members.flatMap((phrases) => phrases ?? [])];
    }),
  );
}

/** The longest shortest phrase, spaces apart; then the fewest phrases; then the first. */
function mostTelling(sets: readonly (readonly string[])[]): readonly string[] | undefined {
  const shortest = (phrases: readonly string[]) => Math.min(...phrases.map((text) => text.replaceAll(" ", "").length));
  return [...sets].sort((left, right) => shortest(right) - shortest(left) || left.length - right.length)[0];
}

/**
 * Sets of phrases, of each of which the raw line has at least one where the line without its date has the literal. The
 * regexes see the line after one date was cut out: if that was at or before a place, what follows the place is whole,
 * and if it was later, what precedes the next one is. The latest place comes first: what a literal ends with is mostly rarer.
 */
function uncut(literal: string, canCut: CanCut): readonly (readonly string[])[] {
  const pieces = survivesCut(literal, canCut);
  const sets = pieces.map((_, place) => {
    const parts = [pieces.slice(place), pieces.slice(0, place + 1)].map((part) => part.join(""));
    return [...new Set(parts)].map(phraseIn);
  });
  return sets.reverse().flatMap((set) => (set.some((phrase) => phrase === undefined) ? [] : [set as string[]]));
}

/** The longest part of a text that stands in every line as whole words; undefined where nothing worth a phrase is left. */
function phraseIn(text: string): string | undefined {
  const phrases = text.split(UNSAFE).map(wholeWords).filter(isTelling);
  return phrases.length === 0
    ? undefined
    : phrases.reduce((best, phrase) => (phrase.length > best.length ? phrase : best));
}

/** Characters that a phrase does without: beyond printable ASCII, and what means something elsewhere in a pattern. */
const UNSAFE = /[^\x20-\x7e]|[%*?]/;

/** What stands next to the text in a line is not known: its first and last word may be parts of longer ones. */
function wholeWords(piece: string): string {
  return piece.replace(/^\w+/, "").replace(/\w+$/, "");
}

function isTelling(phrase: string): boolean {
  return phrase.replace(/[^0-9A-Za-z]/g, "").length >= MIN_WORD_CHARACTERS;
}

/** A line with a phrase that contains another has the other as well: both ends are no word's, so it is whole there too. */
function withoutNeedless(phrases: readonly string[]): readonly string[] {
  return phrases.filter((phrase) => !phrases.some((other) => other !== phrase && phrase.includes(other)));
}

function optional(phrase: string): string {
  return `?"${phrase.replace(/[\\"]/g, "\\$&")}"`;
}
