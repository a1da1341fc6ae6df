/** The words of an arithmetic expression: numbers, names (with dots), operators, as Python writes them. */
import type { PythonNumber } from "./python-number.ts";

export type Token =
  | { readonly kind: "number"; readonly text: string; readonly position: number; readonly value: PythonNumber }
  | { readonly kind: "name"; readonly text: string; readonly position: number }
  | { readonly kind: "operator"; readonly text: string; readonly position: number }
  | { readonly kind: "end"; readonly text: string; readonly position: number };

/** A text that is no expression, and where it stops being one. */
export class SyntaxFault extends Error {
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

const KEYWORDS = new Set(["if", "else", "and", "or", "not"]);
// A comment ends a line, as in Python: "600 # ten minutes" is 600.
const BLANK = /(?:[ \t\f]|#[^\n]*)*/y;
const ANY_BLANK = /(?:\s|#[^\n]*)*/y;
const WORD = /[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/y;
const NUMBER = /0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*)?\.?\d[\d_]*\.?(?:[eE][+-]?\d[\d_]*)?/y;
const WHOLE = /^(?:0(?:_?0)*|[1-9](?:_?\d)*|0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+)$/;
const FLOAT = /^(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?$/;
const OPERATOR = /\*\*|\/\/|<<|>>|<=|>=|==|!=|[-+*/%<>&|^~(),]/y;

/** Splits an expression into tokens, the last one of kind "end"; throws a SyntaxFault. */
export function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  let parentheses = 0;
  let position = 0;
  const read = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position;
    return pattern.exec(text)?.[0];
  };
  const skip = (pattern: RegExp) => {
    position += read(pattern)?.length ?? 0;
  };
  skip(ANY_BLANK);
  for (;;) {
    skip(parentheses > 0 ? ANY_BLANK : BLANK);
    if (text[position] === "\n") {
      skip(ANY_BLANK);
      if (position < text.length) throw new SyntaxFault("goes on after its line", position);
    }
    if (position === text.length) break;
    const word = read(WORD);
    const number = word === undefined ? read(NUMBER) : undefined;
    const operator = number === undefined && word === undefined ? read(OPERATOR) : undefined;
    const found = word ?? number ?? operator;
    if (found === undefined) throw new SyntaxFault(`cannot read ${JSON.stringify(text[position])}`, position);
    if (word !== undefined) tokens.push({ kind: KEYWORDS.has(word) ? "operator" : "name", text: word, position });
    else if (number !== undefined) tokens.push(numberToken(number, position));
    else tokens.push({ kind: "operator", text: found, position });
    if (found === "(") parentheses++;
    if (found === ")") parentheses--;
    position += found.length;
  }
  tokens.push({ kind: "end", text: "", position: text.length });
  return tokens;
}

/** Whether the token is this operator or keyword. */
export function isOperator(token: Token, text: string): boolean {
  return token.kind === "operator" && token.text === text;
}

function numberToken(text: string, position: number): Token {
  const plain = text.replaceAll("_", "");
  if (WHOLE.test(text)) return { kind: "number", text, position, value: BigInt(plain) };
  if (FLOAT.test(text) && /[.eE]/.test(text)) return { kind: "number", text, position, value: Number(plain) };
  throw new SyntaxFault(`${JSON.stringify(text)} is no number`, position);
}
