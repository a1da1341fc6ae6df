/**
 * `regex -o FORMAT`: one line per failure and nothing else, for scripts.
 *
 * `row` is a Python literal, as fail2ban-regex prints it: ['192.0.2.7',\t1795368959.0,\t{'ip4': '192.0.2.7', …}],
 */
import type { Told } from "../filter/told-groups.ts";
import { pythonFloat, pythonRepr } from "./python-text.ts";

export interface FoundFailure {
  readonly id: string;
  /** The id where it is an address; a `<F-ID>` need not be one. */
  readonly ip: string | undefined;
  /** Epoch ms; undefined where neither the line nor one before it has a date. */
  readonly at: number | undefined;
  /** The date named its zone, or one is configured: Fail2Ban's time is then a whole number, printed without ".0". */
  readonly zoned: boolean;
  readonly groups: Told;
  /** The lines that made it up. */
  readonly lines: readonly string[];
}

/** The line for one failure, or with `msg` a line for each of its lines; `format` is row, id, ip, msg, the name of a group, or a text with `<tags>`. */
export function formatFailure(failure: FoundFailure, format: string): string {
  switch (format) {
    case "id":
    case "fid":
      return failure.id;
    case "ip":
      return failure.ip ?? failure.id;
    case "msg":
      return failure.lines.join("\n");
    case "row":
      return `[${pythonRepr(failure.id)},\t${timeOf(failure)},\t${pythonRepr(failure.groups)}],`;
    default: {
      if (format.includes("<msg>")) return failure.lines.map((line) => fillTags(format, failure, line)).join("\n");
      if (format.includes("<")) return fillTags(format, failure, failure.lines.join("\n"));
      const value = failure.groups.get(format) ?? null;
      return typeof value === "string" ? value : pythonRepr(value);
    }
  }
}

function timeOf({ at, zoned }: FoundFailure): string {
  if (at === undefined) return "None";
  return zoned ? String(at / 1000) : pythonFloat(at / 1000);
}

/** Tags are filled once and not again inside what they brought, so a log line cannot name a tag. */
function fillTags(format: string, failure: FoundFailure, message: string): string {
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
        return message;
      case "family":
        return (failure.ip ?? failure.id).includes(":") ? "inet6" : "inet4";
      case "failures":
        return "0";
      default: {
        if (!name.startsWith("F-")) return tag;
        const value = failure.groups.get(name.slice(2).toLowerCase()) ?? "";
        return typeof value === "string" ? value : pythonRepr(value);
      }
    }
  });
}
