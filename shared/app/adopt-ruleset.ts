/**
 * Which revision the ruleset of this process has in the fleet.
 *
 * Hosts ignore firewall rules of an older revision, so it must grow with every deployment, a rollback included, although a
 * ruleset knows nothing of those before it. The row of the edition orders them. While a deployment is under way functions
 * with the old and the new ruleset run side by side: whoever finds a young row of another ruleset acts as its elder.
 */
import type { Edition, Editions } from "../ports/editions.ts";
import { PortError } from "../ports/failure.ts";

/** A ruleset by its hash, and the text of its file. */
export interface OwnRuleset {
  readonly hash: string;
  readonly text: string;
}

/** How long a deployment may take until a row of another ruleset is one that we replace, ms. */
export const SETTLED_AFTER = 120_000;
/** Functions that start at once all want to write the row; one wins, the others read what it wrote. */
const ATTEMPTS = 5;

/** The revision to act with as of `now` (epoch ms). Throws PortError, "too-busy" where the row never rests. */
export async function adoptRuleset(own: OwnRuleset, now: number, editions: Editions): Promise<number> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const current = await editions.current();
    if (current?.hash === own.hash) return current.revision;
    if (current !== undefined && now - current.since < SETTLED_AFTER) return current.revision - 1;
    const next: Edition = { hash: own.hash, revision: revisionAfter(current, now), since: now, ruleset: own.text };
    if ((await editions.replace(next, current?.revision)) === "saved") return next.revision;
  }
  throw new PortError("too-busy", "the ruleset's row changed at every attempt", "Deliver the batch again.");
}

/** Seconds grow from one deployment to the next, even where the row was lost; two within a second are told apart too. */
function revisionAfter(current: Edition | undefined, now: number): number {
  return Math.max(Math.floor(now / 1000), (current?.revision ?? 0) + 2);
}
