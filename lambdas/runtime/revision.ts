/** The revision that this process's ruleset has in the fleet, asked for once in a while: a deployment may be under way. */
import { adoptRuleset, type OwnRuleset } from "../../shared/app/adopt-ruleset.ts";
import type { Editions } from "../../shared/ports/editions.ts";
import { CONTROL_TTL } from "./cached-control.ts";
import { createShortMemory } from "./short-memory.ts";

/** `now` gives epoch ms. */
export function rememberRevision(own: OwnRuleset, editions: Editions, now: () => number): () => Promise<number> {
  return createShortMemory(() => adoptRuleset(own, now(), editions), CONTROL_TTL, now).get;
}
