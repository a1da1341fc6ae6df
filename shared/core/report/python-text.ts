/**
 * Values as Python's `repr` writes them: `banned` and `regex -o row` print Python literals, and people parse them with
 * `ast.literal_eval`.
 */
export type PythonValue =
  | string
  | number
  | boolean
  | null
  | { readonly float: number }
  | readonly PythonValue[]
  | ReadonlySet<string>
  | ReadonlyMap<string, PythonValue>;

/** `repr(value)`; a Map is a dict in its own order, `{ float }` a number that keeps its ".0", null is None; a Set is sorted. */
export function pythonRepr(value: PythonValue): string {
  if (value === null) return "None";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value);
  if (value instanceof Map) {
    const entries = [...value].map(([key, entry]) => `${quoted(key)}: ${pythonRepr(entry)}`);
    return `{${entries.join(", ")}}`;
  }
  // Python prints a set in an order that differs from run to run.
  if (value instanceof Set) return value.size === 0 ? "set()" : `{${[...value].sort().map(pythonRepr).join(", ")}}`;
  if ("float" in value) return pythonFloat(value.float);
  return `[${(value as readonly PythonValue[]).map(pythonRepr).join(", ")}]`;
}

/** A number as Python prints a float: 5 is "5.0". */
export function pythonFloat(value: number): string {
  const text = String(value);
  return Number.isInteger(value) && !text.includes("e") ? `${text}.0` : text;
}

const SHORT_ESCAPES: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
// What Python's str.isprintable refuses: every "other" and "separator" character but the space.
const UNPRINTABLE = /[\p{C}\p{Z}\\]/gu;

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(UNPRINTABLE, (character) =>
    character === " " ? character : (SHORT_ESCAPES[character] ?? codeEscape(character.codePointAt(0) ?? 0)),
  );
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

function codeEscape(code: number): string {
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  if (code <= 0xffff) return `\\u${hex.padStart(4, "0")}`;
  return `\\U${hex.padStart(8, "0")}`;
}
