/**
 * What hosts hold. Each broken rule is a sentence.
 *
 * - Every host that answers converges to the rows: all bans of the jails that enforce, none of the others, and the rules
 *   of the ruleset that was deployed last; no function of an earlier one takes its place back.
 * - Every ban ends, in rows and kernels, although hosts' clocks are wrong, and no command ends one that stands.
 * - No host goes back behind what it knew.
 */
import { hostKey } from "../../shared/core/firewall/encode.ts";
import { HOST_SKEW } from "./hosts.ts";
import type { Evidence } from "./judge-decisions.ts";

/** Asked when the weather has been fine for a while. */
export function judgeHosts({ tables, hosts, functions }: Evidence, now: number): readonly string[] {
  const enforced = new Set(functions.ruleset.enforced);
  const rows = [...tables.bans.values()].filter(({ jail }) => enforced.has(jail));
  const wanted = rows.filter(({ expiresAt }) => (expiresAt ?? Number.POSITIVE_INFINITY) > now + HOST_SKEW + 2_000);
  const known = new Set(rows.map(({ jail, id }) => hostKey(jail, id)));
  return hosts.list.flatMap((host) => {
    const has = host.blocks(now);
    const lacks = wanted.filter(({ jail, id }) => !has.has(hostKey(jail, id)));
    // What is over by the true time, a slow clock may still hold.
    const more = [...has].filter(([key, { expiry }]) => !known.has(key) && (expiry === 0 || expiry * 1000 > now));
    const old = [...new Set(wanted.map(({ jail }) => jail))].filter(
      (jail) => host.rules.get(jail) !== tables.edition?.revision,
    );
    return [
      ...lacks.map(({ jail, id }) => `${host.name} lets ${jail}#${id} in`),
      ...more.map(([key]) => `${host.name} blocks ${key} for nothing`),
      ...old.map((jail) => `${host.name} has the rules of an earlier ruleset for ${jail}`),
    ];
  });
}

/** Asked after the last ban is over. */
export function judgeEnd({ tables, hosts, functions }: Evidence, now: number): readonly string[] {
  const { deployments } = functions;
  return [
    ...(tables.editions > deployments
      ? [`the edition changed ${tables.editions} times, by ${deployments} deployments`]
      : []),
    ...[...tables.bans.keys()].map((key) => `the row of ${key} never ended`),
    ...hosts.list.flatMap((host) => [...host.blocks(now).keys()].map((key) => `${host.name} still blocks ${key}`)),
    ...hosts.setbacks,
    ...hosts.removals
      .filter(({ early }) => early)
      .map(({ host, key, at }) => `${host} let ${key} in at ${at}, while its ban stood`),
  ];
}
