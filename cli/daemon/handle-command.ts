/** What a client asked, done: a request becomes a use case, its outcome an answer. Call it in a turn of its own. */

import type { LocalState } from "../../shared/adapters/local/state/local-state.ts";
import { banManually } from "../../shared/app/ban-manually.ts";
import { releaseHeld } from "../../shared/app/release-held.ts";
import { type AllowlistChange, addIgnored, ignoredWords, removeIgnored } from "../../shared/app/set-allowlist.ts";
import { bansOf, showBanned, showBannedWhere, showJail } from "../../shared/app/show-status.ts";
import { type Unbanned, unban } from "../../shared/app/unban.ts";
import { parseNetwork, type Target } from "../../shared/core/address.ts";
import type { JailConfig } from "../../shared/core/config/model.ts";
import type { JailRules } from "../../shared/core/detect/policy.ts";
import type { Answer } from "../../shared/core/report/answer.ts";
import type { BanEntry } from "../../shared/core/report/ban-list.ts";
import { readOption } from "../../shared/core/report/jail-option.ts";
import type { Refusal } from "../../shared/core/report/refusal.ts";
import type { Engine } from "../engine/engine.ts";
import type { DaemonRequest } from "./request.ts";

export interface CommandDeps {
  readonly version: string;
  /** Epoch ms. */
  readonly now: () => number;
  readonly engine: Engine;
  readonly state: LocalState;
  /** The log files that a jail reads now. */
  readonly files: (jail: JailConfig) => readonly string[];
  /** Acts on what a command changed, so that it holds when the answer comes. */
  readonly act: () => Promise<void>;
  /** Reads the configuration again; what is wrong with it, or undefined. */
  readonly reload: () => Promise<Refusal | undefined>;
  /** Begins the end of the daemon, after the answer. */
  readonly stop: () => void;
}

export async function handleCommand(request: DaemonRequest, deps: CommandDeps): Promise<Answer> {
  const { engine, state } = deps;
  const { rules } = engine.ruleset();
  const names = [...rules.keys()];
  const now = deps.now();
  switch (request.kind) {
    case "ping":
      return { kind: "pong" };
    case "version":
      return { kind: "version", version: deps.version };
    case "status":
      return { kind: "status", jails: names };
    case "all-status": {
      const jails = [];
      for (const jail of rules.values()) jails.push(await showJail(jail, deps.files(jail.config), now, state));
      return { kind: "all-status", jails };
    }
    case "jail-status":
      return withJail(request.jail, rules, async (jail) => ({
        kind: "jail-status",
        jail: await showJail(jail, deps.files(jail.config), now, state),
      }));
    case "banned":
      return { kind: "banned", jails: await showBanned(names, now, state) };
    case "banned-where":
      return { kind: "banned-where", ids: await whereBanned(request.ids, now, deps) };
    case "ban-list":
      return withJail(request.jail, rules, async () => ({
        kind: "ban-list",
        jail: request.jail,
        bans: (await bansOf(request.jail, now, state)).map(entryOf),
        shape: request.shape,
      }));
    case "option":
      return withJail(request.jail, rules, async (jail) => {
        const { option } = request;
        const value = option === "ignoreip" ? await ignoredWords(jail, state.control) : readOption(jail.config, option);
        return { kind: "option", jail: request.jail, option, value };
      });
    case "ban":
      return withJail(request.jail, rules, (jail) => ban(request, jail, deps));
    case "unban":
      return withJail(request.jail, rules, async (jail) => {
        const result = await lift([jail], request.ids, deps);
        if (result.kind === "refused" || !request.reportAbsent || result.absent.length === 0) return answerOf(result);
        return refused({ kind: "not-banned", ids: result.absent });
      });
    case "unban-everywhere":
      return answerOf(await lift([...rules.values()], request.ids, deps));
    case "unban-all":
      return answerOf(await lift([...rules.values()], "all", deps));
    case "ignore":
    case "unignore":
      return withJail(request.jail, rules, async (jail) => {
        const change = request.kind === "ignore" ? addIgnored : removeIgnored;
        const asked = { rules: jail, words: request.entries, actor: request.actor, at: now };
        return allowlistAnswer(request.jail, await state.batch(() => change(asked, state)));
      });
    case "release":
      return withJail(request.jail, rules, async (jail) => {
        const asked = { rules: jail, at: now, verdict: request.verdict };
        const { banned, dropped } = await state.batch(() => releaseHeld(asked, engine.deps()));
        await deps.act();
        return { kind: "count", count: request.verdict === "ban" ? banned.length : dropped.length };
      });
    case "reload": {
      const refusal = await deps.reload();
      return refusal === undefined
        ? { kind: "reloaded", jails: [...engine.ruleset().rules.keys()] }
        : { kind: "refused", refusal };
    }
    case "stop":
      deps.stop();
      return { kind: "stopping" };
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

async function whereBanned(texts: readonly string[], now: number, { state }: CommandDeps) {
  const known = texts.map((text) => ({ text, id: parseNetwork(text) }));
  const ids = known.flatMap(({ id }) => (id === undefined ? [] : [id]));
  const found = await showBannedWhere(ids, now, state);
  const jailsOf = new Map(ids.map((id, index) => [id, found[index] ?? []]));
  // What is no address is banned nowhere, as in Fail2Ban.
  return known.map(({ text, id }) => ({ id: text, jails: (id === undefined ? undefined : jailsOf.get(id)) ?? [] }));
}

async function ban(
  { ids, actor }: Extract<DaemonRequest, { kind: "ban" }>,
  rules: JailRules,
  deps: CommandDeps,
): Promise<Answer> {
  const targets = parseTargets(ids);
  if ("refusal" in targets) return refused(targets.refusal);
  const request = { rules, ids: targets.ids, at: deps.now(), actor };
  const results = await deps.state.batch(() => banManually(request, deps.engine.deps()));
  await deps.act();
  const never = results.flatMap((result) => (result.kind === "refused" ? [result.id] : []));
  if (never.length > 0) return refused({ kind: "never-ban", ids: never });
  return { kind: "count", count: results.filter((result) => result.kind === "banned").length };
}

type Lifted =
  | { readonly kind: "lifted"; readonly count: number; readonly absent: readonly string[] }
  | { readonly kind: "refused"; readonly refusal: Refusal };

async function lift(jails: readonly JailRules[], texts: readonly string[] | "all", deps: CommandDeps): Promise<Lifted> {
  const targets = texts === "all" ? ({ ids: "all" } as const) : parseTargets(texts);
  if ("refusal" in targets) return { kind: "refused", refusal: targets.refusal };
  const at = deps.now();
  const results = await deps.state.batch(async () => {
    const all: Unbanned[] = [];
    for (const rules of jails) all.push(await unban({ rules, ids: targets.ids, at }, deps.engine.deps()));
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
