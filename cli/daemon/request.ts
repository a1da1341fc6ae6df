/** What a client may ask the daemon for; parsed once, where the socket ends, so that inside there are no maybes. */
import type { ListShape } from "../../shared/core/report/answer.ts";
import { isJailOption } from "../../shared/core/report/jail-option.ts";
import type { CommonRequest } from "../answer/request.ts";

export type DaemonRequest =
  | CommonRequest
  | { readonly kind: "ping" }
  | { readonly kind: "version" }
  | { readonly kind: "reload" }
  | { readonly kind: "stop" };

/** The request that a socket message means, or undefined where it means none (another version's client, or noise). */
export function parseRequest(kind: string, options: Readonly<Record<string, unknown>>): DaemonRequest | undefined {
  const jail = typeof options.jail === "string" ? options.jail : undefined;
  const ids = texts(options.ids);
  const entries = texts(options.entries);
  const actor = typeof options.actor === "string" ? options.actor : "unknown";
  const immune = typeof options.immune === "number" && options.immune > 0 ? { immune: options.immune } : {};
  switch (kind as DaemonRequest["kind"]) {
    case "ping":
    case "version":
    case "status":
    case "all-status":
    case "banned":
    case "reload":
    case "stop":
      return { kind } as DaemonRequest;
    case "jail-status":
      return jail === undefined ? undefined : { kind: "jail-status", jail };
    case "banned-where":
      return ids && { kind: "banned-where", ids };
    case "accounts":
      return ids && { kind: "accounts", ids };
    case "ban-list":
    case "held-list": {
      const shape = parseShape(options.shape);
      return jail === undefined || shape === undefined ? undefined : ({ kind, jail, shape } as DaemonRequest);
    }
    case "option": {
      const { option } = options;
      if (jail === undefined || typeof option !== "string" || !isJailOption(option)) return undefined;
      return { kind: "option", jail, option };
    }
    case "ban":
      return jail === undefined || ids === undefined ? undefined : { kind: "ban", jail, ids, actor };
    case "unban":
      if (jail === undefined || ids === undefined) return undefined;
      return { kind: "unban", jail, ids, reportAbsent: options.reportAbsent === true, ...immune };
    case "unban-all":
      return { kind: "unban-all", ...immune };
    case "idle": {
      const { idle } = options;
      return jail === undefined || typeof idle !== "boolean" ? undefined : { kind: "idle", jail, idle, actor };
    }
    case "release": {
      const { verdict } = options;
      if (jail === undefined || (verdict !== "ban" && verdict !== "let-go")) return undefined;
      return { kind: "release", jail, verdict };
    }
    case "unban-everywhere":
      return ids && { kind: "unban-everywhere", ids, ...immune };
    case "ignore":
      return jail === undefined || entries === undefined ? undefined : { kind: "ignore", jail, entries, actor };
    case "unignore":
      return jail === undefined || entries === undefined ? undefined : { kind: "unignore", jail, entries, actor };
  }
  return undefined;
}

function texts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((each) => typeof each === "string") ? value : undefined;
}

function parseShape(value: unknown): ListShape | undefined {
  if (typeof value !== "object" || value === null || !("kind" in value)) return undefined;
  if (value.kind === "with-time") return { kind: "with-time" };
  if (value.kind !== "ids" || !("separator" in value) || typeof value.separator !== "string") return undefined;
  return { kind: "ids", separator: value.separator };
}
