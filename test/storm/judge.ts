/** What must be true of every story, however bad the weather: each broken rule is a sentence. */
import type { Ban } from "../../shared/core/ban.ts";
import { beginsBan } from "../../shared/core/ban-log.ts";
import { keyText } from "../../shared/core/detect/key.ts";
import { hostKey } from "../../shared/core/firewall/encode.ts";
import type { Log } from "./functions.ts";
import type { Hosts } from "./hosts.ts";
import { isIgnored, MINUTE, RULES, type Story } from "./story.ts";
import type { Tables } from "./tables.ts";

export interface Evidence {
  readonly story: Story;
  readonly tables: Tables;
  readonly hosts: Hosts;
  readonly log: Log;
  /** Whether failures came again in other company: totals know a payload, not its parts. */
  readonly regrouped: boolean;
}

/**
 * Every ban that began, in the order in which rows were written. One whose writer died before it noted it may be written
 * once more, to the letter: that is the same ban.
 */
function begunBans({ stream }: Tables): readonly { readonly ban: Ban; readonly writtenAt: number }[] {
  const begun = new Map<string, { readonly ban: Ban; readonly writtenAt: number }>();
  for (const { change, writtenAt } of stream.flat()) {
    const { ban } = change;
    const name = `${keyText(ban)} ${ban.generation} ${ban.since}`;
    if (beginsBan(change) && !begun.has(name)) begun.set(name, { ban, writtenAt });
  }
  return [...begun.values()];
}

/**
 * Failures before this belong to the ban: all until its end. What somebody let go settles nothing by itself; the command
 * that did it may still be under way.
 */
function endOf(ban: Ban, { stream }: Tables): number {
  const lifted = stream.flat().some(({ change }) => {
    const same = keyText(change.ban) === keyText(ban) && change.ban.generation === ban.generation;
    return same && change.kind === "lifted" && change.reason === "manual";
  });
  return lifted ? Number.NEGATIVE_INFINITY : (ban.expiresAt ?? Number.POSITIVE_INFINITY);
}

/** Bans, counts and mails: asked once everything is over. */
export function judgeDecisions({ story, tables, log, regrouped }: Evidence): readonly string[] {
  const broken: string[] = log.defects.map((error) => `a defect: ${String(error)}`);
  const begun = begunBans(tables);
  for (const [jail, rules] of RULES) {
    const { maxretry, findtime } = rules.window;
    for (const id of new Set(story.failures.filter((each) => each.jail === jail).map((each) => each.id))) {
      const own = story.failures.filter((each) => each.jail === jail && each.id === id);
      const bans = begun.filter(({ ban }) => ban.jail === jail && ban.id === id);
      const key = keyText({ jail, id });
      if (isIgnored(id)) {
        if (bans.length > 0) broken.push(`${key} is on the allowlist, and was banned`);
        continue;
      }
      const pardon = story.requests.find((each) => each.kind === "unban" && each.id === id && each.jail === jail);
      const pardonedAt = pardon === undefined ? undefined : log.done.get(pardon);
      let settled = Number.NEGATIVE_INFINITY;
      for (const { ban, writtenAt } of bans) {
        // A batch that was under way while the person asked may still ban.
        if (pardonedAt !== undefined && writtenAt > pardonedAt + 2 * MINUTE) settled = Math.max(settled, pardon!.at);
        const grounds = own.filter(
          ({ event }) => event.at >= settled && event.at <= ban.since && ban.since - event.at < findtime,
        );
        if (grounds.length < maxretry) {
          broken.push(`${key} was banned as of ${ban.since} for ${grounds.length} of ${maxretry} failures`);
        }
        settled = Math.max(settled, endOf(ban, tables));
      }
      if (pardon !== undefined) settled = Math.max(settled, (pardonedAt ?? pardon.at) + MINUTE);
      const left = own
        .filter((each) => !log.lost.has(each) && each.event.at >= settled)
        .map(({ event }) => event.at)
        .sort((a, b) => a - b);
      const complete = left.findIndex(
        (at, index) => (left[index + maxretry - 1] ?? Number.POSITIVE_INFINITY) - at < findtime,
      );
      if (complete >= 0) broken.push(`${key} failed ${maxretry} times from ${left[complete]} on, and was not banned`);
      for (const { window } of [tables.windows.get(key)].flatMap((row) => row ?? [])) {
        const identities = window.failures.map(({ identity }) => identity);
        if (new Set(identities).size < identities.length) broken.push(`${key} has a failure twice in its window`);
      }
    }
    const failed = tables.totals.get(jail)?.failed ?? 0;
    const banned = tables.totals.get(jail)?.banned ?? 0;
    const most = story.failures.filter((each) => each.jail === jail).length;
    if (failed > most && !regrouped) broken.push(`${jail} counts ${failed} failures of ${most}`);
    const bansOfJail = begun.filter(({ ban }) => ban.jail === jail).length;
    if (banned > bansOfJail) broken.push(`${jail} counts ${banned} bans of ${bansOfJail}`);
    if (banned < bansOfJail && log.lostChanges === 0)
      broken.push(`${jail} counts ${banned} bans, and had ${bansOfJail}`);
  }
  for (const { change } of tables.stream.flat()) {
    if (change.kind === "lifted" && change.reason === "manual") {
      const { ban } = change;
      const asked = story.requests.some(({ kind, id, jail }) => kind === "unban" && id === ban.id && jail === ban.jail);
      if (!asked) broken.push(`${keyText(ban)} was let go before its end, and nobody asked`);
    }
    if (change.kind !== "renewed" || change.ban.actor !== "fleet2ban") continue;
    const { ban, previous } = change;
    const stood = previous.expiresAt === undefined || previous.expiresAt > ban.since;
    if (stood) broken.push(`${keyText(ban)} was banned again while it was banned`);
  }
  const mails = new Map<string, number>();
  for (const key of log.mails) mails.set(key, (mails.get(key) ?? 0) + 1);
  for (const [mail, count] of mails) if (count > 1) broken.push(`people got ${count} times: ${mail.split("\n")[0]}`);
  for (const request of story.requests) {
    if (!log.done.has(request)) broken.push(`${request.kind} of ${request.id} was never done`);
    else if (request.kind === "ban" && !begun.some(({ ban }) => ban.id === request.id && ban.actor === "ann")) {
      broken.push(`${request.id} was banned by hand, and has no ban`);
    }
  }
  return broken;
}

/** Every host that answers holds what the rows say: asked when the weather has been fine for a while. */
export function judgeHosts({ tables, hosts }: Evidence, now: number): readonly string[] {
  const stands = [...tables.bans.values()].filter(
    ({ expiresAt }) => expiresAt === undefined || expiresAt > now + 2_000,
  );
  const wanted = new Set(stands.map(({ jail, id }) => hostKey(jail, id)));
  return hosts.list.flatMap((host) => {
    const has = host.blocks(now);
    const lacks = [...wanted].filter((key) => !has.has(key)).map((key) => `${host.name} lets ${key} in`);
    // What ends within these seconds may be gone or not.
    const rows = new Set([...tables.bans.values()].map(({ jail, id }) => hostKey(jail, id)));
    const more = [...has.keys()].filter((key) => !rows.has(key)).map((key) => `${host.name} blocks ${key} for nothing`);
    return [...lacks, ...more];
  });
}

/** Every ban has ended, in the rows and in every kernel: asked after the last one is over. */
export function judgeEnd({ tables, hosts }: Evidence, now: number): readonly string[] {
  return [
    ...[...tables.bans.keys()].map((key) => `the row of ${key} never ended`),
    ...hosts.list.flatMap((host) => [...host.blocks(now).keys()].map((key) => `${host.name} still blocks ${key}`)),
    ...hosts.setbacks,
    ...hosts.removals
      .filter(({ early }) => early)
      .map(({ host, key, at }) => `${host} let ${key} in at ${at}, while its ban stood`),
  ];
}
