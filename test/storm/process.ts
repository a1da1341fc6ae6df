/**
 * A process of a function or of a person, wired as the lambdas are: with a ruleset that it was deployed with, a clock that
 * is a little wrong, and what it remembers from one invocation to the next.
 */
import { cacheBreakers, cacheControl } from "../../lambdas/runtime/cached-control.ts";
import { rememberRevision } from "../../lambdas/runtime/revision.ts";
import { createAllowlist } from "../../shared/app/check-allowlist.ts";
import type { IngestDeps } from "../../shared/app/ingest-events.ts";
import { createKnownBans, type KnownBans } from "../../shared/app/known-bans.ts";
import { createCachedResolver } from "../../shared/app/resolve-names.ts";
import { waitBefore } from "../../shared/app/retry-conflicts.ts";
import { createTurns } from "../../shared/app/take-turns.ts";
import { createNeverBan } from "../../shared/core/detect/never-ban.ts";
import { NO_METRICS } from "../../shared/ports/metrics.ts";
import { chance } from "../app/rig.ts";
import { type Call, type Ports, portsOn } from "./ports.ts";
import { BANS_PER_MINUTE, MATCHERS, type Ruleset } from "./rulesets.ts";
import type { Tables } from "./tables.ts";
import type { Life, World } from "./world.ts";

export const NEVER_BAN = createNeverBan([]);
const RESOLVER = createCachedResolver({ resolve: async () => [] });

/** A life before the first invocation. */
const UNBORN: Life = { ended: true, isSlow: false, end: () => undefined };

export class Process {
  readonly ruleset: Ruleset;
  /** The invocation that it works on. */
  life: Life = UNBORN;
  readonly ports: Ports;
  /** A call of a port that is not on the tables. */
  readonly call: Call;
  readonly known: KnownBans = createKnownBans();
  /** What counting needs. */
  readonly counting: IngestDeps;
  /** The revision of its ruleset in the fleet. */
  readonly revision: () => Promise<number>;
  /** Epoch ms, by its own clock. */
  readonly now: () => number;
  readonly wait: (duration: number) => Promise<void>;

  /** `skew` = how wrong its clock is, ms; `remembers` = whether control rows and breakers are remembered for a while. */
  constructor(world: World, tables: Tables, ruleset: Ruleset, skew: number, remembers: boolean) {
    this.ruleset = ruleset;
    this.now = () => world.now + skew;
    this.wait = (duration) => world.sleep(duration);
    this.call = (what, effect) => world.call(this.life, what, effect);
    const ports = portsOn(tables, world, this.call);
    this.ports = remembers
      ? {
          ...ports,
          control: cacheControl(ports.control, this.now),
          breakers: cacheBreakers(ports.breakers, this.now),
        }
      : ports;
    this.revision = rememberRevision({ hash: ruleset.hash, text: "" }, ports.editions, this.now);
    this.counting = {
      ...this.ports,
      ...{ matcher: MATCHERS.lines, rules: ruleset.rules, resolver: RESOLVER, known: this.known, metrics: NO_METRICS },
      ...{ ruleset: ruleset.hash, bansPerMinute: BANS_PER_MINUTE, chance, concurrency: 4, frugal: true },
      lineStates: { load: () => unasked(), save: () => unasked() },
      allowlist: createAllowlist({ neverBan: NEVER_BAN, control: this.ports.control, resolver: RESOLVER }),
      backoff: (attempt) => world.sleep(waitBefore(attempt, world.random())),
      turn: createTurns(),
    };
  }
}

function unasked(): never {
  throw new Error("no jail of the storm needs earlier lines");
}
