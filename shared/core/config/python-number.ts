/**
 * Numbers as Python computes with them: whole numbers of any size (up to a limit that ends `9**9**9` at once), floats,
 * floor division and remainder that follow the divisor's sign, rounding half to even. A comparison gives 1 or 0.
 */

/** A Python int is a bigint here, a Python float a number. */
export type PythonNumber = bigint | number;

/** Why a computation has no result: division by zero, too large, not defined for these numbers. */
export class NumberFault extends Error {}

/** Whole numbers may have this many bits: far above any duration, far below what takes time. */
const MAX_BITS = 4096;

type Binary = (left: PythonNumber, right: PythonNumber) => PythonNumber;

/** Python's binary operators. Each throws a NumberFault where Python raises, or where the result is no real number. */
export const BINARY: Readonly<Record<string, Binary>> = {
  "+": onBoth(
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  "-": onBoth(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  "*": onBoth(
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  "/": trueDivide,
  "//": (left, right) => divideAndRemainder(left, right)[0],
  "%": (left, right) => divideAndRemainder(left, right)[1],
  "**": power,
  "<<": onWhole("<<", (a, b) => (shiftFits(a, b) ? a << b : tooLarge())),
  ">>": onWhole(">>", (a, b) => (b < 0n ? fault("negative shift count") : a >> b)),
  "&": onWhole("&", (a, b) => a & b),
  "^": onWhole("^", (a, b) => a ^ b),
  "|": onWhole("|", (a, b) => a | b),
  "<": (a, b) => truth(a < b),
  "<=": (a, b) => truth(a <= b),
  ">": (a, b) => truth(a > b),
  ">=": (a, b) => truth(a >= b),
  // biome-ignore lint/suspicious/noDoubleEquals: an int equals a float of the same value, and === compares types
  "==": (a, b) => truth(a == b),
  // biome-ignore lint/suspicious/noDoubleEquals: as above
  "!=": (a, b) => truth(a != b),
};

/** Python's unary operators. */
export const UNARY: Readonly<Record<string, (value: PythonNumber) => PythonNumber>> = {
  "-": (value) => -value,
  "+": (value) => value,
  "~": (value) => (typeof value === "bigint" ? ~value : fault("~ needs a whole number")),
};

export function truth(value: boolean): PythonNumber {
  return value ? 1n : 0n;
}

/** As a float; throws where it is too large for one. */
export function toFloat(value: PythonNumber): number {
  if (typeof value === "number") return value;
  const result = Number(value);
  return Number.isFinite(result) ? result : fault("the number is too large");
}

/** `int(x)`: towards zero. */
export function toWhole(value: PythonNumber): bigint {
  if (typeof value === "bigint") return value;
  if (!Number.isFinite(value)) return fault(`${value} is no whole number`);
  return BigInt(Math.trunc(value));
}

/** `round(x)`: to the nearest whole number, a half to the even one. */
export function roundHalfEven(value: PythonNumber): bigint {
  if (typeof value === "bigint") return value;
  if (!Number.isFinite(value)) return fault(`${value} cannot be rounded`);
  const floor = Math.floor(value);
  const rest = value - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return BigInt(up ? floor + 1 : floor);
}

/** A float result that Python would have raised for: no number, or an infinity made from finite ones. */
export function checkedFloat(result: number, ...inputs: readonly number[]): number {
  if (Number.isNaN(result)) return fault("the result is no real number");
  if (!Number.isFinite(result) && inputs.every(Number.isFinite)) return tooLarge();
  return result;
}

export function fault(message: string): never {
  throw new NumberFault(message);
}

function tooLarge(): never {
  return fault("the result is too large");
}

function onBoth(whole: (a: bigint, b: bigint) => bigint, float: (a: number, b: number) => number): Binary {
  return (left, right) => {
    if (typeof left === "bigint" && typeof right === "bigint") return limited(whole(left, right));
    return float(toFloat(left), toFloat(right));
  };
}

function onWhole(name: string, whole: (a: bigint, b: bigint) => bigint): Binary {
  return (left, right) => {
    if (typeof left === "bigint" && typeof right === "bigint") return limited(whole(left, right));
    return fault(`${name} needs whole numbers`);
  };
}

function limited(value: bigint): bigint {
  return bitsOf(value) > MAX_BITS ? tooLarge() : value;
}

function bitsOf(value: bigint): number {
  return (value < 0n ? -value : value).toString(2).length;
}

function shiftFits(value: bigint, by: bigint): boolean {
  if (by < 0n) return fault("negative shift count");
  return value === 0n ? by < BigInt(MAX_BITS) : BigInt(bitsOf(value)) + by <= BigInt(MAX_BITS);
}

function trueDivide(left: PythonNumber, right: PythonNumber): PythonNumber {
  // biome-ignore lint/suspicious/noDoubleEquals: 0 of either type
  if (right == 0) return fault("division by zero");
  if (typeof left === "number" || typeof right === "number") return toFloat(left) / toFloat(right);
  if (Number.isSafeInteger(Number(left)) && Number.isSafeInteger(Number(right))) return Number(left) / Number(right);
  return divideLarge(left, right);
}

/** Correctly rounded, as Python's: 66 or more bits of the quotient, the last one set where anything follows. */
function divideLarge(left: bigint, right: bigint): number {
  const shift = Math.max(0, 70 + bitsOf(right) - bitsOf(left));
  const scaled = left << BigInt(shift);
  const quotient = scaled / right;
  const sticky = quotient * right === scaled ? 0n : 1n;
  const result = toFloat(quotient | sticky);
  return result / 2 ** (shift - (shift >> 1)) / 2 ** (shift >> 1);
}

function divideAndRemainder(left: PythonNumber, right: PythonNumber): [PythonNumber, PythonNumber] {
  // biome-ignore lint/suspicious/noDoubleEquals: 0 of either type
  if (right == 0) return fault("division by zero");
  if (typeof left === "bigint" && typeof right === "bigint") {
    const rest = left % right;
    const crossed = rest !== 0n && rest < 0n !== right < 0n;
    return crossed ? [left / right - 1n, rest + right] : [left / right, rest];
  }
  const a = toFloat(left);
  const b = toFloat(right);
  let rest = a % b;
  let quotient = (a - rest) / b;
  if (rest === 0) rest = b < 0 ? -0 : 0;
  else if (rest < 0 !== b < 0) {
    rest += b;
    quotient -= 1;
  }
  const floor = Math.floor(quotient);
  return [quotient - floor > 0.5 ? floor + 1 : floor, rest];
}

function power(base: PythonNumber, exponent: PythonNumber): PythonNumber {
  if (typeof base === "bigint" && typeof exponent === "bigint" && exponent >= 0n) {
    const small = base >= -1n && base <= 1n;
    if (!small && BigInt(bitsOf(base) - 1) * exponent > BigInt(MAX_BITS)) return tooLarge();
    return limited(small ? unitPower(base, exponent) : base ** exponent);
  }
  // Exactly rounded, as a C library does it; the engine's own power is a bit off at times.
  if (typeof base === "bigint" && typeof exponent === "bigint" && base !== 0n && exponent > -64n) {
    return trueDivide(1n, power(base, -exponent));
  }
  const a = toFloat(base);
  const b = toFloat(exponent);
  if (a === 0 && b < 0) return fault("division by zero");
  // Python's 1.0 ** nan and (-1) ** inf are 1; JavaScript's are not numbers.
  if (a === 1 || (a === -1 && !Number.isFinite(b) && !Number.isNaN(b))) return 1;
  return checkedFloat(a ** b, a, b);
}

function unitPower(base: bigint, exponent: bigint): bigint {
  if (exponent === 0n || base === 1n) return 1n;
  return base === 0n ? 0n : exponent % 2n === 0n ? 1n : -1n;
}
