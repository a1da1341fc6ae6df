/** What `demo` does: tells the story of a log, then shows the status trees. */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { examine } from "../../shared/core/config/examine.ts";
import type { JailConfig } from "../../shared/core/config/model.ts";
import { formatAllStatus } from "../../shared/core/report/status-tree.ts";
import { createStory, type StoryEvent, type StoryLine } from "../../shared/core/report/story.ts";
import { formatDuration, formatTime } from "../../shared/core/report/time-text.ts";
import type { CommandContext } from "../command-context.ts";
import type { CommonOptions } from "../commands/common-options.ts";
import { loadConfiguration, showProblem } from "../configuration/load-configuration.ts";
import { createRuleset, type Ruleset } from "../engine/ruleset.ts";
import { CliFailure } from "../failure.ts";
import { BUNDLED_CONFIG, EXAMPLES } from "../paths.ts";
import { createProgress } from "../progress.ts";
import { readLines } from "../regex/read-lines.ts";
import type { Colours, Terminal } from "../terminal.ts";
import { createReplay } from "./replay.ts";
import { createVirtualClock } from "./virtual-clock.ts";

export interface DemoOptions extends CommonOptions {
  readonly log?: string;
  readonly config?: string;
}

const BAN_LOG = "ban log";
/** On a terminal the story is told at a pace that eyes can follow, ms a line; elsewhere at once. */
const PACE = 12;

/** Replays the log, then prints the trees. Throws a CliFailure where log or configuration cannot be used. */
export async function runDemo(options: DemoOptions, { terminal }: CommandContext): Promise<void> {
  const path = options.log ?? `${EXAMPLES}/haproxy/haproxy.log`;
  const ruleset = await loadRuleset(options.config ?? BUNDLED_CONFIG, terminal);
  const lines: string[] = [];
  for await (const line of readLines({ kind: "file", path }, "utf-8", process.stdin)) lines.push(line);
  const clock = createVirtualClock(Date.now(), terminal.zone);
  const begin = clock.advance(lines[0] ?? "");
  const name = displayed(path);
  const events: StoryEvent[] = [];
  const teller = createTeller(ruleset, terminal, options.json === true);
  const replay = await createReplay({
    ...{ ruleset, clock, zone: terminal.zone, stream: name, banLogStream: BAN_LOG },
    files: (jail) => (reads(jail, BAN_LOG) ? jail.logs.map((log) => log.path) : [name]),
    tell: async (event) => {
      events.push(event);
      await teller.tell(event);
    },
  });
  teller.open(name, lines.length, begin);
  const started = performance.now();
  for (const [index, line] of lines.entries()) {
    await replay.take(line);
    teller.progress(index + 1, lines.length, clock.now());
  }
  const figures = await replay.figures();
  if (options.json) {
    terminal.json({ log: name, lines: lines.length, events, status: figures });
    return;
  }
  await teller.close({ lines: lines.length, span: clock.now() - begin, took: performance.now() - started, events });
  terminal.line(formatAllStatus(figures));
  const { dim } = terminal.colours;
  terminal.line(
    dim("\nYour own log: fleet2ban demo --log FILE. Your own jails: fleet2ban check --config DIR, then run --dry-run."),
  );
}

async function loadRuleset(directory: string, terminal: Terminal): Promise<Ruleset> {
  const { compiled } = loadConfiguration(directory);
  const examined = examine(compiled, terminal.zone, 1);
  const errors = examined.problems.filter((problem) => problem.severity === "error");
  for (const problem of errors) terminal.note(showProblem(problem, terminal.colours));
  if (examined.filters.length === 0) throw new CliFailure("no jail can run with this configuration");
  return createRuleset(examined, { zone: terminal.zone, reads, readFile: async (file) => readFileSync(file, "utf8") });
}

/** The log is read by every jail but those that read our own ban log. */
function reads(jail: JailConfig, stream: string): boolean {
  const readsBans = jail.logs.some(({ path }) => /\/(?:fleet2ban|fail2ban)\.log$/.test(path));
  return readsBans === (stream === BAN_LOG);
}

function displayed(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}

interface Summary {
  readonly lines: number;
  readonly span: number;
  readonly took: number;
  readonly events: readonly StoryEvent[];
}

/** Prints the story; with --json it says nothing. */
function createTeller({ jails }: Ruleset, terminal: Terminal, silent: boolean) {
  const { colours, zone } = terminal;
  const progress = createProgress(terminal);
  const story = createStory(zone);
  const width = Math.max(...jails.map((jail) => jail.name.length));
  let bans = 0;
  let failures = 0;
  const show = async (lines: readonly StoryLine[]) => {
    if (silent) return;
    for (const line of lines) {
      progress.line(painted(line, width, colours));
      if (terminal.interactive) await sleep(PACE);
    }
  };
  return {
    open(name: string, lines: number, begin: number) {
      if (silent) return;
      terminal.line(
        `${colours.bold("fleet2ban")} reads ${name}: ${lines} lines of HAProxy, from ${formatTime(begin, zone)}.`,
      );
      terminal.line(
        `${jails.length} jails look at them, on a clock that follows the log. Nothing on this machine is touched.`,
      );
      terminal.line("");
    },
    async tell(event: StoryEvent) {
      if (event.kind === "banned") bans++;
      if (event.kind === "found") failures++;
      await show(story.add(event));
    },
    progress(done: number, total: number, now: number) {
      if (!silent) progress.show(done, total, `${formatTime(now, zone)}  ${failures + bans} failures, ${bans} bans`);
    },
    async close(summary: Summary) {
      await show(story.end());
      progress.clear();
      terminal.line(`\n${summaryText(summary, colours)}\n`);
    },
  };
}

function painted({ time, jail, verb, text, sample }: StoryLine, width: number, colours: Colours): string {
  const head = `${colours.dim(time)}  ${jail.padEnd(width)}`;
  switch (verb) {
    case "day":
      return colours.bold(text);
    case "found":
      return colours.dim(`${time}  ${jail.padEnd(width)}  found  ${text}`);
    case "BAN":
      return `${head}  ${colours.bold(colours.red("BAN"))}    ${text}${sample === undefined ? "" : colours.dim(`   ${sample}`)}`;
    case "unban":
      return `${head}  ${colours.green("unban")}  ${text}`;
  }
}

function summaryText({ lines, span, took, events }: Summary, colours: Colours): string {
  const count = (kind: StoryEvent["kind"]) => events.filter((event) => event.kind === kind).length;
  const ids = new Set(events.map((event) => (event.kind === "found" ? event.id : event.ban.id)));
  const banned = new Set(events.flatMap((event) => (event.kind === "banned" ? [event.ban.id] : [])));
  const during = events.filter((event) => event.kind === "found" && event.during).length;
  // The failure that completes a window is told as the ban.
  const failures = count("found") + count("banned");
  const bans = colours.bold(`${count("banned")} bans of ${banned.size} addresses`);
  return (
    `${lines} lines, ${formatDuration(span)} of log, in ${(took / 1000).toFixed(1)} s: ${failures} failures by ${ids.size} ` +
    `addresses (${during} while banned), ${bans}, ${count("unbanned")} unbans.`
  );
}
