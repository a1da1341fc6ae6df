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

/** Fail2Ban's journalflags that journalctl has a word for: all, of this machine, the system's, the user's. */
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  0: [],
  1: [],
  4: ["--system"],
  5: ["--system"],
  8: ["--user"],
};

/** Whether LOG means the journal. */
export function meansJournal(log: string): boolean {
  return /^systemd-journal(?:\[|$)/.test(log);
}

/**
 * Options of journalctl for `systemd-journal[journalflags=…, journalpath=…, journalfiles=…, namespace=…]`: the system's own
 * journal if nothing is said. Throws a CliFailure for what journalctl cannot do.
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
  const chosen = FLAGS[flags ?? (elsewhere ? "0" : "4")];
  if (chosen === undefined) throw wrong(`journalflags = ${flags} cannot be asked of journalctl`);
  return [...chosen, ...which];
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
  const next = "Write systemd-journal, or systemd-journal[journalflags=0|1|4|8, journalpath=DIR, journalfiles=…].";
  return new CliFailure(message, { exitCode: EXIT_USAGE, next });
}
