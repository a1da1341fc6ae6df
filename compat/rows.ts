/**
 * `regex -r -o row` over every annotated log that has a filter of its name, against Fail2Ban's own command: the same
 * failures, with the same ids, times and groups, printed alike.
 *
 * Fail2Ban's command runs in one Python process for all files, because to start one for each would take half a minute.
 */
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import picocolors from "picocolors";
import { type RegexOptions, testRegex } from "../cli/regex/test-regex.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { Installation } from "./corpus.ts";
import { centralEurope } from "./corpus-time.ts";
import type { Disagreement, Score } from "./evaluate.ts";
import { NO_ROW } from "./exceptions.ts";

export interface RowsReport {
  readonly rows: Score;
  /** A file agrees if all of its rows do. */
  readonly files: Score;
  /** `number` counts a file's rows from 1. */
  readonly disagreements: readonly Disagreement[];
}

/**
 * Prints one object: the rows of each file. A set has no order, so its values are sorted; lines whose filter knows no date
 * happen at the time that is given.
 */
const PROGRAM = `
import json, logging, os, sys, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
from fail2ban.client import fail2banregex
from fail2ban.server import filter as server
from fail2ban.server.mytime import MyTime
class Sorted(set):
    def __repr__(self):
        return "{%s}" % ", ".join(map(repr, sorted(self))) if self else "set()"
server.set = Sorted
config, logs, now = sys.argv[1:4]
MyTime.time = staticmethod(lambda: float(now))
rows = {}
for name in sys.argv[4:]:
    printed = rows[name] = []
    fail2banregex.output = printed.append
    try:
        fail2banregex.exec_command_line(
            ["-c", config, "-e", "UTF-8", "-r", "-o", "row", os.path.join(logs, name),
             os.path.join(config, "filter.d", name + ".conf")])
    except (Exception, SystemExit) as error:
        printed.append("ended by %r" % (error,))
json.dump(rows, sys.stdout)
`;

/** When all lines are looked at, epoch ms, a whole second. */
const NOW = Math.floor(Date.now() / 1_000) * 1_000;
/** POSIX' way to write what `centralEurope` is, for which Python needs no time zone database. */
const ZONE = "CET-1CEST,M3.5.0,M10.5.0/3";

/** Takes about four seconds of two processors. */
export async function compareRows({ tests, config }: Installation): Promise<RowsReport> {
  const folder = mkdtempSync(join(tmpdir(), "fleet2ban-compat-"));
  try {
    const names = copyLogs(join(tests, "files/logs"), folder, config);
    const theirs = rowsOfFail2Ban(names, { folder, config, packages: dirname(dirname(tests)) });
    const ours = new Map<string, readonly string[]>();
    for (const name of names) ours.set(name, await ownRows(join(folder, name), name, config));
    const expected = await theirs;
    return sum(names.map((name) => compareFile(name, expected[name] ?? [], ours.get(name)!)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The logs with a filter of their name; Fail2Ban leaves out a last line that has no end, so each gets one. */
function copyLogs(logs: string, folder: string, config: string): readonly string[] {
  const names = readdirSync(logs).filter((name) => existsSync(join(config, "filter.d", `${name}.conf`)));
  for (const name of names) {
    cpSync(join(logs, name), join(folder, name));
    const bytes = readFileSync(join(logs, name));
    if (bytes.at(-1) !== 0x0a) writeFileSync(join(folder, name), "\n", { flag: "a" });
  }
  return names.sort();
}

async function rowsOfFail2Ban(
  names: readonly string[],
  { folder, config, packages }: { readonly folder: string; readonly config: string; readonly packages: string },
): Promise<Readonly<Record<string, readonly string[]>>> {
  const { stdout } = await promisify(execFile)(
    "/usr/bin/python3",
    ["-c", PROGRAM, config, folder, String(NOW / 1_000), ...names],
    {
      encoding: "utf8",
      maxBuffer: 1 << 26,
      cwd: "/",
      env: { ...process.env, TZ: ZONE, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: "1" },
    },
  );
  return JSON.parse(stdout) as Record<string, string[]>;
}

async function ownRows(log: string, name: string, config: string): Promise<readonly string[]> {
  const rows: string[] = [];
  const terminal: Terminal = {
    line: (text) => void rows.push(text),
    write: (text) => void rows.push(text),
    note: (text) => void rows.push(text),
    aside: { line() {}, write() {}, interactive: false, columns: 80 },
    json: (value) => void rows.push(JSON.stringify(value)),
    colours: picocolors.createColors(false),
    interactive: false,
    columns: 80,
    zone: centralEurope,
    env: {},
  };
  const regex = join(config, "filter.d", `${name}.conf`);
  const options: RegexOptions = { config, encoding: "UTF-8", raw: true, out: "row", checkAll: true, verbose: 0 };
  try {
    await testRegex({ log, regex, ignoreregex: undefined, now: NOW }, options, {
      terminal,
      version: "",
      exit: () => undefined,
    });
  } catch (error) {
    // A filter that cannot be used is one more row, which Fail2Ban does not have.
    rows.push(`ended by ${error instanceof Error ? error.message : String(error)}`);
  }
  return rows;
}

interface FileRows {
  readonly rows: Score;
  readonly disagreements: readonly Disagreement[];
}

/** Rows in their order; one that only one side has is no reason for those after it to differ. */
export function compareFile(file: string, theirs: readonly string[], ours: readonly string[]): FileRows {
  const disagreements: Disagreement[] = [];
  let agree = 0;
  let next = 0;
  const differ = (number: number, text: string, expected: string, got: string) =>
    disagreements.push({ filter: file, options: {}, file, number, text, aspect: "row", expected, got });
  for (const [index, row] of theirs.entries()) {
    if (ours[next] === row) {
      agree += 1;
      next += 1;
      continue;
    }
    const later = ours.indexOf(row, next);
    // What only we have before it is of the same failure if theirs of now comes nowhere later.
    const got = later < 0 && !theirs.includes(ours[next] ?? "", index) ? ours[next++] : undefined;
    if (later >= 0) {
      for (; next < later; next++) differ(index + 1, ours[next]!, NO_ROW, ours[next]!);
      agree += 1;
      next += 1;
    } else differ(index + 1, row, row, got ?? NO_ROW);
  }
  for (; next < ours.length; next++) differ(theirs.length, ours[next]!, NO_ROW, ours[next]!);
  const extra = disagreements.filter(({ expected }) => expected === NO_ROW).length;
  return { rows: { agree, total: theirs.length + extra }, disagreements };
}

function sum(files: readonly FileRows[]): RowsReport {
  const agree = files.reduce((all, { rows }) => all + rows.agree, 0);
  const total = files.reduce((all, { rows }) => all + rows.total, 0);
  const same = files.filter(({ disagreements }) => disagreements.length === 0).length;
  return {
    rows: { agree, total },
    files: { agree: same, total: files.length },
    disagreements: files.flatMap(({ disagreements }) => disagreements),
  };
}
