/** `addignoreip`, `delignoreip` and `idle`: what people change while it runs. Survives a restart, unlike Fail2Ban's. */

import { parseIgnoreWords } from "../core/detect/ignore.ts";
import type { JailRules } from "../core/detect/policy.ts";
import type { Control, ControlEntry } from "../ports/control.ts";
import { canonicalWord } from "./check-allowlist.ts";

export interface AllowlistRequest {
  readonly rules: JailRules;
  readonly words: readonly string[];
  readonly actor: string;
  /** When it was asked, epoch ms. */
  readonly at: number;
}

/** Words that are no address, network or host name are refused, and nothing of the request is done. */
export type AllowlistChange =
  | { readonly kind: "changed"; readonly words: readonly string[] }
  | { readonly kind: "refused"; readonly unknown: readonly string[] }
  /** Only delignoreip: these are on no list of the jail. */
  | { readonly kind: "absent"; readonly missing: readonly string[] };

interface Deps {
  readonly control: Control;
}

/** Adds words to the jail's ignoreip; "changed" carries the jail's list as it is then. */
export async function addIgnored(request: AllowlistRequest, { control }: Deps): Promise<AllowlistChange> {
  const { rules, actor, at } = request;
  const { unknown, files } = parseIgnoreWords(request.words);
  if (unknown.length + files.length > 0) return { kind: "refused", unknown: [...unknown, ...files] };
  const jail = rules.config.name;
  for (const word of request.words.map(canonicalWord)) {
    await control.remove({ kind: "unignore", jail, word });
    if (!configured(rules).includes(word)) await control.put({ kind: "ignore", jail, word, actor, at });
  }
  return { kind: "changed", words: await ignoredWords(rules, control) };
}

/** Takes words off the jail's ignoreip, the configuration's own included. */
export async function removeIgnored(request: AllowlistRequest, { control }: Deps): Promise<AllowlistChange> {
  const { rules, actor, at } = request;
  const listed = await ignoredWords(rules, control);
  const words = request.words.map(canonicalWord);
  const missing = words.filter((word) => !listed.includes(word));
  if (missing.length > 0) return { kind: "absent", missing };
  const jail = rules.config.name;
  for (const word of words) {
    await control.remove({ kind: "ignore", jail, word });
    if (configured(rules).includes(word)) await control.put({ kind: "unignore", jail, word, actor, at });
  }
  return { kind: "changed", words: await ignoredWords(rules, control) };
}

/** The jail's ignoreip as it stands: the configuration's words, without what was taken back, and what was added. */
export async function ignoredWords(rules: JailRules, control: Control): Promise<readonly string[]> {
  const entries = (await control.entries()).filter((entry) => concerns(entry, rules.config.name));
  const words = (kind: ControlEntry["kind"]) =>
    entries.flatMap((entry) => (entry.kind === kind && entry.kind !== "idle" ? [entry.word] : []));
  const back = new Set(words("unignore"));
  return [...new Set([...configured(rules).filter((word) => !back.has(word)), ...words("ignore")])];
}

/** Makes a jail idle, or wakes it. */
export async function setIdle(
  request: { readonly jail: string; readonly idle: boolean; readonly actor: string; readonly at: number },
  { control }: Deps,
): Promise<void> {
  const { jail, idle, actor, at } = request;
  if (idle) await control.put({ kind: "idle", jail, actor, at });
  else await control.remove({ kind: "idle", jail });
}

function concerns(entry: ControlEntry, jail: string): boolean {
  return entry.jail === undefined || entry.jail === jail;
}

function configured({ ignore }: JailRules): readonly string[] {
  return [...ignore.targets, ...ignore.names, ...ignore.files.map((file) => `file:${file}`)];
}
