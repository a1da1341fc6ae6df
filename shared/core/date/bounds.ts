/**
 * Where in a line a date may begin and end, read from the edges of a datepattern's text.
 *
 * Unless the pattern says otherwise (`^`, `$`, `**`, `\b` or `\s` at an edge, `{UNB}`), a date begins and ends at a word
 * bound: "12025-01-02" holds no date. Fail2Ban decides this on the text of the regex and not on its structure, and so do
 * we, or patterns that people have would change their meaning.
 */

/** "line": at most two characters that are no word characters may come before, at the begin of the line. */
export type BeginBound = "line" | "word" | "none";
export type EndBound = "word" | "none";

/** A regex that has a group 1, and its bounds. */
export interface BoundRegex {
  /** Python's syntax, without the bounds; group 1 is what is cut out of the line. */
  readonly regex: string;
  readonly begin: BeginBound;
  readonly end: EndBound;
  /** Whether it can match at one place only, the line's begin or end: such a template wins over all that come after it. */
  readonly anchored: boolean;
}

const GLOBAL_FLAGS = /\(\?[a-z]+\)/;
const OPEN_AT_BEGIN = /^\(*(?:\(\?\w+\))?(?:(?:\((?:\?:)?)?\^|\(*\*\*)/;
const OPEN_AT_END = /(?<!\\)(?:\$\)?|\\b|\\s|\*\*\)*)$/;
const OWN_GROUP = /(?<!\(\?)(?<!\\)\((?!\?)/;
const LINE_BEGIN = /^(?:\(\?\w+\))?(?:\((?:\?:)?)?\^/;
const BEGIN_OR_ELSE = /^(?:\(\?\w+\))?\((?:\?:)?\^\|/;
const LINE_END = /(?<![\\|])\$\)?$/;
const NO_BOUND_MARKS = /^(\(*(?:\(\?\w+\))?\(*)\*\*|(?<!\\)\*\*(\)*)$/g;

/** Reads the bounds off `text`, a regex whose date words are already replaced; `begin` and `end` are asked for from outside. */
export function boundRegex(text: string, begin: BeginBound, end: EndBound): BoundRegex {
  const flags = GLOBAL_FLAGS.exec(text)?.[0] ?? "";
  const bare = text.replace(flags, "");
  const bounds = {
    begin: OPEN_AT_BEGIN.test(bare) ? ("none" as const) : begin,
    end: OPEN_AT_END.test(bare) ? ("none" as const) : end,
  };
  const grouped = OWN_GROUP.test(bare) ? bare : withGroup(bare);
  const atBegin = bounds.begin === "line" || (bounds.begin === "none" && beginsLine(grouped));
  const atEnd = bounds.end === "none" && LINE_END.test(grouped);
  return { ...bounds, regex: flags + grouped.replace(NO_BOUND_MARKS, "$1$2"), anchored: atBegin || atEnd };
}

/** Whether the first thing in the regex is `^`, and not as one of several alternatives. */
function beginsLine(regex: string): boolean {
  return LINE_BEGIN.test(regex) && !BEGIN_OR_ELSE.test(regex);
}

/** Puts everything but a `^` before and a `$` after it into a group. */
function withGroup(regex: string): string {
  const [, head, body, tail] = /^((?:\(\?\w+\))?\^?(?:\(\?\w+\))?)(.*?)(\$?)$/s.exec(regex)!;
  return `${head}(${body})${tail}`;
}
