/**
 * CloudWatch's filter patterns for plain text, as far as they are documented: terms and phrases in quotes, all of which a line
 * must have; `-` before one that it must not have; `?` before those of which one is enough.
 *
 * Where the documentation leaves open how a phrase is found, there is a reading for each way, and a line matches only where
 * every reading says so: what this lets through, the service lets through.
 */

/** Does a line have a phrase? */
export type Reading = (line: string, phrase: string) => boolean;

/** The ways in which CloudWatch may find a phrase in a line; the documentation does not exclude any of them. */
export const READINGS: Readonly<Record<string, Reading>> = {
  anywhere: (line, phrase) => line.includes(phrase),
  "as whole words": standsWhole,
  "without the spaces at its ends": (line, phrase) => standsWhole(line, phrase.trim()),
  "as a run of words, whatever stands between them": (line, phrase) => wordsIn(line).includes(wordsIn(phrase)),
};

interface Term {
  readonly sign: "" | "?" | "-";
  readonly phrase: string;
}

/** Does the pattern let the line through, whichever way phrases are found? Throws at a pattern that is not for plain text. */
export function matchesPattern(pattern: string, line: string): boolean {
  return Object.values(READINGS).every((finds) => matchesBy(finds, pattern, line));
}

/** The same by one reading. */
export function matchesBy(finds: Reading, pattern: string, line: string): boolean {
  const terms = termsOf(pattern);
  const having = (sign: Term["sign"]) => terms.filter((term) => term.sign === sign);
  if (having("-").some(({ phrase }) => finds(line, phrase))) return false;
  const needed = having("");
  // Beside others, terms with a question mark do not count.
  if (needed.length > 0) return needed.every(({ phrase }) => finds(line, phrase));
  const optional = having("?");
  return optional.length === 0 || optional.some(({ phrase }) => finds(line, phrase));
}

const TERM = /([?-]?)(?:"((?:[^"\\]|\\.)*)"|(\w+))(?: +|$)/y;
const parsed = new Map<string, readonly Term[]>();

function termsOf(pattern: string): readonly Term[] {
  const known = parsed.get(pattern);
  if (known !== undefined) return known;
  const terms: Term[] = [];
  for (let at = 0; at < pattern.length; ) {
    TERM.lastIndex = at;
    const found = TERM.exec(pattern);
    if (found === null) throw new Error(`no pattern for plain text, from character ${at} on: ${pattern}`);
    const [whole, sign, quoted, bare = ""] = found;
    terms.push({ sign: sign as Term["sign"], phrase: quoted?.replace(/\\(.)/g, "$1") ?? bare });
    at += whole.length;
  }
  parsed.set(pattern, terms);
  return terms;
}

function standsWhole(line: string, phrase: string): boolean {
  const cutsWord = (one = "", next = "") => /\w/.test(one) && /\w/.test(next);
  for (let at = line.indexOf(phrase); at >= 0; at = line.indexOf(phrase, at + 1)) {
    const end = at + phrase.length;
    if (!cutsWord(line[at - 1], phrase[0]) && !cutsWord(phrase.at(-1), line[end])) return true;
  }
  return false;
}

function wordsIn(text: string): string {
  return ` ${text
    .split(/\W+/)
    .filter((word) => word !== "")
    .join(" ")} `;
}
