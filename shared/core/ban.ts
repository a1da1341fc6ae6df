/** A ban row: the truth and the outbox at once, locally as in the cloud. */
import type { Target } from "./address.ts";

export interface Ban {
  readonly id: Target;
  readonly jail: string;
  /** Time of the failure that completed the window, or of the manual ban; epoch ms. */
  readonly since: number;
  /** Epoch ms; undefined = permanent. */
  readonly expiresAt: number | undefined;
  /** Later bans of the same id and jail have a greater one; hosts ignore what is older than what they know. */
  readonly generation: number;
  /** Which ban of this id it is, counted as bantime.increment counts; 1 = the first. */
  readonly count: number;
  /** Failures that led to it; 0 for a manual ban. */
  readonly failures: number;
  /** At most maxmatches log lines. */
  readonly matches: readonly string[];
  /** Stream that logged the last failure; undefined for a manual ban. */
  readonly source: string | undefined;
  /** "fleet2ban", or who asked for it by hand. */
  readonly actor: string;
  /** Hash of the ruleset that decided. */
  readonly ruleset: string;
}

/** What a change to the ban rows means: the records of the cloud's stream, and of the local journal. */
export type BanChange =
  | { readonly kind: "banned"; readonly ban: Ban }
  | { readonly kind: "renewed"; readonly ban: Ban; readonly previous: Ban }
  | { readonly kind: "lifted"; readonly ban: Ban; readonly reason: "expired" | "manual" };
