/**
 * Python 3.11's `re` syntax for `str` patterns, read into a tree.
 *
 * A real parser and not a rewriting of text, because the differences to other dialects hide in places that only a parser
 * sees: `{,3}` repeats and `{x}` does not, `[]…]` holds a bracket, `(?i:…)` ends with its group, `\1` may be octal.
 * Patterns come from configuration files, never from log lines.
 */
import { Cursor } from "./cursor.ts";
import { type Flags, NO_FLAGS, skipLayout, takeFlags } from "./flags.ts";
import { categoryOf, isOctal, octal, takeCharacterEscape, takeClass, takeDigits } from "./parse-class.ts";
import { takeBounds } from "./parse-repeat.ts";
import type { RegexErrorCode } from "./syntax-error.ts";
import type { Anchor, Place, Regex, RegexNode } from "./tree.ts";
import { type Width, widthOf } from "./width.ts";

/** Parses a pattern; `flags` are those given beside it (re.MULTILINE …). Throws RegexSyntaxError for what Python refuses. */
export function parseRegex(pattern: string, flags: Partial<Flags> = {}): Regex {
  return new Parser(pattern, { ...NO_FLAGS, ...flags }).parse();
}

const ESCAPED_PLACES: Record<string, Place> = {
  "\\A": "start",
  "\\Z": "very-end",
  "\\b": "boundary",
  "\\B": "not-boundary",
};

const GROUP_NAME = /^[\p{XID_Start}_]\p{XID_Continue}*$/u;
const FLAG_LETTERS = /^[aiLmstux-]$/;

/** Groups in one another: with 500 Python itself runs out of stack. */
const MAX_DEPTH = 400;

class Parser {
  readonly #cursor: Cursor;
  readonly #names = new Map<string, number>();
  readonly #widths = new Map<number, Width>();
  /** Conditionals may look at groups that open later: they are checked at the end. */
  readonly #awaited: { group: number; position: number }[] = [];
  /** What `(?:…)` closed off: `(?:a*)*` is fine where `a**` is not. */
  readonly #closed = new WeakSet<RegexNode>();
  #flags: Flags;
  #groupCount = 0;
  #depth = 0;
  /** While inside look-behind: how many groups had been opened before it began. */
  #lookbehindFrom: number | undefined;

  constructor(pattern: string, flags: Flags) {
    this.#cursor = new Cursor(pattern);
    this.#flags = flags;
  }

  parse(): Regex {
    const root = this.#alternation(this.#flags, true);
    if (this.#cursor.next !== undefined) this.#fail("unbalanced-parenthesis", "a parenthesis closes nothing");
    const missing = this.#awaited.find(({ group }) => group > this.#groupCount);
    if (missing !== undefined) {
      this.#fail("invalid-group-reference", `there is no group ${missing.group}`, missing.position);
    }
    return { pattern: this.#cursor.pattern, root, groupCount: this.#groupCount, groupNames: this.#names };
  }

  #alternation(flags: Flags, top = false): RegexNode {
    const position = this.#cursor.position;
    const branches = [this.#sequence(flags, top)];
    while (this.#cursor.accept("|")) branches.push(this.#sequence(top ? this.#flags : flags));
    return branches.length === 1 ? branches[0]! : { kind: "alternation", position, branches };
  }

  /** One branch. Flags for the whole pattern may only open the very first one. */
  #sequence(initial: Flags, mayOpen = false): RegexNode {
    const position = this.#cursor.position;
    const items: RegexNode[] = [];
    let flags = initial;
    for (;;) {
      const next = this.#cursor.next;
      if (next === undefined || next === "|" || next === ")") break;
      if (flags.verbose && skipLayout(this.#cursor)) continue;
      if (this.#repeats(items)) continue;
      const start = this.#cursor.position;
      const node = this.#element(flags);
      if (node === "comment") continue;
      if (node !== "flags") items.push(node);
      else if (!mayOpen || items.length > 0) this.#fail("misplaced-flags", "global flags must come first", start);
      else flags = this.#flags;
    }
    return items.length === 1 ? items[0]! : { kind: "sequence", position, items };
  }

  /** Reads `* + ? {n,m}` with `?` or `+` after it, and puts it around the last item; false where nothing of that stands next. */
  #repeats(items: RegexNode[]): boolean {
    const position = this.#cursor.position;
    const bounds = takeBounds(this.#cursor);
    if (bounds === undefined) return false;
    const body = items.pop();
    if (body === undefined || body.kind === "anchor") {
      return this.#fail("nothing-to-repeat", "there is nothing to repeat", position);
    }
    if (body.kind === "repeat" && !this.#closed.has(body)) {
      return this.#fail("multiple-repeat", "a repetition cannot be repeated", position);
    }
    const mode = this.#cursor.accept("?") ? "lazy" : this.#cursor.accept("+") ? "possessive" : "greedy";
    items.push({ kind: "repeat", position: body.position, ...bounds, mode, body });
    return true;
  }

  #element(flags: Flags): RegexNode | "comment" | "flags" {
    const cursor = this.#cursor;
    const position = cursor.position;
    const token = cursor.take()!;
    switch (token) {
      case ".":
        return { kind: "any", position, dotAll: flags.dotAll };
      case "^":
        return anchor(position, flags.multiline ? "line-start" : "start");
      case "$":
        return anchor(position, flags.multiline ? "line-end" : "end");
      case "[":
        return takeClass(cursor, flags, position);
      case "(":
        return this.#parenthesis(flags, position);
    }
    if (token.startsWith("\\")) return this.#escape(token, flags, position);
    return literal(token.codePointAt(0)!, flags, position);
  }

  #escape(token: string, flags: Flags, position: number): RegexNode {
    const place = ESCAPED_PLACES[token];
    if (place !== undefined) return { kind: "anchor", position, place, ascii: flags.ascii };
    const category = categoryOf(token);
    const { ignoreCase, ascii } = flags;
    if (category !== undefined)
      return { kind: "class", position, negated: false, items: [category], ignoreCase, ascii };
    if (!/^\\[1-9]$/.test(token)) return literal(takeCharacterEscape(this.#cursor, token, position), flags, position);
    // One or two digits are a group, three octal ones a character.
    let digits = token.slice(1) + takeDigits(this.#cursor, 1);
    if (digits.length === 2 && isOctal(digits) && isOctal(this.#cursor.next ?? "x")) {
      digits += this.#cursor.take();
      return literal(octal(this.#cursor, digits, position), flags, position);
    }
    return this.#backreference(Number(digits), flags, position);
  }

  #backreference(group: number, flags: Flags, position: number): RegexNode {
    if (group > this.#groupCount) this.#fail("invalid-group-reference", `there is no group ${group}`, position);
    if (!this.#widths.has(group)) this.#fail("open-group", `group ${group} is still open`, position);
    this.#checkLookbehind(group, position);
    return { kind: "backreference", position, group, ignoreCase: flags.ignoreCase, ascii: flags.ascii };
  }

  #checkLookbehind(group: number, position: number): void {
    if (this.#lookbehindFrom === undefined) return;
    if (!this.#widths.has(group)) this.#fail("open-group", `group ${group} is still open`, position);
    if (group <= this.#lookbehindFrom) return;
    this.#fail("lookbehind-group", `group ${group} stands in the same look-behind`, position);
  }

  #parenthesis(flags: Flags, position: number): RegexNode | "comment" | "flags" {
    const cursor = this.#cursor;
    if (!cursor.accept("?")) return this.#group(undefined, flags, position);
    const next = cursor.next;
    if (next !== undefined && FLAG_LETTERS.test(next)) {
      const change = takeFlags(cursor, flags);
      if (change.scope === "part") return this.#plain(change.flags, position);
      this.#flags = change.flags;
      return "flags";
    }
    switch (cursor.take()) {
      case undefined:
        return this.#fail("unexpected-end", "the pattern ends inside a group");
      case ":":
        return this.#plain(flags, position);
      case ">":
        return { kind: "atomic", position, body: this.#body(flags, position) };
      case "=":
        return { kind: "look", position, direction: "ahead", negated: false, body: this.#body(flags, position) };
      case "!":
        return { kind: "look", position, direction: "ahead", negated: true, body: this.#body(flags, position) };
      case "<":
        return this.#lookbehind(flags, position);
      case "(":
        return this.#conditional(flags, position);
      case "#":
        return this.#comment(position);
      case "P":
        return this.#pythonGroup(flags, position);
    }
    return this.#fail("unknown-extension", `a group cannot begin with "(?${next}"`, position);
  }

  #body(flags: Flags, position: number): RegexNode {
    this.#descend(position);
    const body = this.#alternation(flags);
    if (!this.#cursor.accept(")")) this.#fail("unterminated-group", "a group is not closed", position);
    this.#depth -= 1;
    return body;
  }

  #descend(position: number): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.#fail("nested-too-deep", `over ${MAX_DEPTH} groups are nested`, position);
  }

  /** `(?:…)`: nothing but its content is left in the tree, marked so that it may be repeated like any other item. */
  #plain(flags: Flags, position: number): RegexNode {
    const body = this.#body(flags, position);
    if (body.kind === "anchor") return { kind: "sequence", position, items: [body] };
    this.#closed.add(body);
    return body;
  }

  #group(name: string | undefined, flags: Flags, position: number): RegexNode {
    this.#groupCount += 1;
    const index = this.#groupCount;
    if (name !== undefined) {
      if (this.#names.has(name)) this.#fail("duplicate-group", `two groups are called "${name}"`, position);
      this.#names.set(name, index);
    }
    const body = this.#body(flags, position);
    this.#widths.set(index, widthOf(body, this.#widths));
    return { kind: "group", position, index, name, body };
  }

  #pythonGroup(flags: Flags, position: number): RegexNode {
    const cursor = this.#cursor;
    if (cursor.accept("<")) return this.#group(this.#name(cursor.takeUntil(">"), position), flags, position);
    if (!cursor.accept("=")) return this.#fail("unknown-extension", "(?P must go on with < or =", position);
    const name = this.#name(cursor.takeUntil(")"), position);
    return this.#backreference(this.#groupCalled(name, position), flags, position);
  }

  #name(name: string, position: number): string {
    if (GROUP_NAME.test(name)) return name;
    return this.#fail("bad-group-name", `"${name}" cannot be the name of a group`, position);
  }

  #groupCalled(name: string, position: number): number {
    return this.#names.get(name) ?? this.#fail("unknown-group", `no group is called "${name}"`, position);
  }

  #lookbehind(flags: Flags, position: number): RegexNode {
    const sign = this.#cursor.take();
    if (sign !== "=" && sign !== "!") return this.#fail("unknown-extension", "(?< must go on with = or !", position);
    const outer = this.#lookbehindFrom;
    this.#lookbehindFrom ??= this.#groupCount;
    const body = this.#body(flags, position);
    this.#lookbehindFrom = outer;
    const { min, max } = widthOf(body, this.#widths);
    if (min !== max) this.#fail("variable-lookbehind", "look-behind must have one fixed width", position);
    return { kind: "look", position, direction: "behind", negated: sign === "!", body };
  }

  #conditional(flags: Flags, position: number): RegexNode {
    const name = this.#cursor.takeUntil(")");
    let group: number;
    if (/^\d+$/.test(name)) {
      group = Number(name);
      if (group === 0) this.#fail("invalid-group-reference", "group 0 is no condition", position);
      this.#awaited.push({ group, position });
    } else {
      group = this.#groupCalled(this.#name(name, position), position);
    }
    this.#checkLookbehind(group, position);
    this.#descend(position);
    const matched = this.#sequence(flags);
    const unmatched: RegexNode = this.#cursor.accept("|")
      ? this.#sequence(flags)
      : { kind: "sequence", position: this.#cursor.position, items: [] };
    if (this.#cursor.next === "|") this.#fail("conditional-branches", "a conditional has at most two branches");
    if (!this.#cursor.accept(")")) this.#fail("unterminated-group", "a group is not closed", position);
    this.#depth -= 1;
    return { kind: "conditional", position, group, matched, unmatched };
  }

  #comment(position: number): "comment" {
    for (;;) {
      const token = this.#cursor.take();
      if (token === undefined) this.#fail("unterminated-comment", "a comment is not closed", position);
      if (token === ")") return "comment";
    }
  }

  #fail(code: RegexErrorCode, explanation: string, position = this.#cursor.position): never {
    return this.#cursor.fail(code, position, explanation);
  }
}

function anchor(position: number, place: Place): Anchor {
  return { kind: "anchor", position, place, ascii: false };
}

function literal(code: number, flags: Flags, position: number): RegexNode {
  return { kind: "literal", position, code, ignoreCase: flags.ignoreCase, ascii: flags.ascii };
}
