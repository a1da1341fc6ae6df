/**
 * The pattern as tokens. A token is one code point, or a backslash with the code point after it, so that no part of the
 * parser ever looks at half an escape.
 */
import { type RegexErrorCode, RegexSyntaxError } from "./syntax-error.ts";

/** Reads a pattern token by token; positions count code points. */
export class Cursor {
  readonly pattern: string;
  readonly #tokens: readonly string[];
  readonly #starts: readonly number[];
  #at = 0;

  constructor(pattern: string) {
    this.pattern = pattern;
    const points = Array.from(pattern);
    const tokens: string[] = [];
    const starts: number[] = [];
    for (let at = 0; at < points.length; at += 1) {
      starts.push(at);
      if (points[at] !== "\\") {
        tokens.push(points[at]!);
        continue;
      }
      at += 1;
      if (at === points.length) {
        throw new RegexSyntaxError("bad-escape", pattern, at - 1, "the pattern ends in a lone backslash");
      }
      tokens.push(`\\${points[at]}`);
    }
    starts.push(points.length);
    this.#tokens = tokens;
    this.#starts = starts;
  }

  /** The token that comes next, undefined at the end. */
  get next(): string | undefined {
    return this.#tokens[this.#at];
  }

  /** Where the next token begins. */
  get position(): number {
    return this.#starts[this.#at]!;
  }

  /** Takes the next token. */
  take(): string | undefined {
    const token = this.next;
    if (token !== undefined) this.#at += 1;
    return token;
  }

  /** Takes the next token if it is `token`. */
  accept(token: string): boolean {
    if (this.next !== token) return false;
    this.#at += 1;
    return true;
  }

  /** Takes at most `limit` tokens that are each a character of `characters`. */
  takeWhile(characters: string, limit = Number.POSITIVE_INFINITY): string {
    let taken = "";
    while (taken.length < limit && this.next !== undefined && characters.includes(this.next)) taken += this.take();
    return taken;
  }

  /** A place to come back to with `rewind`. */
  mark(): number {
    return this.#at;
  }

  rewind(mark: number): void {
    this.#at = mark;
  }

  /** Takes the tokens up to `end`, which is taken and left out. */
  takeUntil(end: string): string {
    const start = this.position;
    let text = "";
    for (;;) {
      const token = this.take();
      if (token === undefined) this.fail("missing-group-name", start, `a name has no ending "${end}"`);
      if (token === end) break;
      text += token;
    }
    if (text === "") this.fail("missing-group-name", start, "a name is empty");
    return text;
  }

  fail(code: RegexErrorCode, position: number, explanation: string): never {
    throw new RegexSyntaxError(code, this.pattern, position, explanation);
  }
}
