/** Values for the contract suites. */
import { parseNetwork, type Target } from "../../shared/core/address.ts";
import type { Ban } from "../../shared/core/ban.ts";
import type { CountedFailure } from "../../shared/core/detect/window.ts";

/** An id from text that is one. */
export function target(text: string): Target {
  return parseNetwork(text)!;
}

/** A ban of 192.0.2.1 in "web" from 1 000 to 2 000, generation 1 000, unless told. */
export function sampleBan(with_: Partial<Ban> = {}): Ban {
  return {
    id: target("192.0.2.1"),
    jail: "web",
    since: 1_000,
    expiresAt: 2_000,
    generation: 1_000,
    count: 1,
    failures: 3,
    matches: ["line 1", "line 2"],
    source: "host-1",
    actor: "fleet2ban",
    ruleset: "ruleset-1",
    ...with_,
  };
}

/** A failure at a time, with an identity made of it. */
export function sampleFailure(at: number, with_: Partial<CountedFailure> = {}): CountedFailure {
  return { at, identity: `event-${at}`, stream: "host-1", line: `line ${at}`, ...with_ };
}

/** Jail names that look like separators of keys; every table must keep them apart. */
export const HOSTILE_JAILS = ["web", "web/2", "web#192.0.2.1", "web|x", "wéb %2F", "WEB"];

/** Ids of every shape. */
export const EVERY_ID = ["192.0.2.1", "192.0.2.10", "192.0.2.0/24", "2001:db8::", "2001:db8::1", "2001:db8::/32"].map(
  target,
);
