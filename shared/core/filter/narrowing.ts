/**
 * A prefregex at work: what the failregexes see of a line.
 *
 * Nearly every prefregex ends in "the rest of the line is the content". Then the groups before it say all, and the rest,
 * which a client may have written and made long, is sliced off rather than matched: `^head(.+)$` chooses its head as
 * `^head(.)` does, because a line has no line feed but its last.
 */
import { type CompiledRegex, compileRegex } from "../regex/compile.ts";
import { mergeGroups } from "../regex/host-tags.ts";
import type { RegexNode } from "../regex/tree.ts";
import type { Groups } from "./suspect.ts";

/** What the failregexes see of a line, "\n" at its end, and the groups that the prefregex found. */
export interface Narrowed {
  readonly content: string;
  readonly groups: Groups;
}

/** Undefined where the prefregex does not match. `cut` has no "\n" but at its end. */
export type Narrowing = (cut: string) => Narrowed | undefined;

export function createNarrowing(prefregex: CompiledRegex): Narrowing {
  const head = headOf(prefregex);
  return (cut) => {
    const match = (head ?? prefregex).exec(cut);
    if (match === undefined) return undefined;
    const { content, ...groups } = mergeGroups(match.groups);
    if (!content) return { content: cut, groups };
    return { content: head === undefined ? `${content}\n` : cut.slice(match.end - content.length), groups };
  };
}

/** The prefregex with only the first character of a content that is the rest of the line; undefined where it is not. */
function headOf({ source, tree }: CompiledRegex): CompiledRegex | undefined {
  const content = tree.root.kind === "sequence" ? restOfLine(tree.root.items) : undefined;
  if (content === undefined) return undefined;
  const before = [...source].slice(0, content.position).join("");
  const compiled = compileRegex(`${before}(?P<content>.)`);
  return compiled.kind === "ok" ? compiled.regex : undefined;
}

/** The last group, if it is `(?P<content>.+)` and nothing but `$` follows. */
function restOfLine(items: readonly RegexNode[]): RegexNode | undefined {
  // A prefregex of flags alone has no item.
  const last = items.at(-1);
  const ends = last?.kind === "anchor" && last.place === "end";
  const group = ends ? items.at(-2) : last;
  if (group?.kind !== "group" || group.name !== "content" || group.body.kind !== "repeat") return undefined;
  const { min, max, mode, body } = group.body;
  const isRest =
    min === 1 && max === Number.POSITIVE_INFINITY && mode === "greedy" && body.kind === "any" && !body.dotAll;
  return isRest ? group : undefined;
}
