/** What `run` does: opens everything, runs the daemon until it is told to end, and closes everything again. */

import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ControlError, type ControlRequest, type JsonValue } from "../../shared/adapters/local/control/protocol.ts";
import { type ControlServer, serveControl } from "../../shared/adapters/local/control/server.ts";
import { createDryRunFleet } from "../../shared/adapters/local/dry-run-fleet.ts";
import { createFollower } from "../../shared/adapters/local/follow/follower.ts";
import { createHostFleet, executeLocally } from "../../shared/adapters/local/host-fleet.ts";
import { createJournalReader } from "../../shared/adapters/local/journal/journal-reader.ts";
import { listenToSignals } from "../../shared/adapters/local/signals.ts";
import { createMemoryState, type LocalState, openLocalState } from "../../shared/adapters/local/state/local-state.ts";
import { createWhois } from "../../shared/adapters/whois/whois.ts";
import { createCachedResolver } from "../../shared/app/resolve-names.ts";
import { type Examined, examine } from "../../shared/core/config/examine.ts";
import type { JailConfig } from "../../shared/core/config/model.ts";
import { formatProblem } from "../../shared/core/config/problem.ts";
import type { Answer } from "../../shared/core/report/answer.ts";
import { formatRefusal, type Refusal } from "../../shared/core/report/refusal.ts";
import { PortError } from "../../shared/ports/failure.ts";
import type { Fleet } from "../../shared/ports/fleet.ts";
import { NO_METRICS } from "../../shared/ports/metrics.ts";
import type { CommandContext } from "../command-context.ts";
import type { ConfigOptions } from "../commands/common-options.ts";
import { loadConfiguration, showProblem } from "../configuration/load-configuration.ts";
import { createEngine } from "../engine/engine.ts";
import { createRuleset, type Ruleset } from "../engine/ruleset.ts";
import { CliFailure, reasonOf } from "../failure.ts";
import { defaultSocket, defaultState } from "../paths.ts";
import type { Terminal } from "../terminal.ts";
import { createDaemon, createHostNeverBan, HOST } from "./daemon.ts";
import { handleCommand } from "./handle-command.ts";
import { createSpeaker } from "./journal-lines.ts";
import { BAN_LOG, createLogRoutes, type LogRoutes } from "./log-routes.ts";
import { type DaemonRequest, parseRequest } from "./request.ts";
import { createSystemResolver } from "./resolver.ts";
import { shellIgnoreCommand } from "./run-ignore-command.ts";
import { createMailNotifier } from "./send-mail.ts";
import { createTurns } from "./turns.ts";

export interface RunOptions extends ConfigOptions {
  readonly state?: string;
  readonly socket?: string;
  readonly log?: string;
  readonly dryRun?: true;
  readonly once?: true;
}

/** With --once: so long without a new line, and the logs are read, ms. */
const QUIET = 1_500;
/** How long mail may take at the end, ms. */
const LAST_MAIL = 5_000;

/** Runs until SIGTERM, SIGINT or `stop`. Throws a CliFailure for what keeps it from starting. */
export async function runDaemon(options: RunOptions, context: CommandContext): Promise<void> {
  const { terminal, version } = context;
  const dryRun = options.dryRun === true;
  if (!dryRun && process.getuid?.() !== 0) {
    throw new CliFailure("run needs root to change the firewall", { next: "Use sudo, or look on with --dry-run." });
  }
  const now = Date.now;
  const routes = createLogRoutes(options.log ?? (dryRun ? undefined : BAN_LOG));
  const speaker = createSpeaker({
    note: terminal.note,
    zone: terminal.zone,
    now,
    file: options.log ?? (dryRun ? undefined : BAN_LOG),
  });
  const ruleset = await firstRuleset(options, routes, terminal);
  const stateFolder = options.state ?? defaultState(terminal.env);
  const state = dryRun && options.state === undefined ? await createMemoryState() : await openState(stateFolder);
  const turns = createTurns();
  const stop = new AbortController();
  const mail = createMailNotifier({
    warn: (message) => speaker.say("WARNING", message),
    whois: createWhois({ now }),
    teller: { name: hostname(), stack: undefined, zone: terminal.zone },
  });
  const fleet = dryRun ? dryRunFleet(terminal, options.json === true) : hostFleet(stateFolder);
  const engine = createEngine(ruleset, {
    ...{ state, fleet, banLog: speaker },
    notifier: dryRun ? { notify: async () => undefined } : mail,
    banLogSource: { stream: routes.banLog, zone: terminal.zone },
    neverBan: createHostNeverBan(now),
    resolver: createCachedResolver(createSystemResolver()),
    ignoreCommand: shellIgnoreCommand,
    metrics: NO_METRICS,
    wait: (duration) => sleep(duration),
  });
  const daemon = createDaemon({
    ...{ engine, state, speaker, routes, turns, now },
    wait: (duration, signal) => sleep(duration, undefined, { signal }).catch(() => undefined),
    follow: createFollower,
    followJournal: createJournalReader,
    loadRuleset: () => reloadedRuleset(options, routes, terminal),
    ...(dryRun ? {} : { heal: () => fleet.apply([]) }),
  });
  const removeSignals = listenToSignals({
    stop: () => stop.abort(),
    reload: async () => tellRefusal(await turns.take(() => daemon.reload()), speaker),
    failed: (error) => speaker.say("ERROR", `reload failed: ${reasonOf(error)}`),
    abort: (status) => process.exit(status),
  });
  let begin = () => {};
  const started = new Promise<void>((resolve) => {
    begin = resolve;
  });
  // People are answered once what stood before is applied again, not sooner.
  const answer = async (request: DaemonRequest): Promise<Answer> => {
    await started;
    return turns.take(() =>
      handleCommand(request, {
        ...{ version, now, engine, state },
        files: (jail) => filesOf(jail, daemon.paths(), routes),
        act: daemon.act,
        reload: daemon.reload,
        stop: () => stop.abort(),
      }),
    );
  };
  const control = await openControl(options, terminal, answer, (error) =>
    speaker.say("ERROR", `a command failed: ${reasonOf(error)}`),
  );
  speaker.say("INFO", `Starting fleet2ban v${version}${dryRun ? " (dry run: nothing is changed)" : ""}`);
  try {
    await daemon.start();
    begin();
    if (options.once) watchQuiet(daemon.lastBatch, stop);
    await daemon.run(stop.signal);
  } finally {
    stop.abort();
    removeSignals();
    await control?.close();
    await Promise.race([mail.drain(), sleep(LAST_MAIL)]);
    await state.close();
    speaker.say("INFO", "Exiting fleet2ban");
  }
}

/** The ruleset to start with: jails with mistakes are left out and named, as Fail2Ban does; with none left, it ends. */
async function firstRuleset(options: RunOptions, routes: LogRoutes, terminal: Terminal): Promise<Ruleset> {
  const examined = examineNow(options, terminal);
  const serious = examined.problems.filter((problem) => problem.severity !== "note");
  for (const problem of serious) terminal.note(showProblem(problem, terminal.colours));
  if (examined.filters.length === 0) {
    throw new CliFailure("no jail can run with this configuration", { next: "See: fleet2ban check" });
  }
  return rulesetOf(examined, routes, terminal);
}

/** The ruleset of a reload: any mistake keeps the present one, since somebody is there to mend it. */
async function reloadedRuleset(options: RunOptions, routes: LogRoutes, terminal: Terminal): Promise<Ruleset | Refusal> {
  try {
    const examined = examineNow(options, terminal);
    const errors = examined.problems.filter((problem) => problem.severity === "error");
    if (errors.length > 0) return { kind: "bad-configuration", problems: errors };
    if (examined.filters.length === 0) return { kind: "failed", reason: "no jail is enabled any more" };
    return await rulesetOf(examined, routes, terminal);
  } catch (error) {
    // Direction: whatever cannot be read now, the present ruleset goes on.
    return { kind: "failed", reason: reasonOf(error) };
  }
}

function examineNow({ config }: RunOptions, { zone }: Terminal): Examined {
  return examine(loadConfiguration(config).compiled, zone, Math.floor(Date.now() / 1000));
}

function rulesetOf(examined: Examined, { reads }: LogRoutes, { zone }: Terminal): Promise<Ruleset> {
  return createRuleset(examined, { zone, reads, readFile: (file) => readFile(file, "utf8") });
}

/** The socket; a dry run has one only where it is named, so that it does not stand in the way of the daemon. */
async function openControl(
  options: RunOptions,
  { env }: Terminal,
  answer: (request: DaemonRequest) => Promise<Answer>,
  failed: (error: unknown) => void,
): Promise<ControlServer | undefined> {
  if (options.dryRun && options.socket === undefined) return undefined;
  const handler = async ({ command, options: given }: ControlRequest) => {
    const [kind = ""] = command;
    const request = command.length === 1 ? parseRequest(kind, given) : undefined;
    const refusal: Answer = { kind: "refused", refusal: { kind: "invalid-command", command: kind } };
    return (request === undefined ? refusal : await answer(request)) as unknown as JsonValue;
  };
  try {
    return await serveControl(options.socket ?? defaultSocket(env), handler, { failed });
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    throw new CliFailure(error.message, { cause: error, ...(error.next !== undefined && { next: error.next }) });
  }
}

/** The files that a jail reads now; a recidive jail reads the ban log. */
function filesOf(jail: JailConfig, paths: readonly string[], routes: LogRoutes): readonly string[] {
  const read = paths.filter((path) => routes.reads(jail, path));
  return routes.reads(jail, routes.banLog) ? [...read, routes.banLog] : read;
}

async function openState(folder: string): Promise<LocalState> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return await openLocalState(join(folder, "db"));
  } catch (error) {
    if (error instanceof PortError) throw new CliFailure(error.message, { next: error.next, cause: error });
    throw new CliFailure(`cannot use the state folder ${folder}: ${reasonOf(error)}`, { cause: error });
  }
}

function hostFleet(stateFolder: string): Fleet {
  const env: Record<string, string> = { FLEET2BAN_STATE: join(stateFolder, "host") };
  for (const name of ["FLEET2BAN_BACKEND", "FLEET2BAN_PATH"]) {
    const value = process.env[name];
    if (value) env[name] = value;
  }
  return createHostFleet({ host: HOST, execute: executeLocally(), env });
}

function dryRunFleet(terminal: Terminal, json: boolean): Fleet {
  const print = json ? (line: string) => terminal.line(JSON.stringify({ dryRun: line })) : terminal.line;
  return createDryRunFleet({ print, now: Date.now });
}

function watchQuiet(lastBatch: () => number, stop: AbortController): void {
  const timer = setInterval(() => {
    if (Date.now() - lastBatch() > QUIET) stop.abort();
  }, 200);
  stop.signal.addEventListener("abort", () => clearInterval(timer));
}

function tellRefusal(refusal: Refusal | undefined, speaker: { say(level: "ERROR", message: string): void }): void {
  if (refusal === undefined) return;
  const problems =
    refusal.kind === "bad-configuration" ? refusal.problems.map(formatProblem) : [formatRefusal(refusal)];
  for (const problem of problems) speaker.say("ERROR", problem);
}
