/**
 * The sieve: which lines can matter to which jails, told from literals alone, before any date or regex is tried.
 *
 * Every match of a jail contains its required literals, so a line that lacks one of them cannot be a failure there.
 * Which of a jail's literals is the rarest is learned from the lines themselves; that choice decides how fast a line
 * is let go, never which lines are.
 */
import type { LiteralChoice } from "../regex/literals.ts";
import { anyOf, type Place } from "./any-of.ts";
import { createEventSift, type EventSift, FIXED, inJson } from "./event-sift.ts";
import { createAutomaton, type FindLiterals } from "./literal-automaton.ts";
import { type Literal, PairChoice, PairCounts } from "./pair-choice.ts";

/**
 * What a line must contain to matter to a jail: for one of the jail's regexes, of each of its choices at least one
 * literal. A regex without choices lets every line pass.
 */
export type JailLiterals = readonly (readonly LiteralChoice[])[];

export interface Sieve {
  /** Indexes of the jails to which the line can matter. */
  jailsFor(text: string): readonly number[];
  /**
   * Finds every event that any jail can match in JSON text. Undefined while the sieve is learning, and where a jail lets
   * every line pass.
   */
  rawJson(): EventSift | undefined;
}

/** Lines looked at before the rarest literals are chosen, and how many lines later they are chosen anew. */
const SAMPLE = 128;
const RENEW = 1 << 17;
/** What a line that is not let go costs, in places of ordinary lines at which a search stops for nothing. */
const COST_OF_LINE = 1_000;

interface Need {
  /** Its literals by their places, in bytes, and in bytes as JSON writes them. */
  readonly places: readonly (readonly Place[])[];
  readonly literals: readonly Literal[];
  readonly rawLiterals: readonly Literal[];
  hits: number;
  /** The last line that has one of them: jails share many needs. */
  heldAt: number;
}

interface Learned {
  readonly quick: RegExp;
  readonly raw: EventSift | undefined;
}

export function createSieve(jails: readonly JailLiterals[]): Sieve {
  const distinct = new Map<string, Need>();
  const needOf = (choice: LiteralChoice): Need => {
    const key = JSON.stringify([choice.caseSensitive, choice.anyOf]);
    const need = distinct.get(key) ?? toNeed(choice);
    distinct.set(key, need);
    return need;
  };
  const needs: Need[][][] = jails.map((regexes) => regexes.map((choices) => choices.filter(isUsable).map(needOf)));
  const all = [...distinct.values()];
  const always = indexesWhere(needs, (regexes) => regexes.some((regex) => regex.length === 0));
  const everyJail = indexesWhere(needs, () => true);
  let find: FindLiterals | undefined;
  let seen = 0;
  let samples: Samples | undefined;
  let learned: Learned | undefined;

  const learn = (text: string): void => {
    samples ??= createSamples();
    samples.add(text);
    for (const need of all) if (need.heldAt === seen) need.hits += 1;
    if (seen % RENEW !== SAMPLE - 1) return;
    const { plain, json } = samples;
    const regexes = needs.flat();
    const rarest = chooseNeeds(regexes, (need) => need.literals, [], plain);
    const rarestRaw = chooseNeeds(regexes, (need) => need.rawLiterals, FIXED, json);
    const quick = rarest.flatMap((need) => need.places);
    learned = {
      quick: quick.length === 0 ? NOTHING : new RegExp(anyOf(quick), "u"),
      raw:
        always.length > 0
          ? undefined
          : createEventSift(
              rarestRaw.flatMap((need) => need.rawLiterals),
              json,
            ),
    };
    for (const need of all) need.hits = 0;
    samples = undefined;
  };

  return {
    jailsFor(text) {
      seen += 1;
      const isSample = seen % RENEW < SAMPLE;
      if (!isSample && learned !== undefined && !learned.quick.test(text)) return always;
      find ??= createAutomaton(all.flatMap(({ literals }, mark) => literals.map((literal) => ({ ...literal, mark }))));
      find(Buffer.from(text), (mark) => {
        all[mark]!.heldAt = seen;
      });
      if (isSample) learn(text);
      return everyJail.filter((jail) => needs[jail]!.some((regex) => regex.every((need) => need.heldAt === seen)));
    },
    rawJson: () => learned?.raw,
  };
}

/** Of jails whose every line passes nothing has to be found out. */
const NOTHING = /(?!)/;

/** Of each regex the need that lets most lines go for the least search, each once. */
function chooseNeeds(
  regexes: readonly (readonly Need[])[],
  literalsOf: (need: Need) => readonly Literal[],
  searchedAnyway: readonly Literal[],
  counts: PairCounts,
): readonly Need[] {
  const choice = new PairChoice(counts);
  for (const literal of searchedAnyway) choice.choose(literal);
  const chosen = new Set<Need>();
  for (const regex of regexes) {
    if (regex.length === 0 || regex.some((need) => chosen.has(need))) continue;
    const costs = regex.map((need) => need.hits * COST_OF_LINE + choice.costOf(literalsOf(need)));
    const best = regex[costs.indexOf(Math.min(...costs))]!;
    for (const literal of literalsOf(best)) choice.choose(literal);
    chosen.add(best);
  }
  return [...chosen];
}

interface Samples {
  readonly plain: PairCounts;
  readonly json: PairCounts;
  add(text: string): void;
}

/** What stands around a message in CloudWatch's JSON, but for the digits. */
const FRAME = '"},{"id":"","timestamp":1,"message":"';
/** Of the pairs of digits in an id and a timestamp, how many of each there are in a sample. */
const DIGIT_PAIRS = Math.round((SAMPLE * 68) / 100);

function createSamples(): Samples {
  const plain = new PairCounts();
  const json = new PairCounts();
  json.add(Buffer.from(FRAME), SAMPLE);
  for (let pair = 0; pair < 100; pair += 1) json.put(0x30 + Math.floor(pair / 10), 0x30 + (pair % 10), DIGIT_PAIRS);
  return {
    plain,
    json,
    add(text) {
      plain.add(Buffer.from(text));
      json.add(inJson(text));
    },
  };
}

/** Folding of non-ASCII letters differs between engines, so such a literal is left to the regex. */
function isUsable(choice: LiteralChoice): boolean {
  if (choice.anyOf.length === 0 || choice.anyOf.some((literal) => literal === "")) return false;
  return choice.caseSensitive || choice.anyOf.every((literal) => /^[\x00-\x7f]*$/.test(literal));
}

/** LiteralChoice promises ASCII letters with no more than two cases, written in lower case, where case does not count. */
function toNeed({ anyOf: texts, caseSensitive }: LiteralChoice): Need {
  const folded = !caseSensitive;
  const lower = folded ? texts.map((text) => text.toLowerCase()) : texts;
  return {
    places: lower.map((text) => [...text].map((char) => (folded ? anyCase(char) : char))),
    literals: lower.map((text) => ({ bytes: Buffer.from(text), folded })),
    rawLiterals: lower.map((text) => ({ bytes: inJson(text), folded })),
    hits: 0,
    heldAt: 0,
  };
}

function anyCase(char: string): Place {
  const upper = char.toUpperCase();
  return char === upper ? char : char + upper;
}

function indexesWhere<T>(list: readonly T[], condition: (item: T) => boolean): number[] {
  return list.flatMap((item, index) => (condition(item) ? [index] : []));
}
