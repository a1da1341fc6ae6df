/** One form of a regex as an RE2 program, and the way back from RE2's answer to Python's groups. */
import RE2 from "re2";
import type { RegexMatch, Span } from "./match.ts";
import { type Form, type TranslateOptions, type Translation, toRe2, type UnsupportedFeature } from "./translate.ts";
import type { Regex } from "./tree.ts";

export interface Program {
  test(text: string): boolean;
  exec(text: string): RegexMatch | undefined;
}

export type ProgramResult =
  | { readonly kind: "ok"; readonly program: Program }
  | { readonly kind: "unsupported"; readonly features: readonly UnsupportedFeature[] };

export interface ProgramOptions {
  readonly form: Form;
  readonly lines?: boolean;
  readonly positions?: boolean;
}

/** Translates and compiles; RE2's refusal (a program that is too large) is an answer, never thrown. */
export function createProgram(tree: Regex, { form, lines, positions = false }: ProgramOptions): ProgramResult {
  const options: TranslateOptions = { form, lines: lines ?? false, captures: positions ? "all" : "named" };
  const translation = toRe2(tree, options);
  if (translation.kind === "unsupported") return translation;
  // Only "d" tells where groups are, which cutting off a final "\n" needs as well.
  const indices = positions || translation.endSlots.length > 0;
  try {
    const re2 = new RE2(translation.source, indices ? "du" : "u");
    return { kind: "ok", program: new Re2Program(re2, tree, translation, positions) };
  } catch (error) {
    // RE2 throws SyntaxError only; after our own translation that is a limit of RE2 and not a mistake of the user.
    const reason = `RE2 cannot hold it: ${error instanceof Error ? error.message : String(error)}`;
    return { kind: "unsupported", features: [{ feature: "program-size", position: 0, reason }] };
  }
}

class Re2Program implements Program {
  readonly #re2: RE2;
  readonly #names: readonly (readonly [string, number])[];
  /** RE2's slot by Python's group number; -1 = not kept. */
  readonly #slots: readonly number[];
  readonly #endSlots: readonly number[];
  readonly #positions: boolean;

  constructor(re2: RE2, tree: Regex, { slots, endSlots }: Extract<Translation, { kind: "re2" }>, positions: boolean) {
    this.#re2 = re2;
    this.#names = [...tree.groupNames].map(([name, index]) => [name, slots.get(index) ?? -1]);
    this.#slots = Array.from({ length: tree.groupCount + 1 }, (_, index) =>
      index === 0 ? 0 : (slots.get(index) ?? -1),
    );
    this.#endSlots = endSlots;
    this.#positions = positions;
  }

  test(text: string): boolean {
    return this.#re2.test(text);
  }

  exec(text: string): RegexMatch | undefined {
    const found = this.#re2.exec(text);
    if (found === null) return undefined;
    // A `$` took the final "\n" to look at it: whatever reaches to the end of the text has one character too many.
    const limit = this.#endSlots.some((slot) => found[slot] === "\n") ? text.length - 1 : text.length;
    const groups: Record<string, string | undefined> = {};
    const cut = limit < text.length;
    for (const [name, slot] of this.#names) {
      groups[name] = cut ? cutText(text, found.indices?.[slot], limit) : found[slot];
    }
    const end = Math.min(found.index + found[0].length, limit);
    const spans = this.#positions ? this.#slots.map((slot) => cutSpan(found.indices?.[slot], limit)) : NO_SPANS;
    return { index: found.index, end, groups, spans };
  }
}

const NO_SPANS: readonly (Span | undefined)[] = [];

function cutSpan(span: Span | undefined, limit: number): Span | undefined {
  return span && [Math.min(span[0], limit), Math.min(span[1], limit)];
}

function cutText(text: string, span: Span | undefined, limit: number): string | undefined {
  return span && text.slice(Math.min(span[0], limit), Math.min(span[1], limit));
}
