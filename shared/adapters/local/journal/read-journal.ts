/**
 * What a journal holds now, through `journalctl`: every entry from the oldest on, and then the end. For following it, see
 * journal-reader.ts.
 */
import { spawn } from "node:child_process";
import { type JournalEntry, parseJournalEntry } from "../../../core/journal/entry.ts";
import { PortError } from "../../../ports/failure.ts";
import { splitEntries } from "./split-entries.ts";

export interface JournalRequest {
  /** Which journal, as options of journalctl: --system, --directory=…; none = all that may be read. */
  readonly which: readonly string[];
  /** What of it, in journalctl's words (core/journal/match.ts); empty = everything. */
  readonly matches: readonly string[];
  /** The program; `journalctl` from PATH if absent. */
  readonly command?: string;
}

/** What a failing journalctl says is kept so far. */
const LAST_WORDS = 500;

/** Throws a PortError where there is no journalctl ("missing") or it fails ("unavailable"). */
export async function* readJournal(request: JournalRequest): AsyncGenerator<JournalEntry, undefined> {
  const { command = "journalctl", which, matches } = request;
  const argv = ["--output=json", "--all", "--no-pager", "--quiet", ...which, "--", ...matches];
  const child = spawn(command, argv, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, LC_ALL: "C" } });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-LAST_WORDS);
  });
  const ended = new Promise<Error | number | string>((resolve) => {
    child.on("error", resolve);
    child.on("close", (code, signal) => resolve(code ?? signal ?? 0));
  });
  try {
    for await (const texts of splitEntries(child.stdout)) {
      for (const text of texts) {
        const entry = parseJournalEntry(text);
        if (entry !== undefined) yield entry;
      }
    }
    const end = await ended;
    if (end !== 0) throw failureOf(command, end, words.trim());
  } finally {
    child.kill();
  }
}

function failureOf(command: string, end: Error | number | string, words: string): PortError {
  if (end instanceof Error && "code" in end && end.code === "ENOENT") {
    const next = "Install systemd's journalctl, or give the log as a file or on standard input.";
    return new PortError("missing", `there is no ${command} here, which reads systemd's journal`, next, end);
  }
  const reason = end instanceof Error ? end.message : words || `exit ${end}`;
  return new PortError("unavailable", `the journal cannot be read: ${reason}`, "Run journalctl by hand and see.");
}
