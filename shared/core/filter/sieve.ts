/**
 * The sieve: which lines can matter to which jails, told from literals alone, before any date or regex is tried.
 *
 * Every match of a jail contains its required literals, so a line that lacks one of them cannot be a failure there.
 * Which of a jail's literals is the rarest is learned from the lines themselves; that choice decides how fast a line
 * is let go, never which lines are.
 */
import type { LiteralChoice } from "../regex/literals.ts";

export interface Sieve {
  /** Indexes of the jails whose every required literal is in the line; jails without literals are always among them. */
  jailsFor(text: string): readonly number[];
  /**
   * A global expression over the UTF-8 bytes of JSON text, read as latin1, that finds something in every line that any
   * jail can match, however JSON wrote it. Undefined while the sieve is learning, and where a jail has no literals.
   */
  rawJson(): RegExp | undefined;
}

/** Lines looked at before the rarest literals are chosen, and how many lines later they are chosen anew. */
const SAMPLE = 512;
const RENEW = 1 << 17;

interface Need {
  readonly holds: (text: string) => boolean;
  readonly pattern: string;
  readonly rawPattern: string;
  hits: number;
}

export function createSieve(jails: readonly (readonly LiteralChoice[])[]): Sieve {
  const needs: Need[][] = jails.map((choices) => choices.filter(isUsable).map(toNeed));
  const always = indexesWhere(needs, (list) => list.length === 0);
  const everyJail = indexesWhere(needs, () => true);
  let seen = 0;
  let quick: RegExp | undefined;
  let raw: RegExp | undefined;

  const learn = (text: string): void => {
    for (const list of needs) for (const need of list) if (need.holds(text)) need.hits += 1;
    if (seen % RENEW !== SAMPLE - 1) return;
    for (const list of needs) list.sort((a, b) => a.hits - b.hits || b.pattern.length - a.pattern.length);
    for (const list of needs) for (const need of list) need.hits = 0;
    const rarest = needs.flatMap((list) => list.slice(0, 1));
    if (rarest.length === 0) return;
    quick = new RegExp(unique(rarest.map((need) => need.pattern)), "u");
    // JSON may write any character as \uXXXX and "/" as \/: an event that does so is always looked at.
    raw = always.length > 0 ? undefined : new RegExp(`${unique(rarest.map((need) => need.rawPattern))}|\\\\[u/]`, "g");
  };

  return {
    jailsFor(text) {
      if (seen % RENEW < SAMPLE) learn(text);
      seen += 1;
      if (quick !== undefined && !quick.test(text)) return always;
      return everyJail.filter((jail) => needs[jail]!.every((need) => need.holds(text)));
    },
    rawJson: () => raw,
  };
}

/** Folding of non-ASCII letters differs between engines, so such a literal is left to the regex. */
function isUsable(choice: LiteralChoice): boolean {
  if (choice.anyOf.length === 0 || choice.anyOf.some((literal) => literal === "")) return false;
  return choice.caseSensitive || choice.anyOf.every((literal) => /^[\x00-\x7f]*$/.test(literal));
}

function toNeed({ anyOf, caseSensitive }: LiteralChoice): Need {
  const pattern = anyOf.map((literal) => spell(literal, caseSensitive)).join("|");
  const expression = new RegExp(pattern, "u");
  const [only] = anyOf;
  return {
    holds: caseSensitive && anyOf.length === 1 ? (text) => text.includes(only!) : (text) => expression.test(text),
    pattern,
    rawPattern: anyOf.map((literal) => spell(toJsonBytes(literal), caseSensitive)).join("|"),
    hits: 0,
  };
}

/** LiteralChoice promises ASCII letters with no more than two cases where case does not count. */
function spell(literal: string, caseSensitive: boolean): string {
  return [...literal].map((char) => (caseSensitive ? quote(char) : anyCase(char))).join("");
}

function anyCase(char: string): string {
  const lower = char.toLowerCase();
  return lower === char.toUpperCase() ? quote(char) : `[${lower}${char.toUpperCase()}]`;
}

function quote(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}

function toJsonBytes(literal: string): string {
  return Buffer.from(JSON.stringify(literal).slice(1, -1), "utf8").toString("latin1");
}

function unique(patterns: readonly string[]): string {
  return [...new Set(patterns)].join("|");
}

function indexesWhere<T>(list: readonly T[], condition: (item: T) => boolean): number[] {
  return list.flatMap((item, index) => (condition(item) ? [index] : []));
}
