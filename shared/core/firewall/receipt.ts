/**
 * What the host script answers: one line of JSON, which says what is in the kernel now, not that a command ran.
 *
 * A command's "Success" is an exit code; `missing` and `broken` of a receipt were counted by reading the kernel again.
 */

const COUNTS = [
  "changes",
  "banned",
  "unbanned",
  "stale",
  "expired",
  "refused",
  "added",
  "retimed",
  "removed",
  "bans",
  "skipped",
  "missing",
  "foreign",
  "repaired",
  "broken",
] as const;

/**
 * Of what was sent: `changes`, of which `banned` and `unbanned` were new, `stale` no newer than what was known, `expired`
 * over already, and `refused` nothing that a host takes (any line, so also of jails and rules).
 * Of the kernel: entries `added`, `retimed` and `removed`; `repaired` chains and jumps.
 * As it now stands: `bans` that hold, of which `skipped` are IPv6 on a host without it and `missing` not in the kernel;
 * `foreign` entries in our sets that nobody asked for; `broken` chains and jumps.
 */
export type ReceiptCounts = { readonly [K in (typeof COUNTS)[number]]: number };

/** Counts of a run that found and did nothing. */
export const NO_COUNTS = Object.fromEntries(COUNTS.map((count) => [count, 0])) as ReceiptCounts;

export interface Receipt extends ReceiptCounts {
  readonly kind: "done";
  /** Version of the host script. */
  readonly script: string;
  readonly mode: "apply" | "reconcile" | "status" | "clear";
  readonly backend: "ipset" | "nft" | "none";
  readonly ipv6: boolean;
  /** Changes at each boot; "" where the host has none. */
  readonly bootId: string;
  /** The host's clock, epoch ms, to the second. */
  readonly at: number;
  /** See digestOf; "" where the host has no cksum. */
  readonly digest: string;
  /** What was found broken, what was refused and why, and anything else worth a look; for people. */
  readonly faults: readonly string[];
  readonly refusals: readonly string[];
  readonly notes: readonly string[];
}

const FAILURES = [
  "bad-call",
  "bad-input",
  "late",
  "locked",
  "no-firewall",
  "no-state",
  "not-root",
  "kernel-refused",
  "host-broken",
] as const;

/** The script says that it did nothing, or (kernel-refused) not all of it; sending the same again is harmless. */
export interface HostFailure {
  readonly kind: "failed";
  readonly code: (typeof FAILURES)[number];
  readonly message: string;
}

/** The script did not run to its end, or something else ran. */
export interface NoReceipt {
  readonly kind: "unreadable";
  readonly message: string;
}

export type HostReply = Receipt | HostFailure | NoReceipt;

/** Reads what a host printed; its last line that claims to be a receipt counts, so noise around it does no harm. */
export function parseReceipt(output: string): HostReply {
  const line = output.split("\n").findLast((text) => text.startsWith('{"fleet2ban":1,'));
  if (line === undefined)
    return unreadable(output.trim() === "" ? "the host printed nothing" : "no receipt in what the host printed");
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    // Cut off on its way: as good as none.
    return unreadable("the receipt is torn");
  }
  return (
    (fields.outcome === "done" ? doneOf(fields) : failureOf(fields)) ?? unreadable("the receipt is of another edition")
  );
}

function doneOf(fields: Record<string, unknown>): Receipt | undefined {
  const { script, mode, backend, ipv6, bootId, at, digest, faults, refusals, notes } = fields;
  if (!COUNTS.every((name) => isCount(fields[name])) || !isCount(at) || typeof ipv6 !== "boolean") return undefined;
  if (!isText(script) || !isText(bootId) || !isText(digest) || !isOneOf(MODES, mode) || !isOneOf(BACKENDS, backend))
    return undefined;
  if (!isTexts(faults) || !isTexts(refusals) || !isTexts(notes)) return undefined;
  const counts = Object.fromEntries(COUNTS.map((name) => [name, fields[name]])) as unknown as ReceiptCounts;
  return {
    kind: "done",
    script,
    mode,
    backend,
    ipv6,
    bootId,
    at: at * 1000,
    digest,
    faults,
    refusals,
    notes,
    ...counts,
  };
}

const MODES = ["apply", "reconcile", "status", "clear"] as const;
const BACKENDS = ["ipset", "nft"] as const;

function failureOf({ outcome, code, message }: Record<string, unknown>): HostFailure | undefined {
  if (outcome !== "failed" || !isOneOf(FAILURES, code) || !isText(message)) return undefined;
  return { kind: "failed", code, message };
}

function unreadable(message: string): NoReceipt {
  return { kind: "unreadable", message };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
function isText(value: unknown): value is string {
  return typeof value === "string";
}
function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}
function isOneOf<T extends string>(words: readonly T[], value: unknown): value is T {
  return (words as readonly unknown[]).includes(value);
}
