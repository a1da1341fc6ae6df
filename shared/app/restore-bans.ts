/**
 * After a start or a reload: which bans still stand, by the configuration as it is now and Fail2Ban's rules.
 *
 * Who is ignored by now is let go. A ban may not outlast what its jail would give today: the bantime, or with
 * bantime.increment the maxtime. What a person gave by hand is not shortened.
 */
import type { Ban } from "../core/ban.ts";
import type { JailRules } from "../core/detect/policy.ts";
import type { Bans } from "../ports/bans.ts";
import type { OpenAllowlist } from "./check-allowlist.ts";
import { stands } from "./show-status.ts";

export interface RestoreDeps {
  readonly bans: Bans;
  readonly allowlist: OpenAllowlist;
  /** Bans of a jail that is not among them are left alone, and not restored. */
  readonly rules: ReadonlyMap<string, JailRules>;
}

export interface Restored {
  /** What hosts must enforce: bring them to exactly this. */
  readonly standing: readonly Ban[];
  readonly lifted: readonly Ban[];
  /** Why nobody could say of bans that stand whether they are ignored by now, by jail. */
  readonly doubts: ReadonlyMap<string, unknown>;
}

/** Goes through the rows as of `now` (epoch ms). Throws where the control rows cannot be read. */
export async function restoreBans(now: number, deps: RestoreDeps): Promise<Restored> {
  const allowlist = await deps.allowlist(now);
  const standing: Ban[] = [];
  const lifted: Ban[] = [];
  const doubts = new Map<string, unknown>();
  for (const rules of deps.rules.values()) {
    const rows: Ban[] = [];
    for await (const ban of deps.bans.inJail(rules.config.name)) rows.push(ban);
    for (const ban of rows) {
      const spared = await allowlist.spares(rules, ban.id).catch((cause: unknown) => {
        // Direction: it was decided when that could be said, and stands. A machine that starts may have no DNS yet.
        doubts.set(ban.jail, cause);
        return undefined;
      });
      const capped = cap(ban, rules);
      if (spared !== undefined || !stands(capped, now)) {
        if (await deps.bans.lift(ban, now)) lifted.push(ban);
      } else if (capped === ban) standing.push(ban);
      else standing.push((await deps.bans.put(capped, ban.generation)).ban);
    }
  }
  return { standing, lifted, doubts };
}

function cap(ban: Ban, { bantime: { bantime, increment } }: JailRules): Ban {
  const longest = increment === undefined ? bantime : (increment.maxtime ?? "permanent");
  if (ban.actor !== "fleet2ban" || longest === "permanent") return ban;
  const end = ban.since + longest;
  return ban.expiresAt !== undefined && ban.expiresAt <= end ? ban : { ...ban, expiresAt: end };
}
