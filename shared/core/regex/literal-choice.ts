/** Small sets of strings, one of which a match begins with, ends with or is; and what of them is worth asking a text for. */

/** Every match contains at least one of `anyOf`. */
export interface LiteralChoice {
  readonly anyOf: readonly string[];
  /** False: compare without regard to the case of ASCII letters; the strings have them in lower case. */
  readonly caseSensitive: boolean;
}

/** A beginning, an end or the whole of what a node matches. */
export interface Affix {
  readonly text: string;
  /** Whether the case of ASCII letters is open. */
  readonly folded: boolean;
}

export type AffixSet = readonly Affix[];

/** The empty string alone. */
export const EMPTY: AffixSet = [{ text: "", folded: false }];

/** The same as EMPTY in meaning (everything begins with nothing), and a sign that a set was given up. */
export const HOPELESS: AffixSet = [{ text: "", folded: false }];

/** More members than this and a set is given up. */
export const MAX_SET = 12;
/** Longer literals reject no more lines. */
const MAX_LENGTH = 256;
const MAX_CHOICES = 8;

/** The affixes without doubles, or HOPELESS where they are too many. */
export function union(affixes: AffixSet): AffixSet {
  const members = new Map(affixes.map((affix) => [`${affix.folded}${affix.text}`, affix]));
  return members.size > MAX_SET ? HOPELESS : [...members.values()];
}

/** Each of the left followed by each of the right, or undefined where they are too many or too long. */
export function cross(left: AffixSet, right: AffixSet): AffixSet | undefined {
  if (left.length * right.length > MAX_SET) return undefined;
  const members = left.flatMap((first) =>
    right.map((second) => ({ text: first.text + second.text, folded: first.folded || second.folded })),
  );
  return members.some(({ text }) => text.length > MAX_LENGTH) ? undefined : union(members);
}

/** The set as a choice, without members that another makes needless; none where it would say nothing. */
export function toChoice(set: AffixSet): readonly LiteralChoice[] {
  const caseSensitive = !set.some(({ folded }) => folded);
  const texts = [...new Set(set.map(({ text }) => (caseSensitive ? text : lower(text))))];
  if (texts.length === 0 || texts.includes("")) return [];
  return [
    { anyOf: texts.filter((text) => !texts.some((other) => other !== text && text.includes(other))), caseSensitive },
  ];
}

function lower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The choices that say most first: the longest shortest member, then the fewest members. */
export function sortedBest(choices: readonly LiteralChoice[]): readonly LiteralChoice[] {
  const order = [...choices].sort(
    (left, right) => shortest(right) - shortest(left) || left.anyOf.length - right.anyOf.length,
  );
  const kept: LiteralChoice[] = [];
  for (const choice of order) {
    if (!kept.some((better) => implies(better, choice))) kept.push(choice);
    if (kept.length === MAX_CHOICES) break;
  }
  return kept;
}

function shortest({ anyOf }: LiteralChoice): number {
  return Math.min(...anyOf.map((text) => text.length));
}

/** Whether the first choice holding makes the second hold. */
function implies(first: LiteralChoice, second: LiteralChoice): boolean {
  if (second.caseSensitive && !first.caseSensitive) return false;
  const fold = second.caseSensitive ? (text: string) => text : lower;
  return first.anyOf.every((text) => second.anyOf.some((part) => fold(text).includes(part)));
}
