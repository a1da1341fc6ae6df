/**
 * Finds the date in a log line: what is cut out before the filters see the line, and when the line was written.
 *
 * Fail2Ban's detector learns: templates that hit move up, and the last position is tried first, so what it finds in a line
 * depends on the lines before. Log events come in any order and any batch, so this one forgets: every line is treated as
 * a new Fail2Ban detector treats its first line. The first template bound to the line's begin or end wins, or one at
 * distance 0 or 1; else the smallest distance, the earlier template on a tie.
 *
 * One difference: a new Fail2Ban detector gives way to its very last template (TAI64N by default) wherever in the line
 * it matches. A client who writes such a stamp into a request hides the real date, and with it the line from every filter
 * that counts on the cut. Here the last template has no such privilege.
 */
import type { Problem, ProblemCode } from "../config/problem.ts";
import { compileSet, type RegexSet } from "../regex/regex-set.ts";
import { type CompiledTemplate, compileTemplate } from "./compiled-template.ts";
import type { DateMatch } from "./locator.ts";
import { templatesOf } from "./pattern-list.ts";
import type { ZoneRule } from "./timestamp.ts";
import { zoneOffset } from "./zones.ts";

/** A date that was found: `start` to `end` (UTF-16 units) is cut out of the line. */
export interface FoundDate {
  readonly start: number;
  readonly end: number;
  /** The template's name. */
  readonly template: string;
  /**
   * The instant it means, epoch ms, seen from `now` (which fills in a missing year or day); undefined where the text is no
   * date of the calendar. A pattern that matched nothing, like `{NONE}`, means `now`.
   */
  at(now: number): number | undefined;
}

export interface DateDetector {
  /** Names of the templates, in the order in which they are tried. */
  readonly templates: readonly string[];
  /** The date of a line without its line end. */
  find(line: string): FoundDate | undefined;
  /**
   * Whether cutting out a date could make neighbours of these two characters ("" = the line's begin or end). True wherever
   * that is possible; a literal without such a place in it stands in the cut line exactly where it stood in the whole one.
   */
  canCutBetween(before: string, after: string): boolean;
}

export interface DetectorOptions {
  /** Fail2Ban's logtimezone: a fixed offset or abbreviation for dates that name no zone. */
  readonly timezone?: string | undefined;
  /** Without `timezone`: minutes east of Greenwich of the machine's zone at an instant; default UTC. */
  readonly localOffset?: ((at: number) => number) | undefined;
  /** The year in which the detector is made: %ExY ends with the decade three years later. Default: the century's end. */
  readonly year?: number | undefined;
}

export type DetectorResult =
  | { readonly kind: "detector"; readonly detector: DateDetector }
  | { readonly kind: "problem"; readonly problem: Problem };

/** A detector for the lines of a datepattern option; none = the 31 default templates. The problem has no place yet. */
export function createDetector(patterns: readonly string[], options: DetectorOptions = {}): DetectorResult {
  const { timezone, localOffset = () => 0, year } = options;
  const fixed = timezone === undefined ? undefined : zoneOffset(timezone);
  if (timezone !== undefined && fixed === undefined) {
    return problem(
      "bad-value",
      `logtimezone "${timezone}" is no zone`,
      "write an offset like +0200, or UTC, CET, EST …",
    );
  }
  const list = templatesOf(patterns, year);
  if (list.kind === "error") return problem("bad-datepattern", list.reason);
  const compiled: CompiledTemplate[] = [];
  for (const template of list.templates) {
    const result = compileTemplate(template);
    if (result.kind === "error") return problem(result.code, `datepattern "${template.pattern}": ${result.reason}`);
    compiled.push(result.template);
  }
  return { kind: "detector", detector: new FreshDetector(compiled, { fixed, localOffset }) };
}

function problem(code: ProblemCode, message: string, next?: string): DetectorResult {
  const base = { code, severity: "error", message } as const;
  return { kind: "problem", problem: next === undefined ? base : { ...base, next } };
}

class FreshDetector implements DateDetector {
  readonly templates: readonly string[];
  readonly #compiled: readonly CompiledTemplate[];
  readonly #zone: ZoneRule;
  readonly #screens: RegexSet | undefined;
  readonly #all: readonly number[];

  constructor(compiled: readonly CompiledTemplate[], zone: ZoneRule) {
    this.templates = compiled.map(({ name }) => name);
    this.#compiled = compiled;
    this.#zone = zone;
    this.#all = compiled.map((_, index) => index);
    this.#screens = compiled.length > 1 ? compileSet(compiled.map(({ screen }) => screen)) : undefined;
  }

  find(line: string): FoundDate | undefined {
    const ascii = isAscii(line);
    let best: { readonly template: CompiledTemplate; readonly match: DateMatch } | undefined;
    for (const index of this.#screens?.match(line) ?? this.#all) {
      const template = this.#compiled[index]!;
      const match = template.match(best === undefined ? line : stillOfUse(line, template, best.match), ascii);
      if (match === undefined) continue;
      if (template.anchored || isAtBegin(line, match.from)) return this.#found(line, ascii, template, match);
      if (best === undefined || match.from < best.match.from) best = { template, match };
    }
    return best && this.#found(line, ascii, best.template, best.match);
  }

  canCutBetween(before: string, after: string): boolean {
    return this.#compiled.some(({ cut }) => cut.between(before, after));
  }

  #found(line: string, ascii: boolean, template: CompiledTemplate, match: DateMatch): FoundDate {
    const { start, end } = match;
    const at = (now: number): number | undefined =>
      start === end ? now : template.read(line, match, ascii, now, this.#zone);
    return { start, end, template: template.name, at };
  }
}

/**
 * The part of a line in which a template can still beat `best`: only a smaller distance helps, unless it is bound to an end of
 * the line. So a line full of dates is not read to its end by each template.
 */
function stillOfUse(line: string, { anchored, reach }: CompiledTemplate, best: DateMatch): string {
  return anchored || best.from + reach >= line.length ? line : line.slice(0, best.from + reach);
}

/** Distance 0 or 1, counted in characters as Python counts. */
function isAtBegin(line: string, from: number): boolean {
  return from <= 1 || (from === 2 && line.codePointAt(0)! > 0xffff);
}

/** UTF-8 needs more bytes than there are UTF-16 units exactly where something is beyond ASCII; counting is native. */
function isAscii(line: string): boolean {
  return Buffer.byteLength(line) === line.length;
}

/** The line without its date: what filters see. */
export function cutDate(line: string, found: { readonly start: number; readonly end: number } | undefined): string {
  return found === undefined ? line : line.slice(0, found.start) + line.slice(found.end);
}
