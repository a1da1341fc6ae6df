/** The functions and constants that an arithmetic expression may use: Python's built-in ones and those of `math`. */
import type { PythonNumber } from "./python-number.ts";
import { BINARY, checkedFloat, fault, roundHalfEven, toFloat, toWhole } from "./python-number.ts";

export interface ArithmeticFunction {
  /** How many arguments it takes. */
  readonly least: number;
  readonly most: number;
  readonly compute: (values: readonly PythonNumber[]) => PythonNumber;
}

/** By the name that the expression uses. */
export const FUNCTIONS: ReadonlyMap<string, ArithmeticFunction> = new Map([
  ["min", many((a, b) => (b < a ? b : a))],
  ["max", many((a, b) => (b > a ? b : a))],
  ["int", one(toWhole)],
  ["float", one(toFloat)],
  ["abs", one((value) => (value < 0 || Object.is(value, -0) ? -value : value))],
  ["round", { least: 1, most: 2, compute: round }],
  ["bool", one((value) => (value !== 0 && value !== 0n ? 1n : 0n))],
  ["pow", { least: 2, most: 2, compute: ([base, exponent]) => BINARY["**"]!(base!, exponent!) }],
  ["math.pow", { least: 2, most: 2, compute: ([base, exponent]) => BINARY["**"]!(toFloat(base!), toFloat(exponent!)) }],
  ["math.exp", math(Math.exp)],
  ["math.sqrt", math(Math.sqrt)],
  ["math.log", { least: 1, most: 2, compute: log }],
  ["math.log2", math((x) => (x > 0 ? Math.log2(x) : Number.NaN))],
  ["math.log10", math((x) => (x > 0 ? Math.log10(x) : Number.NaN))],
  ["math.log1p", math((x) => (x > -1 ? Math.log1p(x) : Number.NaN))],
  ["math.floor", one((value) => toWhole(typeof value === "number" ? Math.floor(value) : value))],
  ["math.ceil", one((value) => toWhole(typeof value === "number" ? Math.ceil(value) : value))],
  ["math.trunc", one(toWhole)],
  ["math.fabs", math(Math.abs)],
]);

/** Names with a fixed value. */
export const CONSTANTS: ReadonlyMap<string, PythonNumber> = new Map<string, PythonNumber>([
  ["True", 1n],
  ["False", 0n],
  ["math.pi", Math.PI],
  ["math.e", Math.E],
]);

function one(compute: (value: PythonNumber) => PythonNumber): ArithmeticFunction {
  return { least: 1, most: 1, compute: ([value]) => compute(value!) };
}

function math(compute: (value: number) => number): ArithmeticFunction {
  return one((value) => checkedFloat(compute(toFloat(value)), toFloat(value)));
}

function many(choose: (left: PythonNumber, right: PythonNumber) => PythonNumber): ArithmeticFunction {
  return { least: 2, most: 100, compute: (values) => values.reduce((left, right) => choose(left, right)) };
}

function log([value, base]: readonly PythonNumber[]): PythonNumber {
  if (value === undefined || value <= 0 || (base !== undefined && base <= 0))
    return fault("log needs a positive number");
  if (base === undefined) return Math.log(toFloat(value));
  const divisor = Math.log(toFloat(base));
  return divisor === 0 ? fault("division by zero") : Math.log(toFloat(value)) / divisor;
}

/** `round(x)` is a whole number; `round(x, n)` a float with n decimals. */
function round([value, digits]: readonly PythonNumber[]): PythonNumber {
  if (value === undefined) return fault("round needs a number");
  if (digits === undefined) return roundHalfEven(value);
  if (typeof digits !== "bigint" || digits < 0n || digits > 15n) return fault("round takes 0 to 15 decimals");
  if (typeof value === "bigint") return value;
  return Math.abs(value) < 1e21 ? roundDecimals(value, Number(digits)) : value;
}

/** `toFixed` is exact but rounds a half up, where Python takes the even neighbour. */
function roundDecimals(value: number, digits: number): number {
  const exact = Math.abs(value).toFixed(digits + 40);
  const kept = exact.slice(0, exact.length - 40);
  const half = /^50*$/.test(exact.slice(-40)) && /[02468]\.?$/.test(kept);
  return Number(half ? kept : Math.abs(value).toFixed(digits)) * (value < 0 ? -1 : 1);
}
