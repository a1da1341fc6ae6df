/** `why`: what the tables know of one id, put together; it changes nothing. */
import { parseNetwork, prefixOf, type Target } from "../core/address.ts";
import type { Ban } from "../core/ban.ts";
import { createIgnoreList, parseIgnoreWords } from "../core/detect/ignore.ts";
import type { NeverBan } from "../core/detect/never-ban.ts";
import type { JailRules } from "../core/detect/policy.ts";
import type { Window } from "../core/detect/window.ts";
import { refusalOf } from "../core/firewall/enforceable.ts";
import type { Account, Counted, Spared } from "../core/report/account.ts";
import type { Bans } from "../ports/bans.ts";
import type { Control } from "../ports/control.ts";
import type { Holds } from "../ports/holds.ts";
import type { Offenders } from "../ports/offenders.ts";
import type { Windows } from "../ports/windows.ts";
import { ignoredWords } from "./set-allowlist.ts";
import { stands } from "./show-status.ts";

export interface AccountDeps {
  readonly rules: ReadonlyMap<string, JailRules>;
  readonly bans: Bans;
  readonly windows: Windows;
  readonly holds: Holds;
  readonly offenders: Offenders;
  readonly control: Control;
  readonly neverBan: NeverBan;
}

/** The account of `id` as of `now` (epoch ms). Names on an ignore list are not looked up. Throws PortError. */
export async function accountFor(id: Target, now: number, deps: AccountDeps): Promise<Account> {
  const rules = [...deps.rules.values()];
  const [found, history, stored] = await Promise.all([
    Promise.all(holdersOf(id).map((holder) => deps.bans.ofId(holder))),
    deps.offenders.history(id),
    deps.windows.load(rules.map(({ config }) => ({ jail: config.name, id }))),
  ]);
  const bans = found.flat().filter((ban) => stands(ban, now));
  const held: Ban[] = [];
  const counted: Counted[] = [];
  const spared: Spared[] = [];
  for (const [index, each] of rules.entries()) {
    const jail = each.config.name;
    const { window } = stored[index]!;
    for await (const ban of deps.holds.inJail(jail)) if (ban.id === id && stands(ban, now)) held.push(ban);
    counted.push(...countedIn(each, window, now));
    const banned = bans.some((ban) => ban.jail === jail && ban.id === id);
    const { closed } = window;
    const immune = closed !== undefined && (closed.until === undefined || closed.until > now);
    // A ban closes the window as well, and so does one that is held back.
    if (immune && !banned && !held.some((ban) => ban.jail === jail)) {
      spared.push({ kind: "immune", jail, until: closed.until });
    }
    const words = parseIgnoreWords(await ignoredWords(each, deps.control)).targets;
    const by = words.find((word) => createIgnoreList([word]).covers(id));
    if (by !== undefined) spared.push({ kind: "ignored", jail, by });
  }
  const neverBan = deps.neverBan.reason(id);
  return { id, bans, held, counted, spared, ...(neverBan !== undefined && { neverBan }), history };
}

function countedIn({ config, window: policy }: JailRules, { failures }: Window, now: number): readonly Counted[] {
  const recent = failures.filter(({ at }) => at > now - policy.findtime);
  const { maxretry, findtime } = policy;
  return recent.length === 0 ? [] : [{ jail: config.name, maxretry, findtime, failures: recent }];
}

/** The id and each network around it that a jail can ban: a question for each, however many bans there are. */
function holdersOf(id: Target): readonly Target[] {
  const [, length] = prefixOf(id);
  const [base] = id.split("/");
  const around = Array.from({ length }, (_, shorter) => parseNetwork(`${base}/${shorter}`)!);
  return [id, ...around.filter((network) => refusalOf(network) !== "too-wide")];
}
