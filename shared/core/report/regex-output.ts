/**
 * `regex -o FORMAT`: one line per failure and nothing else, for scripts.
 *
 * `row` is a Python literal, as fail2ban-regex prints it: ['192.0.2.7',\t1795368959.0,\t{'ip4': '192.0.2.7', …}],
 */
import { type PythonValue, pythonFloat, pythonRepr } from "./python-text.ts";

export interface FoundFailure {
  readonly id: string;
  /** The id where it is an address; a `<F-ID>` need not be one. */
  readonly ip: string | undefined;
  /** Epoch ms; undefined where the line has no date. */
  readonly at: number | undefined;
  /** The date named its zone, or one is configured: Fail2Ban's time is then a whole number, printed without ".0". */
  readonly zoned: boolean;
  /** The named groups of the regex in its own order; null = did not take part. */
  readonly groups: ReadonlyMap<string, string | null>;
  readonly line: string;
}

/** The line for one failure; `format` is row, id, ip, msg, the name of a group, or a text with `<tags>`. */
export function formatFailure(failure: FoundFailure, format: string): string {
  switch (format) {
    case "id":
    case "fid":
      return failure.id;
    case "ip":
      return failure.ip ?? failure.id;
    case "msg":
      return failure.line;
    case "row": {
      const groups: ReadonlyMap<string, PythonValue> = failure.groups;
      return `[${pythonRepr(failure.id)},\t${timeOf(failure)},\t${pythonRepr(groups)}],`;
    }
    default:
      return format.includes("<") ? fillTags(format, failure) : (failure.groups.get(format) ?? "None");
  }
}

function timeOf({ at, zoned }: FoundFailure): string {
  if (at === undefined) return "None";
  return zoned ? String(at / 1000) : pythonFloat(at / 1000);
}

/** Tags are filled once and not again inside what they brought, so a log line cannot name a tag. */
function fillTags(format: string, failure: FoundFailure): string {
  return format.replace(/<([\w-]+)>/g, (tag, name: string) => {
    switch (name) {
      case "ip":
        return failure.ip ?? failure.id;
      case "fid":
        return failure.id;
      case "time":
        return timeOf(failure);
      case "msg":
      case "matches":
        return failure.line;
      case "family":
        return (failure.ip ?? failure.id).includes(":") ? "inet6" : "inet4";
      case "failures":
        return "0";
      default:
        return name.startsWith("F-") ? (failure.groups.get(name.slice(2).toLowerCase()) ?? "") : tag;
    }
  });
}
