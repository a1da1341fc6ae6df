/** A use case's world for tests: jails by a few words, a matcher that reads "JAIL ID" lines, and a state in memory. */

import { createHash } from "node:crypto";
import { createMemoryState, type LocalState } from "../../shared/adapters/local/state/local-state.ts";
import { createAllowlist } from "../../shared/app/check-allowlist.ts";
import type { IngestDeps } from "../../shared/app/ingest-events.ts";
import { createKnownBans } from "../../shared/app/known-bans.ts";
import { createCachedResolver } from "../../shared/app/resolve-names.ts";
import { type IpAddress, parseNetwork, type Target } from "../../shared/core/address.ts";
import type { JailConfig } from "../../shared/core/config/model.ts";
import { createNeverBan } from "../../shared/core/detect/never-ban.ts";
import { rulesOf } from "../../shared/core/detect/policy.ts";
import type { Failure, LogEvent, Matcher } from "../../shared/core/filter/event.ts";
import { NO_METRICS } from "../../shared/ports/metrics.ts";
import { type JailSketch, jailOf } from "../support/jail.ts";

/** A jail: maxretry 3, findtime 600 s, bantime 3600 s, and what the test says. */
export function jail(name: string, sketch: JailSketch = {}): JailConfig {
  return jailOf({ name, maxretry: 3, bantime: 3_600_000, maxmatches: 3, ...sketch });
}

/** An id from text that is one. */
export function id(text: string): Target {
  return parseNetwork(text)!;
}

/** The line "JAIL ID" of an event is a failure of ID in JAIL at the event's time, or at "@MS"; other lines are none. */
export const wordMatcher: Matcher = {
  match(events) {
    const failures = events.flatMap((event): Failure[] => {
      const [jailName, who, at] = event.text.split(" ");
      if (jailName === undefined || who === undefined) return [];
      const target = parseNetwork(who);
      return [
        {
          jail: jailName,
          suspect: target === undefined ? { kind: "name", name: who } : { kind: "address", id: target },
          at: at === undefined ? event.at : Number(at.slice(1)),
          identity: event.id,
          stream: event.stream,
          line: event.text,
        },
      ];
    });
    return { lines: events.length, failures, tallies: new Map(), threads: [] };
  },
};

let serial = 0;

/** One event with an identity of its own. */
export function event(at: number, text: string, identity = `event-${serial++}`): LogEvent {
  return { id: identity, stream: "host-1", at, text };
}

/** Names that the rig's DNS knows; any other does not exist, and "silent.test" is never answered. */
export type Names = Readonly<Record<string, readonly string[]>>;

export interface Rig {
  readonly state: LocalState;
  readonly deps: IngestDeps;
}

/** Everything that ingest needs, on a state in memory unless one is given. */
export async function rig(jails: readonly JailConfig[], names: Names = {}, given?: LocalState): Promise<Rig> {
  const state = given ?? (await createMemoryState());
  const resolver = createCachedResolver({
    async resolve(name) {
      if (name === "silent.test") throw new Error("timeout");
      return (names[name] ?? []) as IpAddress[];
    },
  });
  const { windows, bans, offenders, breakers, holds, control, totals, lineStates } = state;
  const neverBan = createNeverBan([id("203.0.113.1")], [id("10.0.0.0/8")]);
  return {
    state,
    deps: {
      ...{ windows, bans, offenders, breakers, holds, totals, lineStates, resolver },
      matcher: wordMatcher,
      rules: rulesOf(jails),
      allowlist: createAllowlist({ neverBan, control, resolver }),
      known: createKnownBans(),
      metrics: NO_METRICS,
      ruleset: "ruleset-1",
      bansPerMinute: 300,
      chance,
      backoff: async () => undefined,
      concurrency: 1,
    },
  };
}

/** The same number in [0, 1) for the same text. */
export function chance(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0) / 2 ** 32;
}
