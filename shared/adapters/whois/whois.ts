/**
 * Whois for mails: RDAP first, port 43 where that fails, nothing where both do. A mail waits a few seconds for it at
 * most, and an address is asked of the registries once a day at most.
 */
import type { Target } from "../../core/address.ts";
import type { WhoisAnswer } from "../../core/report/mail-text.ts";
import type { Whois } from "../../ports/whois.ts";
import type { Fetch } from "./fetch-json.ts";
import { createPort43, type Port43Deps } from "./port43.ts";
import { isPublic } from "./public-address.ts";
import { createRdap } from "./rdap.ts";

export interface WhoisDeps extends Port43Deps {
  /** Epoch ms. */
  readonly now: () => number;
  readonly fetch?: Fetch;
  /** How long RDAP, and after it port 43, may take, ms. */
  readonly patience?: number;
}

const PATIENCE = 3_000;
const KEPT = 86_400_000;
/** A registry that was down is asked again sooner. */
const FAILURE_KEPT = 600_000;
const MOST_KEPT = 2_000;

/** Never throws; private and reserved addresses are asked of nobody. */
export function createWhois(deps: WhoisDeps): Whois {
  const { now, patience = PATIENCE } = deps;
  const rdap = createRdap({ now, fetch: deps.fetch ?? fetch });
  const port43 = createPort43(deps);
  const kept = new Map<Target, { readonly answer: Promise<WhoisAnswer>; until: number }>();

  const look = async (target: Target): Promise<WhoisAnswer> => {
    try {
      return { kind: "known", facts: await rdap(target, AbortSignal.timeout(patience)) };
    } catch (rdapError) {
      // The older way may still know; the mail goes out either way.
      try {
        return { kind: "known", facts: await port43(target, AbortSignal.timeout(patience)) };
      } catch (error) {
        return { kind: "unknown", reason: `${reasonOf(rdapError)}; ${reasonOf(error)}` };
      }
    }
  };

  return {
    async about(target) {
      if (!isPublic(target)) return { kind: "unknown", reason: "not an address of the public internet" };
      const known = kept.get(target);
      if (known !== undefined && known.until > now()) return known.answer;
      const answer = look(target);
      const entry = { answer, until: now() + KEPT };
      kept.delete(target);
      kept.set(target, entry);
      if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as Target);
      if ((await answer).kind === "unknown") entry.until = now() + FAILURE_KEPT;
      return answer;
    },
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return "the registry took too long";
  return error instanceof Error ? error.message : String(error);
}
