/**
 * Our own matcher against Python's `re`: the regexes of Fail2Ban's sshd filter that RE2 cannot run, on the filter's own
 * annotated log, and one of them on a hostile line that doubles.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readConfigFiles } from "../shared/adapters/local/config-files.ts";
import { compileConfiguration } from "../shared/core/config/compile-configuration.ts";
import { type CompiledRegex, compileTagged } from "../shared/core/regex/compile.ts";

export interface Searches {
  readonly lines: number;
  /** Ns a search, mean over all regexes and lines. */
  readonly ours: number;
  readonly python: number;
}

export interface LookAround {
  readonly regexes: number;
  /** Lines that none of the regexes matches. */
  readonly ordinary: Searches;
  /** Lines that one of them matches. */
  readonly failing: Searches;
  /** Time per byte at 64 KB over that at 1 KB, of the hostile text that grows worst. */
  readonly hostileGrowth: number;
}

const CONFIG = "/etc/fail2ban";
/** The system's own: Debian installs Fail2Ban for it. */
const PYTHON3 = "/usr/bin/python3";
const ROUNDS = 200;
/** What a client can repeat in a name that sshd logs. */
const HOSTILE = ["Failed password for invalid user ", " from 192.0.2.1 port 1 ", "a ", ": ", "\\ "];

/** Undefined where Fail2Ban is not installed. */
export function measureLookAround(): LookAround | undefined {
  const lines = sshdLines();
  const regexes = lines === undefined ? [] : sshdRegexes();
  if (lines === undefined || regexes.length === 0) return undefined;
  const isFailing = (line: string) => regexes.some((regex) => regex.exec(line) !== undefined);
  return {
    regexes: regexes.length,
    ordinary: timeSearches(
      regexes,
      lines.filter((line) => !isFailing(line)),
    ),
    failing: timeSearches(regexes, lines.filter(isFailing)),
    hostileGrowth: growthOf(regexes),
  };
}

function timeSearches(regexes: readonly CompiledRegex[], lines: readonly string[]): Searches {
  const run = () => {
    for (const regex of regexes) for (const line of lines) regex.exec(line);
  };
  for (let round = 0; round < ROUNDS; round++) run();
  const start = performance.now();
  for (let round = 0; round < ROUNDS; round++) run();
  const ours = ((performance.now() - start) * 1e6) / (regexes.length * lines.length * ROUNDS);
  const sources = regexes.map(({ source }) => source);
  return { lines: lines.length, ours, python: pythonNs(sources, lines) };
}

function sshdRegexes(): readonly CompiledRegex[] {
  const { jails } = compileConfiguration(readConfigFiles(CONFIG), { everyJail: true });
  const failregex = jails.find(({ name }) => name === "sshd")?.filter.failregex ?? [];
  return failregex.flatMap(({ text }) => {
    const compilation = compileTagged(text);
    return compilation.kind === "ok" && compilation.regex.engine === "linear" ? [compilation.regex] : [];
  });
}

/** The log lines of the package's test log, cut as the prefregex would cut them. */
function sshdLines(): readonly string[] | undefined {
  try {
    const folder = execFileSync(PYTHON3, ["-c", "import fail2ban, os; print(os.path.dirname(fail2ban.__file__))"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
    const log = readFileSync(join(folder, "tests/files/logs/sshd"), "utf8");
    const lines = log.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return lines.map((line) => `${line.replace(/^.*?sshd\S*: (?:error: )?(?:PAM: )?/, "")}\n`);
  } catch {
    // Not installed: the bench says so and goes on.
    return undefined;
  }
}

const PYTHON = `
import json, re, sys, time
given = json.load(sys.stdin)
regexes = [re.compile(source) for source in given["regexes"]]
lines = given["lines"]
def run():
    for regex in regexes:
        search = regex.search
        for line in lines:
            search(line)
run()
start = time.perf_counter()
for _ in range(given["rounds"]):
    run()
print((time.perf_counter() - start) * 1e9 / (len(regexes) * len(lines) * given["rounds"]))
`;

function pythonNs(regexes: readonly string[], lines: readonly string[]): number {
  const input = JSON.stringify({ regexes, lines, rounds: ROUNDS });
  return Number(execFileSync(PYTHON3, ["-c", PYTHON], { input, encoding: "utf8" }));
}

/** The worst growth of the time per byte from 1 KB to 64 KB: 1 = linear. */
function growthOf(regexes: readonly CompiledRegex[]): number {
  return Math.max(
    ...regexes.flatMap((regex) => HOSTILE.map((unit) => perByte(regex, unit, 64 * 1024) / perByte(regex, unit, 1024))),
  );
}

/** Least time of some runs, ns a byte: whatever else the machine does only adds. */
function perByte(regex: CompiledRegex, unit: string, length: number): number {
  const text = `Failed password for ${unit.repeat(Math.ceil(length / unit.length))}`.slice(0, length);
  const rounds = Math.max(1, Math.round((64 * 1024) / length));
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const start = performance.now();
    for (let round = 0; round < rounds; round++) regex.exec(text);
    least = Math.min(least, performance.now() - start);
  }
  return (least * 1e6) / (rounds * length);
}
