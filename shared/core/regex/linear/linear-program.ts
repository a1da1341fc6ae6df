/**
 * A regex on our own matcher: all of Python's syntax, with Python's choice of match and groups, in steps that grow with the
 * text and not faster. What looks up the text of a group while it runs (back-references) cannot be bounded so, and gets a
 * budget of steps instead; a search that exceeds it is no match, and is counted.
 */
import { type LiteralChoice, requiredLiterals } from "../literals.ts";
import type { RegexMatch, Span } from "../match.ts";
import { compileSet } from "../regex-set.ts";
import type { Regex } from "../tree.ts";
import { assemble, MAX_SIZE } from "./assemble.ts";
import { type Input, inputOf } from "./input.ts";
import { type Ending, Machine } from "./machine.ts";

export interface LinearOptions {
  /** Whether matches tell where all groups are. */
  readonly positions?: boolean;
  /** Steps for each character of the text that a regex with back-references may take; default STEPS_PER_CHARACTER. */
  readonly stepsPerCharacter?: number;
  /** RE2 text that hits wherever the regex does: long texts are asked it first. */
  readonly screen?: string;
}

/** What back-references are given: many times what an ordinary line takes, and a tenth of a second for the longest. */
export const STEPS_PER_CHARACTER = 200;

/** Whatever the text, so many steps are allowed: short lines are never worth giving up. */
const LEAST_BUDGET = 100_000;

/** Shorter texts are searched in less time than it takes to ask RE2. */
const SCREENED_FROM = 1000;

export interface LinearRun {
  readonly match: RegexMatch | undefined;
  /** Instructions executed and characters looked at. */
  readonly steps: number;
  readonly outcome: Ending;
}

export interface LinearProgram {
  /** Instructions, runs and texts counted by their characters: the factor of the bound. */
  readonly size: number;
  /** Whether steps are bounded by size × text alone, with no need of a budget. */
  readonly bounded: boolean;
  test(text: string): boolean;
  /** The first match by Python's choice; undefined also where the search was given up. */
  exec(text: string): RegexMatch | undefined;
  /** As `exec`, with how it went. */
  run(text: string): LinearRun;
  /** How many searches were given up so far. */
  exceeded(): number;
}

/** Assembles a regex; undefined where it needs more than MAX_SIZE instructions. */
export function createLinearProgram(tree: Regex, options: LinearOptions = {}): LinearProgram | undefined {
  const { positions = false, stepsPerCharacter = STEPS_PER_CHARACTER } = options;
  const named = [...tree.groupNames.values()];
  const all = Array.from({ length: tree.groupCount }, (_, index) => index + 1);
  const instructions = assemble(tree, new Set(positions ? all : named));
  if (instructions === undefined) return undefined;
  const machine = new Machine(instructions, tree.groupCount);
  const [required] = requiredLiterals(tree).filter(({ caseSensitive }) => caseSensitive);
  const names = [...tree.groupNames];
  let given = 0;
  let last: { readonly text: string; readonly run: LinearRun } | undefined;

  const screened = createScreen(options.screen);
  const { anchored, first } = instructions;
  const search = (text: string): LinearRun => {
    // Most lines fail here, at their first character or for want of a literal, before they are even read.
    if (anchored && first !== undefined && !first.has(text.charCodeAt(0))) return REJECTED;
    if (required !== undefined && lacks(required, text)) return REJECTED;
    if (text.length >= SCREENED_FROM && !screened(text)) return REJECTED;
    const input = inputOf(text);
    const limit = instructions.unbounded
      ? Math.max(LEAST_BUDGET, stepsPerCharacter * (input.length + 1))
      : Number.POSITIVE_INFINITY;
    const outcome = machine.search(input, limit);
    if (outcome === "exceeded") given += 1;
    const match = outcome === "match" ? matchOf(input, machine.slots, names, positions) : undefined;
    return { match, steps: machine.steps, outcome };
  };
  // Filters ask `test` and then `exec` of the same line.
  const run = (text: string): LinearRun => {
    if (last?.text !== text) last = { text, run: search(text) };
    return last.run;
  };
  return {
    size: instructions.size,
    bounded: !instructions.unbounded,
    test: (text) => run(text).match !== undefined,
    exec: (text) => run(text).match,
    run,
    exceeded: () => given,
  };
}

const REJECTED: LinearRun = { match: undefined, steps: 1, outcome: "no-match" };

export { MAX_SIZE };

/** Compiled when the first long text comes; what RE2 has no room for screens nothing away. */
function createScreen(source: string | undefined): (text: string) => boolean {
  let hits: ((text: string) => boolean) | undefined;
  return (text) => {
    hits ??= source === undefined || source === "" ? () => true : screenOf(source);
    return hits(text);
  };
}

function screenOf(source: string): (text: string) => boolean {
  const set = compileSet([source]);
  return (text) => set.match(text).length > 0;
}

function lacks({ anyOf }: LiteralChoice, text: string): boolean {
  for (const literal of anyOf) if (text.includes(literal)) return false;
  return true;
}

function matchOf(
  { text, units }: Input,
  slots: Int32Array,
  names: readonly (readonly [name: string, group: number])[],
  positions: boolean,
): RegexMatch {
  const unit = (at: number): number => (units === undefined ? at : units[at]!);
  const spanOf = (group: number): Span | undefined => {
    const start = slots[2 * group]!;
    const end = slots[2 * group + 1]!;
    return start < 0 || end < start ? undefined : [unit(start), unit(end)];
  };
  const groups: Record<string, string | undefined> = {};
  for (const [name, group] of names) {
    const span = spanOf(group);
    groups[name] = span && text.slice(span[0], span[1]);
  }
  const [index, end] = spanOf(0)!;
  const spans = positions ? Array.from({ length: slots.length / 2 }, (_, group) => spanOf(group)) : [];
  return { index, end, groups, spans };
}
