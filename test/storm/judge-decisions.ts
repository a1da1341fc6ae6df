/**
 * Who was banned, why, for how long, and what was counted. Each broken rule is a sentence.
 *
 * - Nobody is banned without `maxretry` distinct failures within `findtime` that no earlier ban or pardon settled, and
 *   whoever has them is banned: in clients' jails, and in the recidive jail by the bans of the others.
 * - Nobody on the allowlist is banned, be the entry of the configuration or a person's.
 * - A ban is as long as its ruleset says for the bans before it, and nobody is banned while banned.
 * - Nothing counts twice: no failure in a window, no batch and no ban in the totals.
 * - No failure is lost but to the dead letters, and no decision but by a person.
 */
import { contains } from "../../shared/core/address.ts";
import type { Ban } from "../../shared/core/ban.ts";
import { beginsBan } from "../../shared/core/ban-log.ts";
import { bantimeAfter, endOf } from "../../shared/core/detect/bantime.ts";
import { type BanKey, keyText } from "../../shared/core/detect/key.ts";
import { chance } from "../app/rig.ts";
import type { Functions, Log } from "./functions.ts";
import type { Hosts } from "./hosts.ts";
import { isIgnored, MINUTE, RULESETS, rulesetOf } from "./rulesets.ts";
import type { Request, Story } from "./story.ts";
import type { Recorded, Tables } from "./tables.ts";

export interface Evidence {
  readonly story: Story;
  readonly tables: Tables;
  readonly hosts: Hosts;
  readonly functions: Functions;
  readonly log: Log;
  /** Whether failures came again in other company: totals know a payload, not its parts. */
  readonly regrouped: boolean;
}

interface Begun {
  readonly ban: Ban;
  readonly writtenAt: number;
  readonly recorded: Recorded;
}

/**
 * Every ban that began, in the order in which rows were written. One whose writer died before it noted it may be written
 * once more, to the letter: that is the same ban.
 */
function begunBans(changes: readonly Recorded[]): readonly Begun[] {
  const begun = new Map<string, Begun>();
  for (const recorded of changes) {
    const { change, writtenAt } = recorded;
    const { ban } = change;
    const name = `${keyText(ban)} ${ban.generation} ${ban.since}`;
    if (beginsBan(change) && !begun.has(name)) begun.set(name, { ban, writtenAt, recorded });
  }
  return [...begun.values()].sort((a, b) => a.writtenAt - b.writtenAt);
}

/** What counts in a jail: a failure, or in the recidive jail a ban. */
interface Counted extends BanKey {
  readonly at: number;
  /** It is among the dead letters. */
  readonly lost: boolean;
}

function wasOver({ ban, writtenAt }: Pick<Begun, "ban" | "writtenAt">): boolean {
  return ban.expiresAt !== undefined && ban.expiresAt <= writtenAt;
}

/** Whether enforce had done with the change when a row that was written at `at` was decided: a minute at most before. */
function wasRead(recorded: Recorded, at: number, log: Log): boolean {
  return (log.read.get(recorded) ?? Number.POSITIVE_INFINITY) < at - MINUTE;
}

/** Bans, counts and totals: asked once everything is over. */
export function judgeDecisions(evidence: Evidence): readonly string[] {
  const { story, tables, log } = evidence;
  const begun = begunBans(tables.stream.flat());
  const changes = new Map<string, Recorded[]>();
  for (const recorded of tables.stream.flat()) {
    const key = keyText(recorded.change.ban);
    changes.set(key, [...(changes.get(key) ?? []), recorded]);
  }
  const counted: Counted[] = story.failures.map((failure) => {
    return { jail: failure.jail, id: failure.id, at: failure.event.at, lost: log.lost.has(failure) };
  });
  for (const { ban, recorded } of begun) {
    if (ban.jail === "recidive") continue;
    counted.push({ jail: "recidive", id: ban.id, at: ban.since, lost: log.lostChanges.has(recorded) });
  }
  const byKey = new Map<string, Counted[]>();
  for (const each of counted) byKey.set(keyText(each), [...(byKey.get(keyText(each)) ?? []), each]);
  return [
    ...log.defects.map((error) => `a defect: ${String(error)}`),
    ...[...byKey].flatMap(([key, own]) => judgeId(own, changes.get(key) ?? [], evidence)),
    ...judgeTotals(begun, evidence),
    ...judgeRows(begun, evidence),
  ];
}

/** One id in one jail. `own` = what counts against it, all of it; `changes` = of its rows. */
function judgeId(own: readonly Counted[], changes: readonly Recorded[], { story, tables, log }: Evidence): string[] {
  const { jail, id } = own[0]!;
  const key = keyText({ jail, id });
  const bans = begunBans(changes);
  if (isIgnored(id)) return bans.length > 0 ? [`${key} is on the allowlist, and was banned`] : [];
  const broken: string[] = [];
  const pardons = story.requests.filter((each) => each.kind === "unban" && concerns(each, { jail, id }));
  let settled = Number.NEGATIVE_INFINITY;
  let covered = settled;
  for (const [nth, { ban, writtenAt, recorded }] of bans.entries()) {
    for (const pardon of pardons) {
      // Of a network only those who are banned in it are let go: nobody keeps a window for each of its addresses.
      if (pardon.id !== id) continue;
      const done = log.done.get(pardon);
      // A batch that was under way while the person asked may still ban.
      if (done !== undefined && writtenAt > done.doneAt + 2 * MINUTE) settled = Math.max(settled, pardon.at);
    }
    const { maxretry, findtime } = rulesetOf(ban.ruleset).rules.get(jail)!.window;
    const grounds = own.filter(({ at }) => at >= settled && at <= ban.since && ban.since - at < findtime);
    if (grounds.length < maxretry && ban.actor === "fleet2ban") {
      broken.push(`${key} was banned as of ${ban.since} for ${grounds.length} of ${maxretry} failures`);
    }
    const end = endOfEffect(ban, changes);
    covered = Math.max(covered, end);
    // One that was over when its row was written stood nowhere, and of one whose writer died nobody knows until its change
    // is read: what is decided meanwhile may be by failures that were its.
    const next = bans[nth + 1]?.writtenAt ?? Number.POSITIVE_INFINITY;
    if (!wasOver({ ban, writtenAt }) && wasRead(recorded, next, log)) settled = Math.max(settled, end);
  }
  settled = Math.max(settled, covered);
  for (const pardon of pardons) settled = Math.max(settled, (log.done.get(pardon)?.doneAt ?? pardon.at) + MINUTE);
  // What a person let go is settled; what is held still waits.
  for (const { key: dropped, at } of tables.dropped) if (dropped === key) settled = Math.max(settled, at);
  for (const request of story.requests) {
    if (request.kind !== "unignore" || !concerns(request, { jail, id })) continue;
    settled = Math.max(settled, (log.done.get(request)?.doneAt ?? Number.POSITIVE_INFINITY) + MINUTE);
  }
  const { findtime } = RULESETS[0].rules.get(jail)!.window;
  const maxretry = Math.max(...RULESETS.map(({ rules }) => rules.get(jail)!.window.maxretry));
  const left = own
    .filter(({ at, lost }) => !lost && at >= settled)
    .map(({ at }) => at)
    .sort((a, b) => a - b);
  const complete = left.findIndex(
    (at, index) => (left[index + maxretry - 1] ?? Number.POSITIVE_INFINITY) - at < findtime,
  );
  if (complete >= 0) broken.push(`${key} failed ${maxretry} times from ${left[complete]} on, and was not banned`);
  const identities = (tables.windows.get(key)?.window.failures ?? []).map(({ identity }) => identity);
  if (new Set(identities).size < identities.length) broken.push(`${key} has a failure twice in its window`);
  return broken;
}

export function concerns({ jail, id }: Request, key: BanKey): boolean {
  if (jail !== key.jail || id === undefined) return false;
  return id === key.id || (id.includes("/") && contains(id, key.id));
}

/**
 * Failures before this belong to the ban: all until its end. What somebody let go settles nothing by itself; the command
 * that did it may still be under way.
 */
function endOfEffect(ban: Ban, changes: readonly Recorded[]): number {
  // Prolonged by hand, it is the same ban in a later generation.
  const same = changes.filter(({ change }) => change.ban.since === ban.since);
  if (same.some(({ change }) => change.kind === "lifted" && change.reason === "manual"))
    return Number.NEGATIVE_INFINITY;
  return Math.max(...same.map(({ change }) => change.ban.expiresAt ?? Number.POSITIVE_INFINITY));
}

function judgeTotals(begun: readonly Begun[], { story, tables, log, regrouped }: Evidence): string[] {
  const broken: string[] = [];
  for (const jail of RULESETS[0].rules.keys()) {
    const { failed, banned } = tables.totals.get(jail) ?? { failed: 0, banned: 0 };
    const bans = begun.filter(({ ban }) => ban.jail === jail).length;
    const most = jail === "recidive" ? begun.length - bans : story.failures.filter((each) => each.jail === jail).length;
    if (failed > most && !regrouped) broken.push(`${jail} counts ${failed} failures of ${most}`);
    if (banned > bans) broken.push(`${jail} counts ${banned} bans of ${bans}`);
    if (banned < bans && log.lostChanges.size === 0) broken.push(`${jail} counts ${banned} bans, and had ${bans}`);
  }
  return broken;
}

/** Rows by themselves: how long bans are, and that none takes the place of one that stands. */
function judgeRows(begun: readonly Begun[], { story, tables, log }: Evidence): string[] {
  const broken: string[] = [];
  for (const { change } of tables.stream.flat()) {
    if (change.kind !== "renewed" || change.ban.actor !== "fleet2ban") continue;
    const { ban, previous } = change;
    const stood = previous.expiresAt === undefined || previous.expiresAt > ban.since;
    if (stood) broken.push(`${keyText(ban)} was banned again while it was banned`);
  }
  const before = new Map<string, Begun[]>();
  for (const each of begun) {
    const { ban, writtenAt } = each;
    const key = keyText(ban);
    const earlier = before.get(key) ?? [];
    before.set(key, [...earlier, each]);
    const touched = story.requests.some((request) => concerns(request, ban));
    if (ban.actor !== "fleet2ban" || touched) continue;
    // Whoever banned may have died before it noted the ban. Then its change does, unless a later ban was noted before.
    const noted = earlier.filter(({ recorded }, nth) =>
      wasRead(recorded, earlier[nth + 1]?.writtenAt ?? writtenAt, log),
    );
    const { bantime } = rulesetOf(ban.ruleset).rules.get(ban.jail)!;
    const share = chance(`${ban.jail} ${ban.id} ${ban.since}`);
    const isOfCount = ban.expiresAt === endOf(ban.since, bantimeAfter(ban.count - 1, bantime, share));
    if (isOfCount && ban.count > noted.length && ban.count <= earlier.length + 1) continue;
    const minutes = ((ban.expiresAt ?? 0) - ban.since) / MINUTE;
    broken.push(`${key} was banned for ${minutes} minutes as number ${ban.count}, after ${earlier.length} bans`);
  }
  for (const request of story.requests) {
    if (request.kind !== "ignore") continue;
    const until = story.requests.find((each) => each.kind === "unignore" && each.id === request.id)?.at;
    // What a batch read of the allowlist a while ago may still ban.
    const from = (log.done.get(request)?.doneAt ?? Number.POSITIVE_INFINITY) + 2 * MINUTE;
    for (const { ban, writtenAt } of begun) {
      if (!concerns(request, ban) || writtenAt < from || writtenAt > (until ?? Number.POSITIVE_INFINITY)) continue;
      broken.push(`${keyText(ban)} was banned while a person had it on the allowlist`);
    }
  }
  return broken;
}
