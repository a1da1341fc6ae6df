/**
 * Failures of host names become failures of addresses: one for every address of the name, as Fail2Ban counts them.
 *
 * The names are attackers' text. A name server that does not answer must not stop the batch, so a name without an
 * answer is dropped and counted: doubt means no ban.
 */
import type { Target } from "../core/address.ts";
import type { Failure } from "../core/filter/event.ts";
import type { CachedResolver } from "./resolve-names.ts";

export interface Named {
  readonly failure: Failure;
  readonly id: Target;
}

/** Asks for each name of the batch once. */
export async function nameSuspects(
  failures: readonly Failure[],
  resolver: CachedResolver,
  now: number,
): Promise<{ readonly named: readonly Named[]; readonly unresolved: readonly string[] }> {
  const names = new Set(failures.flatMap(({ suspect }) => (suspect.kind === "name" ? [suspect.name] : [])));
  const addresses = new Map<string, readonly Target[]>();
  await Promise.all(
    [...names].map(async (name) => {
      // Direction: no answer, no ban for this name; its failures are reported as unresolved.
      addresses.set(name, await resolver.resolve(name, now).catch(() => []));
    }),
  );
  const targets = ({ suspect }: Failure): readonly Target[] =>
    suspect.kind === "address" ? [suspect.id] : addresses.get(suspect.name)!;
  const named = failures.flatMap((failure) => targets(failure).map((id) => ({ failure, id })));
  return { named, unresolved: [...names].filter((name) => addresses.get(name)!.length === 0) };
}
