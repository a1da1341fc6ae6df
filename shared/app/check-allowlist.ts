/**
 * Who a jail leaves alone: the never-ban list, the configuration's ignoreip, what people added or took back at run
 * time, DNS names, and (local mode) the jail's ignorecommand.
 *
 * Doubt means no ban: whatever cannot be read throws, and the failures come again.
 */
import { parseNetwork, type Target } from "../core/address.ts";
import { createIgnoreList, type IgnoreList, parseIgnoreWords } from "../core/detect/ignore.ts";
import type { NeverBan } from "../core/detect/never-ban.ts";
import type { JailRules } from "../core/detect/policy.ts";
import type { Control, ControlEntry } from "../ports/control.ts";
import { PortError } from "../ports/failure.ts";
import type { IgnoreCommand } from "../ports/ignore-command.ts";
import type { CachedResolver } from "./resolve-names.ts";

export interface AllowlistDeps {
  readonly neverBan: NeverBan;
  readonly control: Control;
  readonly resolver: CachedResolver;
  /** Absent in the cloud, where jails with an ignorecommand are refused at deploy. */
  readonly ignoreCommand?: IgnoreCommand;
}

export type Spared = "never-ban" | "ignoreip" | "ignorecommand";

/** The allowlist as one batch sees it. */
export interface Allowlist {
  isIdle(jail: string): boolean;
  /** Why the jail leaves the target alone, or undefined where it does not. Throws where that cannot be known. */
  spares(rules: JailRules, target: Target): Promise<Spared | undefined>;
}

/** Opens the allowlist as of `now` (epoch ms). Lists of the configuration are built once per jail and kept. */
export type OpenAllowlist = (now: number) => Promise<Allowlist>;

/** Reads the control rows at every opening; a failing read throws. */
export function createAllowlist(deps: AllowlistDeps): OpenAllowlist {
  const built = new WeakMap<JailRules, { readonly key: string; readonly list: IgnoreList }>();
  return async (now) => {
    const entries = await deps.control.entries();
    const idle = new Set(entries.flatMap((entry) => (entry.kind === "idle" ? [entry.jail] : [])));
    const lists = new Map<JailRules, Promise<readonly IgnoreList[]>>();
    const listsOf = (rules: JailRules) => {
      const known = lists.get(rules);
      if (known !== undefined) return known;
      const opened = openLists(rules, entries, built, deps.resolver, now);
      lists.set(rules, opened);
      return opened;
    };
    return {
      isIdle: (jail) => idle.has(jail),
      async spares(rules, target) {
        if (deps.neverBan.reason(target) !== undefined) return "never-ban";
        if ((await listsOf(rules)).some((list) => list.covers(target))) return "ignoreip";
        if (rules.config.ignorecommand === undefined || deps.ignoreCommand === undefined) return undefined;
        return (await deps.ignoreCommand.ignores(rules.config, target)) ? "ignorecommand" : undefined;
      },
    };
  };
}

async function openLists(
  rules: JailRules,
  entries: readonly ControlEntry[],
  built: WeakMap<JailRules, { readonly key: string; readonly list: IgnoreList }>,
  resolver: CachedResolver,
  now: number,
): Promise<readonly IgnoreList[]> {
  const words = (kind: "ignore" | "unignore") =>
    entries.flatMap((entry) =>
      entry.kind === kind && (entry.jail === undefined || entry.jail === rules.config.name) ? [entry.word] : [],
    );
  const back = parseIgnoreWords(words("unignore"));
  const added = parseIgnoreWords(words("ignore"));
  const key = back.targets.join(" ");
  let fixed = built.get(rules);
  if (fixed?.key !== key) {
    const hidden = new Set(back.targets);
    fixed = { key, list: createIgnoreList(rules.ignore.targets.filter((target) => !hidden.has(target))) };
    built.set(rules, fixed);
  }
  const names = new Set([...rules.ignore.names.filter((name) => !back.names.includes(name)), ...added.names]);
  const resolved = await Promise.all([...names].map((name) => resolveAllowed(name, rules, resolver, now)));
  return [fixed.list, createIgnoreList([...added.targets, ...resolved.flat()])];
}

async function resolveAllowed(name: string, rules: JailRules, resolver: CachedResolver, now: number) {
  try {
    return await resolver.resolve(name, now);
  } catch (cause) {
    // Direction: no answer, no ban. Only this jail's failures come again; the other jails go on.
    throw new PortError(
      "allowlist-unknown",
      `DNS gave no answer for "${name}", which the jail ${rules.config.name} ignores`,
      `Check the name server, or replace the name in ignoreip by its addresses; nothing is lost meanwhile.`,
      cause,
    );
  }
}

/** A word of ignoreip in its canonical form, so that "10.10.10.1/16" and "10.10.0.0/16" are one entry. */
export function canonicalWord(word: string): string {
  return parseNetwork(word.replace(/^\[([^\]]*)\]/, "$1")) ?? word.toLowerCase();
}
