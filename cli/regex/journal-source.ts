/** `systemd-journal` in the place of LOG: which journal its arguments mean, and its entries as lines. */
import { type JournalRequest, readJournal } from "../../shared/adapters/local/journal/read-journal.ts";
import { parseOptionList } from "../../shared/core/config/option-list.ts";
import { parseJournalMatch } from "../../shared/core/journal/match.ts";
import { PortError } from "../../shared/ports/failure.ts";
import { CliFailure, EXIT_USAGE } from "../failure.ts";

/** A line, and when it was written (epoch ms) where its source knows. */
export interface LogLine {
  readonly text: string;
  readonly at?: number;
}

/** The bits of journalflags, which are systemd's own: only this machine's entries, only those in memory, the system's, the user's. */
const LOCAL = 1;
const RUNTIME = 2;
const SYSTEM = 4;
const USER = 8;
/** Where journald keeps what does not outlive a boot; journalctl has no option of its own for that. */
const RUNTIME_DIRECTORY = "/run/log/journal";

/** Whether LOG means the journal. */
export function meansJournal(log: string): boolean {
  return /^systemd-journal(?:\[|$)/.test(log);
}

/**
 * Options of journalctl for `systemd-journal[journalflags=…, journalpath=…, journalfiles=…, namespace=…]`: the system's
 * journal of this machine, which is what the daemon reads, if nothing is said. Throws a CliFailure for what is wrong.
 */
export function whichJournal(log: string): readonly string[] {
  const list = parseOptionList(log);
  if (list.kind === "option-list-error") throw wrong(list.message);
  const which: string[] = [];
  let flags: string | undefined;
  for (const [name, value] of list.options) {
    if (name === "journalflags") flags = value;
    else if (name === "journalpath") which.push(`--directory=${value}`);
    else if (name === "journalfiles") which.push(...value.split(/[\s,]+/).map((file) => `--file=${file}`));
    else if (name === "namespace") which.push(`--namespace=${value}`);
    else throw wrong(`systemd-journal knows no ${name}`);
  }
  const elsewhere = list.options.has("journalpath") || list.options.has("journalfiles");
  if (flags === undefined) return elsewhere ? which : ["--system", ...which];
  return [...optionsOf(flags, elsewhere), ...which];
}

/** `elsewhere`: a path or files are named, which leaves nothing to say about whose journal and where it is kept. */
function optionsOf(flags: string, elsewhere: boolean): readonly string[] {
  const bits = Number(flags);
  if (!/^\d{1,2}$/.test(flags) || bits > (LOCAL | RUNTIME | SYSTEM | USER)) {
    throw wrong(`journalflags = ${flags} is no sum of ${LOCAL}, ${RUNTIME}, ${SYSTEM} and ${USER}`);
  }
  const has = (bit: number) => (bits & bit) !== 0;
  if (has(RUNTIME) && elsewhere) throw wrong(`journalflags = ${flags} excludes journalpath and journalfiles`);
  const place = has(RUNTIME) ? [`--directory=${RUNTIME_DIRECTORY}`] : has(LOCAL) || elsewhere ? [] : ["--merge"];
  return [...place, ...(has(SYSTEM) ? ["--system"] : []), ...(has(USER) ? ["--user"] : [])];
}

/** The journal's entries as Fail2Ban's lines, each with the time at which it was written. Throws a CliFailure. */
export async function* journalLines(
  which: readonly string[],
  journalmatch: readonly string[],
): AsyncGenerator<LogLine> {
  const parsed = parseJournalMatch(journalmatch);
  const request: JournalRequest = { which, matches: parsed.kind === "match" ? parsed.words : [] };
  try {
    for await (const { line, at } of readJournal(request)) yield at === undefined ? { text: line } : { text: line, at };
  } catch (error) {
    // What is no PortError is a defect of ours: main prints it as one.
    if (!(error instanceof PortError)) throw error;
    throw new CliFailure(error.message, { next: error.next, cause: error });
  }
}

function wrong(message: string): CliFailure {
  const next =
    "Write systemd-journal, or systemd-journal[journalflags=FLAGS, journalpath=DIR, journalfiles=…]; FLAGS adds up 1 this machine, 2 memory, 4 system, 8 user.";
  return new CliFailure(message, { exitCode: EXIT_USAGE, next });
}
