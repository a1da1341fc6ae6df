/** Changes of ban rows become what people see: the ban log, and mail by each jail's own mail actions. */
import type { Ban, BanChange } from "../core/ban.ts";
import { beginsBan, happeningsOf } from "../core/ban-log.ts";
import type { JailRules } from "../core/detect/policy.ts";
import type { BanLog } from "../ports/ban-log.ts";
import type { MailAction, Notice, Notifier } from "../ports/notifier.ts";
import { stands } from "./show-status.ts";

type RulesByJail = ReadonlyMap<string, JailRules>;

/** Writes what the changes mean to the ban log, as of `now` (epoch ms). */
export async function logChanges(
  changes: readonly BanChange[],
  now: number,
  { banLog, rules }: { readonly banLog: BanLog; readonly rules: RulesByJail },
): Promise<void> {
  const happenings = changes.flatMap((change) =>
    happeningsOf(change, rules.get(change.ban.jail)?.bantime.increment !== undefined),
  );
  await banLog.write(happenings, now);
}

/**
 * Tells people of the bans that began and still stand at `now` (epoch ms); returns how many notices that were. Throws
 * where the notifier does. Whoever does more than this does it first: a repetition is what people would see twice.
 */
export async function notifyOfChanges(
  changes: readonly BanChange[],
  now: number,
  { notifier, rules }: { readonly notifier: Notifier; readonly rules: RulesByJail },
): Promise<number> {
  const begun = changes.filter((change) => beginsBan(change) && stands(change.ban, now));
  const notices = begun.flatMap(({ ban }) => noticesFor(ban, rules));
  if (notices.length > 0) await notifier.notify(notices);
  return notices.length;
}

function noticesFor(ban: Ban, rules: RulesByJail): readonly Notice[] {
  const actions = rules.get(ban.jail)?.config.actions ?? [];
  return actions.filter((action): action is MailAction => action.kind === "mail").map((action) => ({ action, ban }));
}
