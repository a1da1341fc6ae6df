/**
 * A whole log through the engine on a virtual clock: what was found, who was banned, who came free, in the order in
 * which it happened. Nothing outside memory is touched.
 */

import { createDryRunFleet } from "../../shared/adapters/local/dry-run-fleet.ts";
import { createMemoryState, type LocalState } from "../../shared/adapters/local/state/local-state.ts";
import { createCachedResolver } from "../../shared/app/resolve-names.ts";
import { showJail, stands } from "../../shared/app/show-status.ts";
import type { Ban } from "../../shared/core/ban.ts";
import { beginsBan } from "../../shared/core/ban-log.ts";
import type { JailConfig } from "../../shared/core/config/model.ts";
import { createNeverBan } from "../../shared/core/detect/never-ban.ts";
import type { JailFigures } from "../../shared/core/report/jail-figures.ts";
import type { StoryEvent } from "../../shared/core/report/story.ts";
import type { ZoneOffset } from "../../shared/core/report/time-text.ts";
import { NO_METRICS } from "../../shared/ports/metrics.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import type { Ruleset } from "../engine/ruleset.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export interface ReplayOptions {
  readonly ruleset: Ruleset;
  readonly clock: VirtualClock;
  readonly zone: ZoneOffset;
  /** The streams of the log and of our own ban log, by which the ruleset's matcher tells them apart. */
  readonly stream: string;
  readonly banLogStream: string;
  /** The files that a jail reads, for its figures. */
  readonly files: (jail: JailConfig) => readonly string[];
  /** Hears of everything in its order, and may take its time. */
  readonly tell: (event: StoryEvent) => Promise<void> | void;
}

export interface Replay {
  /** Takes one line: first comes what falls due until it was written. */
  take(line: string): Promise<void>;
  /** The figures of every jail, as of now. */
  figures(): Promise<readonly JailFigures[]>;
}

export async function createReplay({ ruleset, clock, zone, ...options }: ReplayOptions): Promise<Replay> {
  const state = await createMemoryState();
  let sweptTo = Number.NEGATIVE_INFINITY;
  const now = () => Math.max(sweptTo, clock.now());
  const engine = createEngine(ruleset, {
    state,
    fleet: createDryRunFleet({ print: () => undefined, now }),
    notifier: { notify: async () => undefined },
    banLog: { write: async () => undefined },
    banLogSource: { stream: options.banLogStream, zone },
    neverBan: createNeverBan([]),
    // Nothing is looked up in a replay: names in an old log have other addresses today.
    resolver: createCachedResolver({ resolve: async () => [] }),
    metrics: NO_METRICS,
    wait: async () => undefined,
  });
  let serial = 0;

  const take = async (line: string): Promise<void> => {
    const at = clock.advance(line);
    await sweepUntil(at, engine, state, async (time) => {
      sweptTo = time;
      await act(engine, time, options.tell);
    });
    const event = { id: `line ${serial++}`, stream: options.stream, at, text: line };
    const report = await engine.ingest([event]);
    const banned = new Set(
      report.verdicts.flatMap((verdict) => (verdict.kind === "banned" ? [keyOf(verdict.ban)] : [])),
    );
    for (const found of report.found) {
      if (banned.has(keyOf(found))) continue;
      const rows = await state.bans.ofId(found.id);
      const during = rows.some((ban) => ban.jail === found.jail && stands(ban, at));
      const { maxretry, findtime } = ruleset.rules.get(found.jail)!.window;
      const [stored] = await state.windows.load([found]);
      const count = stored!.window.failures.filter((failure) => failure.at > found.at - findtime).length;
      await options.tell({ kind: "found", ...found, count, maxretry, during });
    }
    await act(engine, at, options.tell);
  };
  const figures = () =>
    Promise.all([...ruleset.rules.values()].map((rules) => showJail(rules, options.files(rules.config), now(), state)));
  return { take, figures };
}

/** Bans end one after the other, each at its own time. */
async function sweepUntil(
  at: number,
  engine: Engine,
  state: LocalState,
  swept: (time: number) => Promise<void>,
): Promise<void> {
  for (;;) {
    const [next] = await state.bans.due(at, 1);
    if (next?.expiresAt === undefined) return;
    await engine.sweep(next.expiresAt);
    await swept(next.expiresAt);
  }
}

/** Acts until nothing is left, bans of recidive included, and tells of it. */
async function act(engine: Engine, at: number, tell: ReplayOptions["tell"]): Promise<void> {
  for (;;) {
    const { acted, more } = await engine.act(at);
    for (const change of acted.changes) {
      if (change.kind === "lifted") await tell({ kind: "unbanned", at, ban: change.ban });
      else if (beginsBan(change)) await tell({ kind: "banned", at: change.ban.since, ban: change.ban });
    }
    if (!more) return;
  }
}

function keyOf({ jail, id }: Pick<Ban, "jail" | "id">): string {
  return `${jail} ${id}`;
}
