/**
 * What the daemon answers, as data: the socket and `--json` carry it as it is, and `formatAnswer` puts it into the
 * words of fail2ban-client. So the text can never know more than the JSON.
 */
import { type Account, formatAccounts } from "./account.ts";
import { type BanEntry, formatBanList, formatBanTimes } from "./ban-list.ts";
import { type BannedIn, formatBanned, formatBannedWhere } from "./banned-list.ts";
import type { JailFigures } from "./jail-figures.ts";
import { formatIgnored, formatOption, type JailOption, type OptionValue } from "./jail-option.ts";
import { formatRefusal, type Refusal } from "./refusal.ts";
import { formatAllStatus, formatJailStatus, formatStatus } from "./status-tree.ts";
import type { ZoneOffset } from "./time-text.ts";

export type Answer =
  | { readonly kind: "pong" }
  | { readonly kind: "version"; readonly version: string }
  | { readonly kind: "status"; readonly jails: readonly string[] }
  | { readonly kind: "jail-status"; readonly jail: JailFigures }
  | { readonly kind: "all-status"; readonly jails: readonly JailFigures[] }
  | { readonly kind: "banned"; readonly jails: readonly BannedIn[] }
  | {
      readonly kind: "banned-where";
      readonly ids: readonly { readonly id: string; readonly jails: readonly string[] }[];
    }
  | {
      readonly kind: "ban-list" | "held-list";
      readonly jail: string;
      readonly bans: readonly BanEntry[];
      readonly shape: ListShape;
    }
  | { readonly kind: "accounts"; readonly ids: readonly Account[] }
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "ignored"; readonly jail: string; readonly entries: readonly string[] }
  | { readonly kind: "option"; readonly jail: string; readonly option: JailOption; readonly value: OptionValue }
  | { readonly kind: "idle"; readonly jail: string; readonly idle: boolean }
  | { readonly kind: "reloaded"; readonly jails: readonly string[] }
  | { readonly kind: "stopping" }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** How `get JAIL banip` is to be printed. */
export type ListShape = { readonly kind: "ids"; readonly separator: string } | { readonly kind: "with-time" };

/** The text for people and for scripts written for fail2ban-client; no newline at the end. */
export function formatAnswer(answer: Answer, zone: ZoneOffset): string {
  switch (answer.kind) {
    case "pong":
      return "Server replied: pong";
    case "version":
      return answer.version;
    case "status":
      return formatStatus(answer.jails);
    case "jail-status":
      return formatJailStatus(answer.jail);
    case "all-status":
      return formatAllStatus(answer.jails);
    case "banned":
      return formatBanned(answer.jails);
    case "banned-where":
      return formatBannedWhere(answer.ids.map((each) => each.jails));
    case "ban-list":
    case "held-list":
      return answer.shape.kind === "with-time"
        ? formatBanTimes(answer.bans, zone)
        : formatBanList(answer.bans, answer.shape.separator);
    case "accounts":
      return formatAccounts(answer.ids, zone);
    case "count":
      return String(answer.count);
    case "ignored":
      return formatIgnored(answer.entries);
    case "option":
      return formatOption(answer.jail, answer.option, answer.value);
    case "idle":
      return answer.idle ? "True" : "False";
    case "reloaded":
      return "OK";
    case "stopping":
      return "Shutdown successful";
    case "refused":
      return formatRefusal(answer.refusal);
  }
}

/** 0 for an answer, 255 for a refused command, as fail2ban-client exits. */
export function exitCodeOf(answer: Answer): 0 | 255 {
  return answer.kind === "refused" ? 255 : 0;
}
