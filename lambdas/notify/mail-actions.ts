/** The mail actions of a ruleset's jails; nothing else of it matters to who tells people. */
import type { CompiledRuleset } from "../../shared/contract/ruleset.ts";
import type { MailAction } from "../../shared/ports/notifier.ts";

/** By jail; jails without any are absent. */
export function mailActionsOf({ jails }: CompiledRuleset): ReadonlyMap<string, readonly MailAction[]> {
  const actions = jails.map(({ name, actions }): [string, MailAction[]] => [
    name,
    actions.filter((action): action is MailAction => action.kind === "mail"),
  ]);
  return new Map(actions.filter(([, mails]) => mails.length > 0));
}
