/**
 * Failures of host names become failures of addresses: one for every address of the name, as Fail2Ban counts them.
 *
 * The names are attackers' text. Neither a name server that does not answer nor names without number may stop the batch,
 * so a name without an answer is dropped and counted: doubt means no ban.
 */
import type { Target } from "../core/address.ts";
import type { Failure } from "../core/filter/event.ts";
import type { CachedResolver } from "./resolve-names.ts";

export interface Named {
  readonly failure: Failure;
  readonly id: Target;
}

export interface NamedSuspects {
  readonly named: readonly Named[];
  /** Names for which DNS gave no address. */
  readonly unresolved: readonly string[];
  /** Names that DNS was not asked for: a batch had too many. */
  readonly unasked: readonly string[];
}

/** Asks for each name of the batch once. */
export async function nameSuspects(
  failures: readonly Failure[],
  resolver: CachedResolver,
  now: number,
): Promise<NamedSuspects> {
  const names = failures.flatMap(({ suspect }) => (suspect.kind === "name" ? [suspect.name] : []));
  const { addresses, left } = await resolver.resolveMany(names, now);
  const targets = ({ suspect }: Failure): readonly Target[] =>
    suspect.kind === "address" ? [suspect.id] : (addresses.get(suspect.name) ?? []);
  const named = failures.flatMap((failure) => targets(failure).map((id) => ({ failure, id })));
  const unresolved = [...addresses].flatMap(([name, found]) => (found.length === 0 ? [name] : []));
  return { named, unresolved, unasked: left };
}
