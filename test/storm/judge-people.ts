/**
 * What people asked for and what they were told. Each broken rule is a sentence.
 *
 * - What a person asks is done: who is banned by hand has a ban as long as asked for, and nobody is let go before the end
 *   of a ban but by a person.
 * - What a breaker holds back waits for a person, and not for ever.
 * - Nobody gets the same mail twice; docs/limits.md names the exceptions, which the storm leaves out.
 */
import { keyText } from "../../shared/core/detect/key.ts";
import { concerns, type Evidence } from "./judge-decisions.ts";

export function judgePeople({ story, tables, log }: Evidence): readonly string[] {
  const broken: string[] = [];
  const changes = tables.stream.flat();
  for (const { change } of changes) {
    if (change.kind !== "lifted" || change.reason !== "manual") continue;
    const asked = story.requests.some((request) => request.kind === "unban" && concerns(request, change.ban));
    if (!asked) broken.push(`${keyText(change.ban)} was let go before its end, and nobody asked`);
  }
  const mails = new Map<string, number>();
  for (const mail of log.mails) mails.set(mail, (mails.get(mail) ?? 0) + 1);
  for (const [mail, count] of mails) if (count > 1) broken.push(`people got ${count} times: ${mail.split("\n")[0]}`);
  for (const request of story.requests) {
    const { kind, jail, id, bantime } = request;
    const done = log.done.get(request);
    if (done === undefined) {
      broken.push(`${kind} of ${id} in ${jail} was never done`);
      continue;
    }
    if (kind !== "ban") continue;
    const end = done.askedAt + (bantime ?? 0);
    const isBanned = changes.some(
      ({ change, writtenAt }) =>
        change.kind !== "lifted" &&
        concerns(request, change.ban) &&
        writtenAt <= done.doneAt &&
        (change.ban.expiresAt ?? Number.POSITIVE_INFINITY) >= end,
    );
    if (!isBanned) broken.push(`${id} was banned by hand, and has no ban until ${end}`);
  }
  for (const [key, held] of tables.holds) {
    if (tables.breakers.get(held.jail)?.state.kind === "tripped") continue;
    // Whoever held it may have died before it saw that it need not. Then the ban was made when the batch came again, or
    // somebody had let it go, and there was nothing left to decide.
    const isMade = changes.some(({ change }) => keyText(change.ban) === key && change.ban.since === held.since);
    const isLetGo = story.requests.some(
      (request) =>
        request.kind === "let-go" && request.jail === held.jail && (log.done.get(request)?.doneAt ?? 0) >= held.since,
    );
    if (!isMade && !isLetGo) broken.push(`${key} is held, and nobody will ever look`);
  }
  return broken;
}
