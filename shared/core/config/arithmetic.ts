/**
 * Arithmetic from a configuration file, without `eval`.
 *
 * Fail2Ban evaluates durations, `bantime.factor` and `bantime.formula` as Python. This reads the part of Python that such
 * values are made of (numbers, operators, comparisons, `a if c else b`, a few functions) into a tree of closures, so that
 * a formula is parsed once and computed once per ban. Time and memory are bounded by the length of the text, which is
 * limited; a number that grows out of hand is an error.
 */

import { CONSTANTS, FUNCTIONS } from "./arithmetic-functions.ts";
import type { Token } from "./arithmetic-tokens.ts";
import { isOperator, SyntaxFault, tokenise } from "./arithmetic-tokens.ts";
import { nearest } from "./nearest.ts";
import type { PythonNumber } from "./python-number.ts";
import { BINARY, NumberFault, toFloat, truth, UNARY } from "./python-number.ts";

/** Values of the names in an expression ("ban.Time": 600). Whole numbers are ints, others floats. */
export type ArithmeticVariables = Readonly<Record<string, number>>;

/** A parsed expression; may be evaluated any number of times. */
export interface Arithmetic {
  readonly kind: "arithmetic";
  evaluate(variables?: ArithmeticVariables): ArithmeticValue | NoResult;
}

/** A finite result. */
export interface ArithmeticValue {
  readonly kind: "value";
  readonly value: number;
}

/** Why these numbers have no result: division by zero, too large, not finite. */
export interface NoResult {
  readonly kind: "no-result";
  readonly message: string;
}

/** Why a text is no expression; `position` counts its characters from 0. */
export interface ArithmeticError {
  readonly kind: "arithmetic-error";
  readonly message: string;
  readonly position: number;
}

type Scope = (name: string) => PythonNumber | undefined;
type Node = (scope: Scope) => PythonNumber;

/** What an expression may be long, and how deep its parentheses may go. */
const MAX_LENGTH = 1000;
const MAX_DEPTH = 90;

/** Binary operators that associate to the left, from the loosest to the tightest. */
const LEVELS: readonly (readonly string[])[] = [["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "/", "//", "%"]];
const COMPARISONS = ["<", "<=", ">", ">=", "==", "!="];

/** Parses an expression in which only `names` (and Python's `math`, min, max …) may occur. */
export function parseArithmetic(text: string, names: readonly string[] = []): Arithmetic | ArithmeticError {
  try {
    if (text.length > MAX_LENGTH) throw new SyntaxFault(`is longer than ${MAX_LENGTH} characters`, MAX_LENGTH);
    const node = parse(tokenise(text), names);
    return { kind: "arithmetic", evaluate: (variables = {}) => evaluate(node, variables) };
  } catch (error) {
    // The text is wrong: say so, with the place. Anything else is a defect of ours and goes on.
    if (!(error instanceof SyntaxFault)) throw error;
    return { kind: "arithmetic-error", message: error.message, position: error.position };
  }
}

function evaluate(node: Node, variables: ArithmeticVariables): ArithmeticValue | NoResult {
  try {
    const value = toFloat(node((name) => numberOf(variables, name)));
    if (Number.isFinite(value)) return { kind: "value", value };
    return { kind: "no-result", message: "the result is not a finite number" };
  } catch (error) {
    // These numbers have no result: the caller decides what that means. Anything else is a defect of ours.
    if (!(error instanceof NumberFault)) throw error;
    return { kind: "no-result", message: error.message };
  }
}

function numberOf(variables: ArithmeticVariables, name: string): PythonNumber | undefined {
  if (!Object.hasOwn(variables, name)) return undefined;
  const value = variables[name]!;
  return Number.isInteger(value) ? BigInt(value) : value;
}

function parse(tokens: readonly Token[], names: readonly string[]): Node {
  let next = 0;
  let depth = 0;
  const current = (): Token => tokens[next]!;
  const take = (): Token => tokens[next++]!;
  const at = (text: string) => isOperator(current(), text);
  const accept = (text: string) => at(text) && take() !== undefined;
  const expect = (text: string) => {
    if (!accept(text)) throw unexpected(current(), `expected ${JSON.stringify(text)}`);
  };
  /** Every way down passes here, so that no text can exhaust the stack. */
  const nested = (read: () => Node): Node => {
    if (++depth > MAX_DEPTH) throw new SyntaxFault("is nested too deeply", current().position);
    const node = read();
    depth--;
    return node;
  };

  const expression = (): Node =>
    nested(() => {
      const value = or();
      if (!accept("if")) return value;
      const condition = or();
      expect("else");
      const otherwise = expression();
      return (scope) => (isTrue(condition(scope)) ? value(scope) : otherwise(scope));
    });
  const or = (): Node => {
    let left = and();
    while (accept("or")) {
      const [before, right] = [left, and()];
      left = (scope) => {
        const value = before(scope);
        return isTrue(value) ? value : right(scope);
      };
    }
    return left;
  };
  const and = (): Node => {
    let left = not();
    while (accept("and")) {
      const [before, right] = [left, not()];
      left = (scope) => {
        const value = before(scope);
        return isTrue(value) ? right(scope) : value;
      };
    }
    return left;
  };
  const not = (): Node => {
    if (!accept("not")) return comparison();
    const operand = nested(not);
    return (scope) => truth(!isTrue(operand(scope)));
  };
  /** `a < b < c` is `a < b and b < c`. */
  const comparison = (): Node => {
    const first = binary(0);
    const rest: { operator: string; operand: Node }[] = [];
    while (COMPARISONS.some(at)) rest.push({ operator: take().text, operand: binary(0) });
    if (rest.length === 0) return first;
    return (scope) => {
      let left = first(scope);
      for (const { operator, operand } of rest) {
        const right = operand(scope);
        if (!isTrue(BINARY[operator]!(left, right))) return truth(false);
        left = right;
      }
      return truth(true);
    };
  };
  const binary = (level: number): Node => {
    const operators = LEVELS[level];
    if (operators === undefined) return unary();
    let left = binary(level + 1);
    while (operators.some(at)) {
      const apply = BINARY[take().text]!;
      const [before, right] = [left, binary(level + 1)];
      left = (scope) => apply(before(scope), right(scope));
    }
    return left;
  };
  const unary = (): Node => {
    const apply = current().kind === "operator" ? UNARY[current().text] : undefined;
    if (apply === undefined) return raised();
    take();
    const operand = nested(unary);
    return (scope) => apply(operand(scope));
  };
  /** `**` binds tighter than a sign on its left, looser than one on its right. */
  const raised = (): Node => {
    const base = atom();
    if (!accept("**")) return base;
    const exponent = nested(unary);
    return (scope) => BINARY["**"]!(base(scope), exponent(scope));
  };
  const atom = (): Node => {
    const token = take();
    if (token.kind === "number") return () => token.value;
    if (token.kind === "name") return at("(") ? call(token) : name(token);
    if (!isOperator(token, "(")) throw unexpected(token, "expected a number");
    const inner = expression();
    expect(")");
    return inner;
  };
  const name = (token: Token): Node => {
    const constant = CONSTANTS.get(token.text);
    if (constant !== undefined) return () => constant;
    if (!names.includes(token.text)) throw unknown(token, [...names, ...CONSTANTS.keys()]);
    return (scope) => scope(token.text) ?? noValue(token.text);
  };
  const call = (token: Token): Node => {
    const apply = FUNCTIONS.get(token.text);
    if (apply === undefined) throw unknown(token, FUNCTIONS.keys());
    expect("(");
    const operands: Node[] = [];
    while (!at(")")) {
      operands.push(expression());
      if (!accept(",")) break;
    }
    expect(")");
    if (operands.length < apply.least || operands.length > apply.most) {
      throw new SyntaxFault(`${token.text} takes ${apply.least} to ${apply.most} arguments`, token.position);
    }
    return (scope) => apply.compute(operands.map((operand) => operand(scope)));
  };

  const result = expression();
  if (current().kind !== "end") throw unexpected(current(), "expected an operator");
  return result;
}

function isTrue(value: PythonNumber): boolean {
  return value !== 0 && value !== 0n;
}

function noValue(name: string): never {
  throw new NumberFault(`${name} has no value here`);
}

function unexpected(token: Token, wanted: string): SyntaxFault {
  const found = token.kind === "end" ? "the end" : JSON.stringify(token.text);
  return new SyntaxFault(`${wanted}, found ${found}`, token.position);
}

function unknown(token: Token, known: Iterable<string>): SyntaxFault {
  const meant = nearest(token.text, known);
  const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
  return new SyntaxFault(`${JSON.stringify(token.text)} is not known here${hint}`, token.position);
}
