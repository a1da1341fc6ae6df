/**
 * An entry of systemd's journal as JSON, and the line that Fail2Ban makes of it: "host identifier[pid]: message".
 *
 * The same fields come from `journalctl -o json` and, under "body", from the CloudWatch agent's journald collection. A
 * value is text, a list of bytes where it is no UTF-8, or a list of values where a field was set more than once.
 */

export interface JournalEntry {
  /** Every value of a field. */
  values(field: string): readonly string[];
  /** One line, whatever the message holds. */
  readonly line: string;
  /** When it was written, epoch ms; undefined where the entry does not say. */
  readonly at: number | undefined;
  /** Where it stands in its host's journal; undefined where the exporter leaves it out. */
  readonly cursor: string | undefined;
}

/** Reads one JSON text; undefined where it is no entry. */
export function parseJournalEntry(json: string): JournalEntry | undefined {
  if (!json.startsWith("{")) return undefined;
  const fields = fieldsOf(parse(json));
  if (fields === undefined) return undefined;
  const values = (field: string): readonly string[] => textsOf(fields[field]);
  const first = (...names: readonly string[]): string | undefined =>
    names.map((name) => values(name)[0]).find((text) => text !== undefined && text !== "");
  return {
    values,
    line: lineOf(values("MESSAGE").join(" "), first),
    at: milliseconds(first("_SOURCE_REALTIME_TIMESTAMP") ?? first("__REALTIME_TIMESTAMP")),
    cursor: first("__CURSOR"),
  };
}

function lineOf(message: string, first: (...names: readonly string[]) => string | undefined): string {
  const identifier = first("SYSLOG_IDENTIFIER", "_COMM");
  const pid = first("SYSLOG_PID", "_PID");
  const words = [first("_HOSTNAME")];
  if (identifier !== undefined) {
    const origin = `${identifier}${pid === undefined ? "" : `[${pid}]`}:`;
    words.push(origin);
    if (origin === "kernel:") words.push(uptime(first("_SOURCE_MONOTONIC_TIMESTAMP", "__MONOTONIC_TIMESTAMP")));
  }
  const text = [...words.filter((word) => word !== undefined), message].join(" ");
  return text.replaceAll("\n", "\\n");
}

/** "[   12.345678]", as the kernel writes its own lines. */
function uptime(microseconds: string | undefined): string {
  return `[${(Number(microseconds ?? 0) / 1e6).toFixed(6).padStart(12)}]`;
}

/** In microseconds; what is written later cannot be kept as a time. */
const LAST_MOMENT = 1e18;

function milliseconds(microseconds: string | undefined): number | undefined {
  const value = Number(microseconds ?? Number.NaN);
  return value >= 0 && value < LAST_MOMENT ? Math.floor(value / 1_000) : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** The fields, of an agent's record those of its body; an entry has a message and says at least something of its origin. */
function fieldsOf(value: unknown): Fields | undefined {
  if (!isRecord(value)) return undefined;
  const fields = isRecord(value.body) ? value.body : value;
  if (!("MESSAGE" in fields)) return undefined;
  return Object.keys(fields).some((name) => /^(?:_|SYSLOG_)/.test(name)) ? fields : undefined;
}

/** A list of numbers is one value, as bytes; any other list has several, none of which is such a list again. */
function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) && value.some((part) => typeof part !== "number") ? value.flatMap(textOf) : textOf(value);
}

function textOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) {
    const isBytes = value.every((part) => typeof part === "number");
    return isBytes ? [new TextDecoder().decode(Uint8Array.from(value as number[]))] : [];
  }
  switch (typeof value) {
    case "string":
      return [value];
    case "number":
    case "boolean":
      return [String(value)];
    default:
      // Absent, or null: a field too long for whoever exported it.
      return [];
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // No JSON is no entry: the text is a line of another kind.
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
