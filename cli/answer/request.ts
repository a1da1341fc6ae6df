/**
 * What people ask of whatever keeps the bans, be it the daemon of one machine or a deployed stack; what only a daemon can
 * be asked is in daemon/request.ts.
 */
import type { ListShape } from "../../shared/core/report/answer.ts";
import type { JailOption } from "../../shared/core/report/jail-option.ts";
import { formatDuration } from "../../shared/core/report/time-text.ts";

/** Asks, and changes nothing. */
export type Question =
  | { readonly kind: "status" }
  | { readonly kind: "jail-status"; readonly jail: string }
  | { readonly kind: "all-status" }
  | { readonly kind: "banned" }
  | { readonly kind: "banned-where"; readonly ids: readonly string[] }
  | { readonly kind: "accounts"; readonly ids: readonly string[] }
  | { readonly kind: "ban-list" | "held-list"; readonly jail: string; readonly shape: ListShape }
  | { readonly kind: "option"; readonly jail: string; readonly option: JailOption };

/** Makes an id immune for so many ms after an unban; undefined = it may be banned again at once. */
type Immune = { readonly immune?: number };

/** Changes something; whoever did it is remembered. */
export type Change =
  | { readonly kind: "ban"; readonly jail: string; readonly ids: readonly string[]; readonly actor: string }
  | ({
      readonly kind: "unban";
      readonly jail: string;
      readonly ids: readonly string[];
      readonly reportAbsent: boolean;
    } & Immune)
  | ({ readonly kind: "unban-everywhere"; readonly ids: readonly string[] } & Immune)
  | ({ readonly kind: "unban-all" } & Immune)
  | { readonly kind: "ignore"; readonly jail: string; readonly entries: readonly string[]; readonly actor: string }
  | { readonly kind: "unignore"; readonly jail: string; readonly entries: readonly string[]; readonly actor: string }
  | { readonly kind: "idle"; readonly jail: string; readonly idle: boolean; readonly actor: string }
  | { readonly kind: "release"; readonly jail: string; readonly verdict: "ban" | "let-go" };

export type CommonRequest = Question | Change;

export function isChange(request: CommonRequest): request is Change {
  switch (request.kind) {
    case "status":
    case "jail-status":
    case "all-status":
    case "banned":
    case "banned-where":
    case "accounts":
    case "ban-list":
    case "held-list":
    case "option":
      return false;
    case "ban":
    case "unban":
    case "unban-everywhere":
    case "unban-all":
    case "ignore":
    case "unignore":
    case "idle":
    case "release":
      return true;
  }
}

/** The change as a person types it, without the program's name: "set web unbanip 192.0.2.7". */
export function commandOf(change: Change): string {
  switch (change.kind) {
    case "ban":
      return `set ${change.jail} banip ${change.ids.join(" ")}`;
    case "unban":
      return `set ${change.jail} unbanip ${[...immuneWords(change), ...change.ids].join(" ")}`;
    case "unban-everywhere":
      return `unban ${[...immuneWords(change), ...change.ids].join(" ")}`;
    case "unban-all":
      return ["unban", ...immuneWords(change), "--all"].join(" ");
    case "ignore":
      return `set ${change.jail} addignoreip ${change.entries.join(" ")}`;
    case "unignore":
      return `set ${change.jail} delignoreip ${change.entries.join(" ")}`;
    case "idle":
      return `set ${change.jail} idle ${change.idle ? "on" : "off"}`;
    case "release":
      return `set ${change.jail} held ${change.verdict}`;
  }
}

function immuneWords({ immune }: Immune): string[] {
  return immune === undefined ? [] : ["--immune", formatDuration(immune).replaceAll(" ", "")];
}
