/**
 * A jail's filter, compiled: its regexes on engines that take linear time, and the literals without which no raw line can match it.
 */
import type { JailConfig, Located } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import { type Compilation, type CompiledRegex, compileFailregex, compileTagged } from "../regex/compile.ts";
import { type LiteralChoice, requiredLiterals, survivesCut } from "../regex/literals.ts";
import { createNarrowing, type Narrowing } from "./narrowing.ts";
import type { JailLiterals } from "./sieve.ts";

export interface JailFilter {
  readonly jail: JailConfig;
  readonly prefregex: CompiledRegex | undefined;
  /** The prefregex at work. */
  readonly narrowing: Narrowing | undefined;
  readonly failregex: readonly CompiledRegex[];
  readonly ignoreregex: readonly CompiledRegex[];
  /** Fail2Ban runs ignoreregex before failregex only where there are clearly fewer of them. */
  readonly ignoresFirst: boolean;
  /** What every raw line that can match contains. */
  readonly literals: JailLiterals;
  /** What it takes to judge a line: the line, the connection that it names (`<F-MLFID>`), or the lines before it. */
  readonly span: "line" | "session" | "lines";
}

/** How many searches the filter's regexes have given up so far; RE2 never does. */
export function givenUp({ prefregex, failregex, ignoreregex }: JailFilter): number {
  const all = [...(prefregex === undefined ? [] : [prefregex]), ...failregex, ...ignoreregex];
  return all.reduce((sum, regex) => sum + regex.exceeded(), 0);
}

/** Whether the jail's date templates could cut a date out between two neighbouring characters. */
export type CanCut = (before: string, after: string) => boolean;

/** Compiles a jail's regexes; a jail with a problem of severity "error" has no filter. */
export function compileJailFilter(
  jail: JailConfig,
  canCut: CanCut,
): { readonly filter: JailFilter | undefined; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const take = (kind: string, located: Located, compilation: Compilation): CompiledRegex | undefined => {
    if (compilation.kind === "ok") return compilation.regex;
    problems.push(toProblem(jail, kind, located, compilation));
    return undefined;
  };
  const several = jail.filter.maxlines > 1;
  const options = { usedns: jail.usedns, lines: several };
  const before = jail.filter.prefregex;
  const narrowing = before === undefined ? undefined : compileTagged(before.text, options);
  const prefregex = narrowing === undefined ? undefined : take("prefregex", before!, narrowing);
  const prefregexGroups = narrowing === undefined ? [] : groupsOf(narrowing);
  const failregex = jail.filter.failregex.flatMap(
    (located) =>
      take("failregex", located, compileFailregex(located.text, { ...options, multiline: several, prefregexGroups })) ??
      [],
  );
  const ignoreregex = jail.filter.ignoreregex.flatMap(
    (located) => take("ignoreregex", located, compileTagged(located.text, options)) ?? [],
  );
  if (jail.filter.failregex.length === 0) problems.push(noFailregex(jail));
  if (problems.length > 0) return { filter: undefined, problems };

  const filter: JailFilter = {
    jail,
    prefregex,
    narrowing: prefregex === undefined ? undefined : createNarrowing(prefregex),
    failregex,
    ignoreregex,
    ignoresFirst: ignoreregex.length > 0 && ignoreregex.length < failregex.length - 2,
    literals: literalsOf(prefregex, failregex, canCut),
    span: several ? "lines" : [prefregex, ...failregex].some(namesSession) ? "session" : "line",
  };
  return { filter, problems };
}

function namesSession(regex: CompiledRegex | undefined): boolean {
  return regex?.groupNames.includes("mlfid") === true;
}

/** The groups that a prefregex lends to the failregexes; of one that is no regex nothing is known, so it lends an id. */
function groupsOf(compilation: Compilation): readonly string[] {
  switch (compilation.kind) {
    case "ok":
      return compilation.regex.groupNames;
    case "unsupported":
      return [...compilation.tree.groupNames.keys()];
    case "error":
      return ["fid"];
  }
}

/** A line that a failregex matches has the prefregex's literals and its own. */
function literalsOf(
  prefregex: CompiledRegex | undefined,
  failregex: readonly CompiledRegex[],
  canCut: CanCut,
): JailLiterals {
  const before = prefregex === undefined ? [] : requiredLiterals(prefregex.tree);
  return failregex.map((regex) =>
    [...requiredLiterals(regex.tree), ...before].flatMap((choice) => uncut(choice, canCut) ?? []),
  );
}

/** The regexes see the line without its date; the raw line still holds the longest piece that no cut can split. */
function uncut(choice: LiteralChoice, canCut: CanCut): LiteralChoice | undefined {
  const anyOf = choice.anyOf.map((literal) =>
    survivesCut(literal, canCut).reduce((longest, piece) => (piece.length > longest.length ? piece : longest), ""),
  );
  return anyOf.includes("") ? undefined : { ...choice, anyOf };
}

type Refusal = Exclude<Compilation, { readonly kind: "ok" }>;

function toProblem(jail: JailConfig, kind: string, { text, place }: Located, compilation: Refusal): Problem {
  const base = { severity: "error", jail: jail.name, place } as const;
  switch (compilation.kind) {
    case "unsupported": {
      const features = compilation.features.map(
        ({ feature, position, reason }) => `${feature} at ${position}: ${reason}`,
      );
      return {
        ...base,
        code: "unsupported-regex",
        message: `${kind} is too large for every engine that takes linear time (${features.join("; ")}): ${text}`,
        next: "Split it into several regexes, one a line; the other jails go on.",
      };
    }
    case "error":
      return {
        ...base,
        code: compilation.code === "no-id-group" ? "no-id-group" : "bad-regex",
        message: `${kind}: ${compilation.message}: ${text}`,
        next:
          compilation.code === "no-id-group"
            ? "Mark the address with <HOST>."
            : `See position ${compilation.position}.`,
      };
  }
}

function noFailregex(jail: JailConfig): Problem {
  return {
    code: "no-failregex",
    severity: "error",
    jail: jail.name,
    place: jail.place,
    message: `filter ${jail.filter.name} has no failregex`,
    next: "Add a failregex to the filter or to the jail.",
  };
}
