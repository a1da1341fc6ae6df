/**
 * Attribute values: how rows are written, and how they are read back without trusting what somebody else may have put
 * there.
 *
 * A row is read by its structure alone, so that the same code reads what the SDK returns and what a stream delivers to
 * a Lambda (there, bytes are base64 text).
 */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/** A row as it is written. */
export type Row = Record<string, AttributeValue>;

/** An attribute as it is read, from wherever it came. */
export interface FoundAttribute {
  readonly S?: string | undefined;
  readonly N?: string | undefined;
  readonly B?: Uint8Array | string | undefined;
  readonly L?: readonly FoundAttribute[] | undefined;
}

/** A row as it is read. */
export type FoundRow = Readonly<Record<string, FoundAttribute | undefined>>;

export function text(value: string): AttributeValue {
  return { S: value };
}

export function number(value: number): AttributeValue {
  return { N: String(value) };
}

export function texts(values: readonly string[]): AttributeValue {
  return { L: values.map(text) };
}

export function bytes(value: Uint8Array): AttributeValue {
  return { B: value };
}

/** The text of an attribute; undefined where it is absent or no text. */
export function textOf(row: FoundRow, name: string): string | undefined {
  return isText(row[name]?.S) ? row[name].S : undefined;
}

/** The number of an attribute; undefined where it is absent, no number or not finite. */
export function numberOf(row: FoundRow, name: string): number | undefined {
  const digits = row[name]?.N;
  const value = isText(digits) && digits.trim() !== "" ? Number(digits) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** The texts of a list; undefined where it is absent or holds anything else. */
export function textsOf(row: FoundRow, name: string): readonly string[] | undefined {
  const list: unknown = row[name]?.L;
  if (!Array.isArray(list)) return undefined;
  const found = list.map((each: FoundAttribute | null) => each?.S);
  return found.every(isText) ? found : undefined;
}

/** What a stream's record holds is typed by nobody. */
function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** The bytes of an attribute; undefined where it is absent or no bytes. */
export function bytesOf(row: FoundRow, name: string): Uint8Array | undefined {
  const value = row[name]?.B;
  return typeof value === "string" ? Buffer.from(value, "base64") : value;
}

/** The TTL attribute: whole seconds, never before the moment itself (epoch ms); no attribute where the row stays. */
export function ttl(at: number | undefined): Row {
  return at === undefined ? {} : { ttl: number(Math.ceil(at / 1000)) };
}

/** An attribute where there is a value, none where there is none. */
export function optional(name: string, value: AttributeValue | undefined): Row {
  return value === undefined ? {} : { [name]: value };
}
