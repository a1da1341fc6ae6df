/** One form of a regex as an RE2 program, and the way back from RE2's answer to Python's groups. */
import RE2 from "re2";
import type { RegexMatch, Span } from "./match.ts";
import { type TranslateOptions, type Translation, toRe2, type UnsupportedFeature } from "./translate.ts";
import type { Regex } from "./tree.ts";

export interface Program {
  test(text: string): boolean;
  exec(text: string): RegexMatch | undefined;
}

export type ProgramResult<P extends Program = Program> =
  | { readonly kind: "ok"; readonly program: P }
  | { readonly kind: "unsupported"; readonly features: readonly UnsupportedFeature[] };

export interface ProgramOptions extends Omit<TranslateOptions, "captures"> {
  /** Whether matches tell where all groups are. */
  readonly positions?: boolean;
  /** Whether `spansIn` will be asked. */
  readonly indices?: boolean;
}

/** Translates and compiles; RE2's refusal (a program that is too large) is an answer, never thrown. */
export function createProgram(tree: Regex, options: ProgramOptions): ProgramResult<Re2Program> {
  const { positions = false, indices = false } = options;
  const translation = toRe2(tree, { ...options, captures: positions ? "all" : "named" });
  if (translation.kind === "unsupported") return translation;
  // Only "d" tells where groups are, which cutting off a final "\n" needs as well.
  const precise = positions || indices || translation.endSlots.length > 0;
  try {
    const re2 = new RE2(translation.source, precise ? "du" : "u");
    return { kind: "ok", program: new Re2Program(re2, tree, translation, { positions, precise }) };
  } catch (error) {
    // RE2 throws SyntaxError only; after our own translation that is a limit of RE2 and not a mistake of the user.
    const reason = `RE2 cannot hold it: ${error instanceof Error ? error.message : String(error)}`;
    return { kind: "unsupported", features: [{ feature: "program-size", position: 0, reason }] };
  }
}

export class Re2Program implements Program {
  readonly #re2: RE2;
  readonly #names: readonly (readonly [name: string, group: number, slot: number])[];
  /** RE2's slot by Python's group number; -1 = not kept. */
  readonly #slots: readonly number[];
  readonly #endSlots: readonly number[];
  readonly #positions: boolean;
  readonly #precise: boolean;

  constructor(
    re2: RE2,
    tree: Regex,
    { slots, endSlots }: Extract<Translation, { kind: "re2" }>,
    { positions, precise }: { positions: boolean; precise: boolean },
  ) {
    this.#re2 = re2;
    this.#names = [...tree.groupNames].map(([name, group]) => [name, group, slots.get(group) ?? -1]);
    this.#slots = Array.from({ length: tree.groupCount + 1 }, (_, group) =>
      group === 0 ? 0 : (slots.get(group) ?? -1),
    );
    this.#endSlots = endSlots;
    this.#positions = positions;
    this.#precise = precise;
  }

  test(text: string): boolean {
    return this.#re2.test(text);
  }

  exec(text: string): RegexMatch | undefined {
    if (this.#precise) {
      const spans = this.spansIn(text);
      return spans && this.matchOf(text, spans);
    }
    const found = this.#re2.exec(text);
    if (found === null) return undefined;
    const groups: Record<string, string | undefined> = {};
    for (const [name, , slot] of this.#names) groups[name] = found[slot];
    return { index: found.index, end: found.index + found[0].length, groups, spans: NO_SPANS };
  }

  /** The places of all groups in `text`, by Python's numbers. */
  spansIn(text: string): readonly (Span | undefined)[] | undefined {
    const indices = this.#re2.exec(text)?.indices;
    if (indices === undefined) return undefined;
    const spans = this.#slots.map((slot) => indices[slot]);
    // A `$` took the final "\n" to look at it: whatever reaches to the end of the text has one character too many.
    const taken = this.#endSlots.some((slot) => indices[slot] !== undefined && indices[slot][0] < indices[slot][1]);
    return taken ? spans.map((span) => span && withoutLast(span, text.length)) : spans;
  }

  /** A match in `text` from the places of its groups. */
  matchOf(text: string, spans: readonly (Span | undefined)[]): RegexMatch {
    const [index, end] = spans[0]!;
    const groups: Record<string, string | undefined> = {};
    for (const [name, group] of this.#names) {
      const span = spans[group];
      groups[name] = span && text.slice(span[0], span[1]);
    }
    return { index, end, groups, spans: this.#positions ? spans : NO_SPANS };
  }
}

const NO_SPANS: readonly (Span | undefined)[] = [];

function withoutLast([start, end]: Span, length: number): Span {
  return [Math.min(start, length - 1), Math.min(end, length - 1)];
}
