/**
 * The forms of one regex, and which of them a text needs: lines of ASCII alone, nearly all of them, run on automata that
 * are small and fast; others on the exact form, or, for Unicode's word boundaries, in the pattern's own alphabet.
 */
import { boundariesOf, createAlphabet } from "./boundary.ts";
import type { RegexMatch, Span } from "./match.ts";
import { createProgram, type Program, type ProgramResult, type Re2Program } from "./program.ts";
import { SAFE_SIZE, sizeOf } from "./size.ts";
import type { Regex } from "./tree.ts";

export interface FormsOptions {
  readonly lines?: boolean;
  readonly positions?: boolean;
}

/** Compiles the forms that `tree` needs. */
export function createForms(tree: Regex, options: FormsOptions): ProgramResult {
  const boundaries = boundariesOf(tree.root);
  const mixed = boundaries.find(({ ascii }) => ascii !== boundaries[0]!.ascii);
  if (mixed !== undefined) {
    const reason = "RE2 has one kind of word boundary, here are two: of ASCII and of Unicode";
    return { kind: "unsupported", features: [{ feature: "mixed-boundaries", position: mixed.position, reason }] };
  }
  const ascii = createProgram(tree, { ...options, form: "ascii" });
  if (ascii.kind === "unsupported") return ascii;
  const createBeyond = (): ProgramResult =>
    (boundaries.some((boundary) => !boundary.ascii) ? encodedProgram(tree, options) : undefined) ??
    createProgram(tree, { ...options, form: "exact" });
  // Compiling \w for all of Unicode takes a millisecond, and few texts need it: it waits for one, where it surely fits.
  let beyond: Program | undefined;
  if (sizeOf(tree.root) > SAFE_SIZE) {
    const exact = createBeyond();
    if (exact.kind === "unsupported") return exact;
    beyond = exact.program;
  }
  const programFor = (text: string): Program => {
    if (isAscii(text)) return ascii.program;
    if (beyond === undefined) {
      const exact = createBeyond();
      // What is below the safe size compiles; the ASCII form would at worst hit too often.
      beyond = exact.kind === "ok" ? exact.program : ascii.program;
    }
    return beyond;
  };
  const program: Program = {
    test: (text) => programFor(text).test(text),
    exec: (text) => programFor(text).exec(text),
  };
  return { kind: "ok", program };
}

/** UTF-8 needs more bytes than there are UTF-16 units exactly where something is beyond ASCII; counting is native. */
function isAscii(text: string): boolean {
  // A long text that is not ASCII mostly shows it soon.
  if (text.length > BEGINNING && Buffer.byteLength(text.slice(0, BEGINNING)) > BEGINNING) return false;
  return Buffer.byteLength(text) === text.length;
}

const BEGINNING = 512;

/** Undefined where the pattern has no alphabet: RE2's own \b is then right except beside characters beyond ASCII. */
function encodedProgram(tree: Regex, options: FormsOptions): ProgramResult | undefined {
  const alphabet = createAlphabet(tree);
  if (alphabet === undefined) return undefined;
  const result = createProgram(tree, { ...options, form: "exact", indices: true, classFor: alphabet.classFor });
  if (result.kind === "unsupported") return result;
  const { program } = result;
  const encoded: Program = {
    test: (text) => program.test(alphabet.encode(text).text),
    exec: (text) => execEncoded(program, text, alphabet.encode(text)),
  };
  return { kind: "ok", program: encoded };
}

function execEncoded(
  program: Re2Program,
  text: string,
  encoded: { readonly text: string; readonly origins: readonly number[] | undefined },
): RegexMatch | undefined {
  const spans = program.spansIn(encoded.text);
  if (spans === undefined) return undefined;
  const { origins } = encoded;
  if (origins === undefined) return program.matchOf(text, spans);
  const original = spans.map((span): Span | undefined => span && [origins[span[0]]!, origins[span[1]]!]);
  return program.matchOf(text, original);
}
