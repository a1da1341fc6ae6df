/** The installed Fail2Ban as judge of dates: one process for many lines. */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { available } from "../../support/require.ts";

const PYTHON = "/usr/bin/python3";
const SCRIPT = fileURLToPath(new URL("fail2ban-dates.py", import.meta.url));

/** Whether Fail2Ban is installed; on CI its absence is a failure. */
export const hasFail2Ban = available(["python3", "fail2ban-regex"]);

export interface Case {
  readonly patterns: readonly string[];
  readonly line: string;
  /** Epoch ms. */
  readonly now: number;
  readonly timezone?: string;
  /** The machine's zone, as the environment variable TZ has it; default UTC. */
  readonly machineZone?: string;
  /** With its love of the very last template. */
  readonly asItIs?: boolean;
}

export interface Answer {
  /** -1 = no date. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
  /** Epoch ms; undefined if the date could not be read. */
  readonly at: number | undefined;
}

/** Answers in the order of the cases, spans in UTF-16 units; a text where Fail2Ban refuses the patterns. */
export function askFail2Ban(cases: readonly Case[]): readonly (Answer | string)[] {
  const { status, stdout, stderr } = spawnSync(PYTHON, [SCRIPT], {
    input: JSON.stringify({ cases }),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${SCRIPT}: ${stderr}`);
  const { answers } = JSON.parse(stdout) as { answers: readonly (readonly unknown[] | { error: string })[] };
  return answers.map((answer, number) => {
    if ("error" in answer) return answer.error;
    const [index, start, end, seconds] = answer as [number, number, number, number | null];
    if (index < 0) return NOT_FOUND;
    const points = [...cases[number]!.line];
    const units = (count: number): number => points.slice(0, Math.max(0, count)).join("").length;
    const at = seconds === null ? undefined : Math.floor(seconds * 1000);
    return { index, start: units(start), end: units(end), at };
  });
}

const NOT_FOUND: Answer = { index: -1, start: -1, end: -1, at: undefined };

/** Where the package lies: its filters' sample logs, for tests only. */
export function fail2BanFolder(): string {
  const code = "import fail2ban,os;print(os.path.dirname(fail2ban.__file__))";
  return execFileSync(PYTHON, ["-c", code], { encoding: "utf8" }).trim();
}

export function sampleLogs(): string {
  return join(fail2BanFolder(), "tests", "files", "logs");
}

/** Minutes east of Greenwich of a named zone at an instant, by the machine's own zone data. */
export function offsetIn(zone: string): (at: number) => number {
  const known = OFFSETS.get(zone) ?? (zone === "UTC" ? () => 0 : zoneReader(zone));
  OFFSETS.set(zone, known);
  return known;
}

const OFFSETS = new Map<string, (at: number) => number>();

function zoneReader(zone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    calendar: "gregory",
    era: "short",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
    hourCycle: "h23",
  });
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
    const wall = Date.UTC(2000, number("month") - 1, number("day"), number("hour"), number("minute"), number("second"));
    return Math.round((new Date(wall).setUTCFullYear(number("year")) - at) / 60_000);
  };
}
