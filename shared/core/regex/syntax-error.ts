/** What Python's `re` refuses, as a closed set of codes with the place in the pattern. */

export type RegexErrorCode =
  | "bad-escape"
  | "bad-flags"
  | "bad-group-name"
  | "bad-range"
  | "conditional-branches"
  | "duplicate-group"
  | "invalid-group-reference"
  | "lookbehind-group"
  | "min-above-max"
  | "misplaced-flags"
  | "missing-group-name"
  | "multiple-repeat"
  | "named-character"
  | "nested-too-deep"
  | "nothing-to-repeat"
  | "octal-range"
  | "open-group"
  | "repeat-too-large"
  | "unbalanced-parenthesis"
  | "unexpected-end"
  | "unknown-extension"
  | "unknown-group"
  | "unterminated-class"
  | "unterminated-comment"
  | "unterminated-group"
  | "variable-lookbehind";

/** Thrown by `parseRegex`. `position` counts code points from 0, as Python's `re.error.pos` does. */
export class RegexSyntaxError extends Error {
  readonly code: RegexErrorCode;
  readonly pattern: string;
  readonly position: number;

  constructor(code: RegexErrorCode, pattern: string, position: number, explanation: string) {
    super(`${explanation} at position ${position}`);
    this.name = "RegexSyntaxError";
    this.code = code;
    this.pattern = pattern;
    this.position = position;
  }
}
