/**
 * The daemon: an engine, its log files, its clock and the people who ask things of it, put together.
 *
 * A start and a reload end alike: bans that still stand are applied anew, and reading goes on where it was stored.
 */
import { hostname, networkInterfaces } from "node:os";
import type { Batch, Follower, FollowerOptions } from "../../shared/adapters/local/follow/follower.ts";
import type { Positions } from "../../shared/adapters/local/follow/position.ts";
import type {
  JournalBatch,
  JournalOptions,
  JournalReader,
} from "../../shared/adapters/local/journal/journal-reader.ts";
import type { LocalState } from "../../shared/adapters/local/state/local-state.ts";
import { isHealthy } from "../../shared/app/enforce-changes.ts";
import type { IngestReport } from "../../shared/app/ingest-events.ts";
import type { Tripped } from "../../shared/app/place-ban.ts";
import { parseIp } from "../../shared/core/address.ts";
import type { Ban } from "../../shared/core/ban.ts";
import { createNeverBan, type NeverBan } from "../../shared/core/detect/never-ban.ts";
import type { LogEvent } from "../../shared/core/filter/event.ts";
import type { Happening } from "../../shared/core/report/log-line.ts";
import type { Refusal } from "../../shared/core/report/refusal.ts";
import type { FleetReport } from "../../shared/ports/fleet.ts";
import type { Engine } from "../engine/engine.ts";
import type { Ruleset } from "../engine/ruleset.ts";
import { CliFailure, reasonOf } from "../failure.ts";
import { createSchedule, describeReport, hopelessFailure } from "./host-health.ts";
import type { Speaker } from "./journal-lines.ts";
import type { LogRoutes } from "./log-routes.ts";
import { consume, keepTime, type LoopDeps } from "./run-loop.ts";
import type { Turns } from "./turns.ts";

export interface DaemonDeps {
  readonly engine: Engine;
  readonly state: LocalState;
  readonly speaker: Speaker;
  readonly routes: LogRoutes;
  readonly turns: Turns;
  readonly now: () => number;
  readonly wait: LoopDeps<Batch>["wait"];
  readonly follow: (options: FollowerOptions) => Follower;
  readonly followJournal: (options: JournalOptions) => JournalReader;
  /** The configuration as it is on disk now; a Refusal says what is wrong with it. */
  readonly loadRuleset: () => Promise<Ruleset | Refusal>;
  /** Lets the firewall mend what others broke; absent where there is none to mend. */
  readonly heal?: () => Promise<readonly FleetReport[]>;
}

export interface Daemon {
  /** Applies what stands. Throws a CliFailure where this machine can enforce nothing. */
  start(): Promise<void>;
  /** Reads logs and keeps the time until `signal`. */
  run(signal: AbortSignal): Promise<void>;
  /** In a turn: acts on everything that is stored. */
  act(): Promise<void>;
  /** In a turn: puts the configuration on disk in the place of the present one, or says why not. */
  reload(): Promise<Refusal | undefined>;
  /** The files that are being read. */
  paths(): readonly string[];
  /** When the last batch was stored, or the daemon began; epoch ms. */
  lastBatch(): number;
}

/** How often the firewall is looked after, and old rows are forgotten, ms. */
const UPKEEP = 20_000;
const PRUNE_AFTER = 3_600_000;
const PRUNED_AT_ONCE = 1_000;
const POSITIONS = "positions";
/** Where the journal's cursor is kept. */
const CURSOR = "journal";

export function createDaemon(deps: DaemonDeps): Daemon {
  const { engine, state, speaker, turns, now } = deps;
  const schedule = createSchedule();
  let follower: Follower | undefined;
  let feed = new AbortController();
  let nextUpkeep = 0;
  let lastBatch = now();

  const takeLines = ({ events, positions }: Batch): Promise<void> =>
    take(events, () => state.offsets.set(POSITIONS, JSON.stringify(positions)));

  const takeEntries = ({ events, cursor }: JournalBatch): Promise<void> =>
    take(events, () => state.offsets.set(CURSOR, cursor));

  const take = async (events: readonly LogEvent[], save: () => Promise<void>): Promise<void> => {
    const report = await engine.ingest(events, save);
    lastBatch = now();
    await tell(report);
    await act();
  };

  const tell = async (report: IngestReport): Promise<void> => {
    const found = report.found.map(({ jail, id, at }): Happening => ({ kind: "found", jail, id, at }));
    const ignored = new Map(
      report.spared.map(({ jail, id, reason }): [string, Happening] => [
        `${jail} ${id}`,
        { kind: "ignored", jail, id, by: reason },
      ]),
    );
    await speaker.write([...found, ...ignored.values()], now());
    if (report.unasked.length > 0) {
      speaker.say("WARNING", `too many host names at once: DNS was not asked for ${report.unasked.length} of them`);
    }
    tellTripped(report.tripped);
  };

  const tellTripped = (tripped: readonly Tripped[]): void => {
    for (const { jail, bans } of tripped) {
      speaker.say(
        "ERROR",
        `[${jail}] ${bans} bans within a minute: the jail is stopped and further bans are held back; to settle them: fleet2ban set ${jail} held ban|let-go`,
      );
    }
  };

  const act = async (): Promise<void> => {
    for (;;) {
      const { acted, more } = await engine.act(now());
      judge(acted.reports);
      tellTripped(acted.tripped);
      if (!more) return;
    }
  };

  /** Hosts that are not as they should be are said and tried again. */
  const judge = (reports: readonly FleetReport[]): void => {
    for (const report of reports) {
      if (!isHealthy(report)) speaker.say(report.kind === "refused" ? "WARNING" : "ERROR", describeReport(report));
    }
    if (reports.some((report) => report.kind === "replied" && !isHealthy(report))) schedule.failed(now());
  };

  const reconcile = async (): Promise<readonly FleetReport[]> => {
    const reports = await engine.reconcile(now());
    schedule.succeeded();
    judge(reports);
    return reports;
  };

  /** What stands by the present ruleset is applied anew; hosts are brought to exactly that. */
  const restore = async (): Promise<{
    readonly standing: readonly Ban[];
    readonly reports: readonly FleetReport[];
  }> => {
    const { standing, doubts } = await engine.restore(now());
    for (const [jail, cause] of doubts) {
      speaker.say(
        "WARNING",
        `[${jail}] bans stand although nobody could say who is ignored by now: ${reasonOf(cause)}`,
      );
    }
    const reports = await reconcile();
    await act();
    return { standing, reports };
  };

  const tick = async (): Promise<void> => {
    while (await engine.sweep(now()));
    await act();
    if (schedule.isDue(now())) await reconcile();
    if (now() < nextUpkeep) return;
    nextUpkeep = now() + UPKEEP;
    await state.batch(() => state.prune(now() - PRUNE_AFTER, PRUNED_AT_ONCE));
    if (deps.heal !== undefined) judge(await deps.heal());
  };

  const loop: LoopDeps<Batch> = {
    turns,
    take: takeLines,
    tick,
    wait: deps.wait,
    failed: (error, again) => speaker.say("ERROR", `${reasonOf(error)}; tried again in ${again / 1000} s`),
  };

  const readLogs = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      feed = new AbortController();
      const { jails } = engine.ruleset();
      const stored = (await state.offsets.all()).get(POSITIONS);
      follower = deps.follow({
        paths: deps.routes.follow(jails),
        ...(stored === undefined ? {} : { resume: JSON.parse(stored) as Positions }),
        now,
        report: ({ severity, message, next }) => {
          const level = ({ note: "INFO", warning: "WARNING", error: "ERROR" } as const)[severity];
          speaker.say(level, next === undefined ? message : `${message}. ${next}`);
        },
      });
      const until = AbortSignal.any([signal, feed.signal]);
      await Promise.all([consume(follower, loop, until), readJournal(until)]);
    }
  };

  const readJournal = async (until: AbortSignal): Promise<void> => {
    const source = deps.routes.journal(engine.ruleset().jails);
    if (source === undefined) return;
    const after = (await state.offsets.all()).get(CURSOR);
    const reader = deps.followJournal({
      matches: source.matches,
      ...(after === undefined ? {} : { after }),
      since: now() - source.findtime,
      now,
      report: ({ message, next }) => speaker.say("WARNING", `${message}. ${next}`),
    });
    await consume(reader, { ...loop, take: takeEntries }, until);
  };

  return {
    act,
    paths: () => follower?.paths() ?? [],
    lastBatch: () => lastBatch,
    async reload() {
      const next = await deps.loadRuleset();
      if ("kind" in next) {
        speaker.say("ERROR", "The configuration on disk is refused, the present one goes on");
        return next;
      }
      engine.use(next);
      // The reader comes back with the new paths, from where its last stored batch ended, whatever becomes of the bans.
      await restore().finally(() => feed.abort());
      speaker.say("INFO", `Reload finished: ${next.jails.map((jail) => jail.name).join(", ")}`);
      return undefined;
    },
    async start() {
      const { standing, reports } = await turns.take(restore);
      const hopeless = hopelessFailure(reports);
      if (hopeless !== undefined) {
        throw new CliFailure(`this machine cannot ban: ${hopeless}`, { next: "Or look on with --dry-run." });
      }
      const restored = standing.map(({ jail, id }): Happening => ({ kind: "restore", jail, id }));
      await speaker.write(restored, now());
      for (const { name } of engine.ruleset().jails) speaker.say("INFO", `Jail '${name}' started`);
    },
    async run(signal) {
      lastBatch = now();
      await Promise.all([readLogs(signal), keepTime(loop, signal)]);
    },
  };
}

/** Never bans the addresses that this host has; they are looked up again, as they change. */
export function createHostNeverBan(now: () => number): NeverBan {
  let list: NeverBan | undefined;
  let asOf = 0;
  return {
    reason(target) {
      if (list === undefined || now() - asOf > UPKEEP) {
        const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
        list = createNeverBan(own.flatMap(({ address }) => parseIp(address.replace(/%.*/, "")) ?? []));
        asOf = now();
      }
      return list.reason(target);
    },
  };
}

/** This machine's name in reports. */
export const HOST = hostname();
