/**
 * A regex ready to run on log text: Python's syntax and meaning, in linear time. RE2 runs what it can express; look-around,
 * conditionals, back-references and the rest run on our own matcher (linear/).
 *
 * What a line is matched against in Fail2Ban ends in "\n", and `$` works because of it: the callers of filters append
 * exactly one "\n". Dates are looked for in the bare line. Both are right here; a "\n" elsewhere than at the end needs `lines`.
 */
import { createForms } from "./forms.ts";
import { expandTags, namesSomeone, type TagOptions } from "./host-tags.ts";
import { createLinearProgram, type LinearProgram, MAX_SIZE } from "./linear/linear-program.ts";
import type { RegexMatch } from "./match.ts";
import { parseRegex } from "./parse.ts";
import { type RegexErrorCode, RegexSyntaxError } from "./syntax-error.ts";
import { toRe2, type UnsupportedFeature } from "./translate.ts";
import type { Regex } from "./tree.ts";

/** A regex that one of the two engines runs. */
export interface CompiledRegex {
  /** The Python text, tags expanded. */
  readonly source: string;
  readonly groupNames: readonly string[];
  readonly tree: Regex;
  /** RE2 text for `compileSet`: it hits in every text in which this regex hits, and sometimes in more. */
  readonly screen: string;
  readonly engine: "re2" | "linear";
  /** How many searches were given up so far: only back-references can take that long. Each counted as no match. */
  exceeded(): number;
  /** Whether the regex hits anywhere in the text; where most texts do not match, ask this before `exec`. */
  test(text: string): boolean;
  /** The first match, by Python's choice. */
  exec(text: string): RegexMatch | undefined;
}

export interface CompileOptions {
  /** Python's re.MULTILINE: `^` and `$` at every line. Fail2Ban sets it on failregex where maxlines > 1. */
  readonly multiline?: boolean;
  /** Texts may hold "\n" elsewhere than at their end. */
  readonly lines?: boolean;
  /** Whether `exec` tells where each group stands, unnamed groups too. */
  readonly positions?: boolean;
}

export type Compilation =
  | { readonly kind: "ok"; readonly regex: CompiledRegex }
  /** Python refuses it too; `position` counts code points of `source`. */
  | {
      readonly kind: "error";
      readonly code: RegexErrorCode | "empty-regex" | "no-id-group";
      readonly source: string;
      readonly position: number;
      readonly message: string;
    }
  | {
      /** Too large for either engine. */
      readonly kind: "unsupported";
      readonly source: string;
      /** What RE2 lacks, and that our own matcher has no room for it. At least one. */
      readonly features: readonly UnsupportedFeature[];
      /** RE2 text that hits wherever Python would hit. */
      readonly screen: string;
      readonly tree: Regex;
    };

/** Compiles Python's syntax. */
export function compileRegex(source: string, options: CompileOptions = {}): Compilation {
  let tree: Regex;
  try {
    tree = parseRegex(source, { multiline: options.multiline ?? false });
  } catch (error) {
    // A mistake in the pattern is an answer; anything else is a defect of ours and goes on.
    if (!(error instanceof RegexSyntaxError)) throw error;
    return { kind: "error", code: error.code, source, position: error.position, message: error.message };
  }
  const screen = screenOf(tree);
  const forms = createForms(tree, options);
  const known = { source, groupNames: [...tree.groupNames.keys()], tree, screen };
  if (forms.kind === "ok") {
    const { test, exec } = forms.program;
    return { kind: "ok", regex: { ...known, engine: "re2", exceeded: () => 0, test, exec } };
  }
  const linear = createLinearProgram(tree, { ...options, screen });
  if (linear !== undefined) return { kind: "ok", regex: { ...known, engine: "linear", ...runsOf(linear) } };
  return { kind: "unsupported", source, features: [...forms.features, TOO_LARGE], screen, tree };
}

/** Compiles a prefregex or ignoreregex of Fail2Ban: tags are expanded first. */
export function compileTagged(text: string, options: CompileOptions & TagOptions = {}): Compilation {
  const source = expandTags(text, options);
  if (source.trim() !== "") return compileRegex(source, options);
  return { kind: "error", code: "empty-regex", source, position: 0, message: "the regex is empty" };
}

/** Compiles a failregex: like `compileTagged`, and it, or the prefregex before it, must say who failed. */
export function compileFailregex(
  text: string,
  options: CompileOptions & TagOptions & { readonly prefregexGroups?: readonly string[] } = {},
): Compilation {
  const compilation = compileTagged(text, options);
  const names = compilation.kind === "error" ? [] : [...namesOf(compilation), ...(options.prefregexGroups ?? [])];
  if (compilation.kind === "error" || namesSomeone(names)) return compilation;
  const instead = names.includes("host") ? "; (?P<host>…) is no longer one, write <HOST> in its place" : "";
  const message = `no group says who failed: one of <HOST>, <ADDR>, <IP4>, <IP6>, <F-ID> is needed${instead}`;
  return { kind: "error", code: "no-id-group", source: expandTags(text, options), position: 0, message };
}

function runsOf({ test, exec, exceeded }: LinearProgram): Pick<CompiledRegex, "test" | "exec" | "exceeded"> {
  return { test, exec, exceeded };
}

const TOO_LARGE: UnsupportedFeature = {
  feature: "program-size",
  position: 0,
  reason: `our own matcher has room for ${MAX_SIZE} instructions, counts written out`,
};

function namesOf(compilation: Exclude<Compilation, { kind: "error" }>): readonly string[] {
  const tree = compilation.kind === "ok" ? compilation.regex.tree : compilation.tree;
  return [...tree.groupNames.keys()];
}

function screenOf(tree: Regex): string {
  const screen = toRe2(tree, { form: "screen" });
  return screen.kind === "re2" ? screen.source : "";
}
