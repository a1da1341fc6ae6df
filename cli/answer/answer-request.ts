/** What people ask, done on a state: a request becomes a use case, its outcome an answer. */
import { type AccountDeps, accountFor } from "../../shared/app/account-for.ts";
import { type BanManuallyDeps, banManually } from "../../shared/app/ban-manually.ts";
import { type ReleaseDeps, releaseHeld } from "../../shared/app/release-held.ts";
import {
  type AllowlistChange,
  addIgnored,
  ignoredWords,
  removeIgnored,
  setIdle,
} from "../../shared/app/set-allowlist.ts";
import { bansOf, type StatusDeps, showBanned, showBannedWhere, showJail } from "../../shared/app/show-status.ts";
import { type UnbanDeps, type Unbanned, unban } from "../../shared/app/unban.ts";
import { parseNetwork, type Target } from "../../shared/core/address.ts";
import type { JailConfig } from "../../shared/core/config/model.ts";
import type { JailRules } from "../../shared/core/detect/policy.ts";
import type { Answer } from "../../shared/core/report/answer.ts";
import type { BanEntry } from "../../shared/core/report/ban-list.ts";
import { readOption } from "../../shared/core/report/jail-option.ts";
import type { Refusal } from "../../shared/core/report/refusal.ts";
import type { Control } from "../../shared/ports/control.ts";
import type { CommonRequest } from "./request.ts";

export interface AnswerDeps extends StatusDeps, AccountDeps, BanManuallyDeps, UnbanDeps, ReleaseDeps {
  readonly rules: ReadonlyMap<string, JailRules>;
  readonly control: Control;
  /** Epoch ms. */
  readonly now: () => number;
  /** What a jail reads now: log files, in the cloud log groups. */
  readonly sources: (jail: JailConfig) => readonly string[];
  /** Runs what belongs together; where the state can, all of it is stored or none. */
  readonly batch: <T>(work: () => Promise<T>) => Promise<T>;
  /** Acts on what a command changed, so that it holds when the answer comes; a stack acts by itself. */
  readonly act: () => Promise<void>;
}

/** Answers a request. Throws PortError where the state cannot be read or written. */
export async function answerRequest(request: CommonRequest, deps: AnswerDeps): Promise<Answer> {
  const { rules } = deps;
  const names = [...rules.keys()];
  const now = deps.now();
  switch (request.kind) {
    case "status":
      return { kind: "status", jails: names };
    case "all-status": {
      const jails = [];
      for (const jail of rules.values()) jails.push(await showJail(jail, deps.sources(jail.config), now, deps));
      return { kind: "all-status", jails };
    }
    case "jail-status":
      return withJail(request.jail, rules, async (jail) => ({
        kind: "jail-status",
        jail: await showJail(jail, deps.sources(jail.config), now, deps),
      }));
    case "banned":
      return { kind: "banned", jails: await showBanned(names, now, deps) };
    case "banned-where":
      return { kind: "banned-where", ids: await whereBanned(request.ids, now, deps) };
    case "accounts": {
      const targets = parseTargets(request.ids);
      if ("refusal" in targets) return refused(targets.refusal);
      const accounts = [];
      for (const id of targets.ids) accounts.push(await accountFor(id, now, deps));
      return { kind: "accounts", ids: accounts };
    }
    case "ban-list":
    case "held-list": {
      const { kind, jail, shape } = request;
      const bans = kind === "ban-list" ? deps.bans : deps.holds;
      return withJail(jail, rules, async () => ({
        ...{ kind, jail, shape },
        bans: (await bansOf(jail, now, { bans })).map(entryOf),
      }));
    }
    case "option":
      return withJail(request.jail, rules, async (jail) => {
        const { option } = request;
        const value = option === "ignoreip" ? await ignoredWords(jail, deps.control) : readOption(jail.config, option);
        return { kind: "option", jail: request.jail, option, value };
      });
    case "ban":
      return withJail(request.jail, rules, (jail) => ban(request, jail, deps));
    case "unban":
      return withJail(request.jail, rules, async (jail) => {
        const result = await lift([jail], request.ids, request.immune, deps);
        if (result.kind === "refused" || !request.reportAbsent || result.absent.length === 0) return answerOf(result);
        return refused({ kind: "not-banned", ids: result.absent });
      });
    case "unban-everywhere":
      return answerOf(await lift([...rules.values()], request.ids, request.immune, deps));
    case "unban-all":
      return answerOf(await lift([...rules.values()], "all", request.immune, deps));
    case "ignore":
    case "unignore":
      return withJail(request.jail, rules, async (jail) => {
        const change = request.kind === "ignore" ? addIgnored : removeIgnored;
        const asked = { rules: jail, words: request.entries, actor: request.actor, at: now };
        return allowlistAnswer(request.jail, await deps.batch(() => change(asked, deps)));
      });
    case "idle":
      return withJail(request.jail, rules, async () => {
        const { jail, idle, actor } = request;
        await deps.batch(() => setIdle({ jail, idle, actor, at: now }, deps));
        return { kind: "idle", jail, idle };
      });
    case "release":
      return withJail(request.jail, rules, async (jail) => {
        const asked = { rules: jail, at: now, verdict: request.verdict };
        const { banned, dropped } = await deps.batch(() => releaseHeld(asked, deps));
        await deps.act();
        return { kind: "count", count: request.verdict === "ban" ? banned.length : dropped.length };
      });
  }
}

function withJail(
  name: string,
  rules: ReadonlyMap<string, JailRules>,
  work: (jail: JailRules) => Promise<Answer>,
): Promise<Answer> {
  const jail = rules.get(name);
  return jail === undefined ? Promise.resolve(refused({ kind: "no-such-jail", jail: name })) : work(jail);
}

async function whereBanned(texts: readonly string[], now: number, deps: AnswerDeps) {
  const known = texts.map((text) => ({ text, id: parseNetwork(text) }));
  const ids = known.flatMap(({ id }) => (id === undefined ? [] : [id]));
  const found = await showBannedWhere(ids, now, deps);
  const jailsOf = new Map(ids.map((id, index) => [id, found[index] ?? []]));
  // What is no address is banned nowhere, as in Fail2Ban.
  return known.map(({ text, id }) => ({ id: text, jails: (id === undefined ? undefined : jailsOf.get(id)) ?? [] }));
}

async function ban(
  { ids, actor }: Extract<CommonRequest, { kind: "ban" }>,
  rules: JailRules,
  deps: AnswerDeps,
): Promise<Answer> {
  const targets = parseTargets(ids);
  if ("refusal" in targets) return refused(targets.refusal);
  const request = { rules, ids: targets.ids, at: deps.now(), actor };
  const results = await deps.batch(() => banManually(request, deps));
  await deps.act();
  const never = results.flatMap((result) => (result.kind === "refused" ? [result.id] : []));
  if (never.length > 0) return refused({ kind: "never-ban", ids: never });
  return { kind: "count", count: results.filter((result) => result.kind === "banned").length };
}

type Lifted =
  | { readonly kind: "lifted"; readonly count: number; readonly absent: readonly string[] }
  | { readonly kind: "refused"; readonly refusal: Refusal };

async function lift(
  jails: readonly JailRules[],
  texts: readonly string[] | "all",
  immune: number | undefined,
  deps: AnswerDeps,
): Promise<Lifted> {
  const targets = texts === "all" ? ({ ids: "all" } as const) : parseTargets(texts);
  if ("refusal" in targets) return { kind: "refused", refusal: targets.refusal };
  const asked = { ids: targets.ids, at: deps.now(), ...(immune !== undefined && { immune }) };
  const results = await deps.batch(async () => {
    const all: Unbanned[] = [];
    for (const rules of jails) all.push(await unban({ ...asked, rules }, deps));
    return all;
  });
  await deps.act();
  const count = results.reduce((sum, result) => sum + result.lifted.length, 0);
  return { kind: "lifted", count, absent: results.flatMap((result) => result.absent) };
}

function answerOf(result: Lifted): Answer {
  return result.kind === "refused" ? refused(result.refusal) : { kind: "count", count: result.count };
}

/** All of them or none: a slip in one address must not leave half a command done. */
function parseTargets(texts: readonly string[]): { readonly ids: readonly Target[] } | { readonly refusal: Refusal } {
  const parsed = texts.map((text) => ({ text, id: parseNetwork(text) }));
  const wrong = parsed.filter(({ id }) => id === undefined).map(({ text }) => text);
  if (wrong.length > 0) return { refusal: { kind: "no-address", texts: wrong } };
  return { ids: parsed.flatMap(({ id }) => (id === undefined ? [] : [id])) };
}

function allowlistAnswer(jail: string, change: AllowlistChange): Answer {
  switch (change.kind) {
    case "changed":
      return { kind: "ignored", jail, entries: change.words };
    case "refused":
      return refused({ kind: "no-address", texts: change.unknown });
    case "absent":
      return refused({ kind: "not-ignored", jail, entries: change.missing });
  }
}

function entryOf({ id, since, expiresAt }: { id: Target; since: number; expiresAt: number | undefined }): BanEntry {
  return { id, since, bantime: expiresAt === undefined ? "permanent" : expiresAt - since };
}

function refused(refusal: Refusal): Answer {
  return { kind: "refused", refusal };
}
