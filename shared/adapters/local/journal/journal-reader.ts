/**
 * Follows the journal of this machine through `journalctl`: batches of entries, each with the cursor that holds after it.
 *
 * As with log files: whoever takes a batch saves what it led to together with the cursor, and only then asks for the next.
 * Where journalctl ends, it is started again behind the last entry that was handed out.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { LogEvent } from "../../../core/filter/event.ts";
import { JOURNAL_STREAM } from "../../../core/filter/journal-jails.ts";
import { parseJournalEntry } from "../../../core/journal/entry.ts";
import { splitEntries } from "./split-entries.ts";

export interface JournalOptions {
  /** What to read, in journalctl's words (core/journal/match.ts); empty = everything. */
  readonly matches: readonly string[];
  /** The cursor of the last batch that was saved. */
  readonly after?: string;
  /** Where there is no cursor: entries written at or after this, epoch ms. */
  readonly since: number;
  /** Epoch ms: becomes `at` of the events. */
  readonly now: () => number;
  /** Hears why journalctl ended or cannot be started, and what to do. */
  readonly report?: (notice: { readonly message: string; readonly next: string }) => void;
  /** The program; `journalctl` from PATH if absent. */
  readonly command?: string;
  /** Waits before journalctl is started again, ms; the first, doubled each time up to 30 s. Default 1000. */
  readonly firstWait?: number;
}

export interface JournalBatch {
  readonly events: readonly LogEvent[];
  readonly cursor: string;
}

export interface JournalReader extends AsyncIterable<JournalBatch> {
  /** Ends the iteration and journalctl. */
  stop(): Promise<void>;
}

const LONGEST_WAIT = 30_000;
/** What a failing journalctl says is kept so far. */
const LAST_WORDS = 500;

export function createJournalReader(options: JournalOptions): JournalReader {
  const stopped = new AbortController();
  return {
    [Symbol.asyncIterator]: () => read(options, stopped.signal),
    async stop() {
      stopped.abort();
    },
  };
}

async function* read(options: JournalOptions, stopped: AbortSignal): AsyncGenerator<JournalBatch, undefined> {
  const begun = options.now();
  let cursor = options.after;
  let wait = options.firstWait ?? 1_000;
  while (!stopped.aborted) {
    const run = startJournalctl(options, cursor);
    const end = () => run.child.kill();
    stopped.addEventListener("abort", end, { once: true });
    try {
      for await (const texts of splitEntries(run.child.stdout)) {
        const batch = toBatch(texts, options.now(), begun);
        if (batch === undefined) continue;
        cursor = batch.cursor;
        wait = options.firstWait ?? 1_000;
        yield batch;
        if (stopped.aborted) return;
      }
      const reason = await run.ended;
      if (stopped.aborted) return;
      options.report?.({ message: `journalctl ended: ${reason}`, next: adviceFor(reason) });
    } finally {
      stopped.removeEventListener("abort", end);
      end();
    }
    await sleep(wait, undefined, { signal: stopped }).catch(() => undefined);
    wait = Math.min(2 * wait, LONGEST_WAIT);
  }
}

interface Run {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** How it ended. */
  readonly ended: Promise<string>;
}

function startJournalctl({ command = "journalctl", matches, since }: JournalOptions, cursor: string | undefined): Run {
  const from = cursor === undefined ? `--since=@${Math.floor(since / 1_000)}` : `--after-cursor=${cursor}`;
  const how = ["--output=json", "--all", "--system", "--follow", "--no-tail", "--no-pager", "--quiet"];
  const child = spawn(command, [...how, from, "--", ...matches], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, LC_ALL: "C" },
  });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-LAST_WORDS);
  });
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(words.trim() || `exit ${code ?? signal}`));
  });
  return { child, ended };
}

function adviceFor(reason: string): string {
  if (reason.includes("ENOENT")) return "Install systemd's journalctl, or give the jail a backend and a logpath.";
  return "It is started again in a moment; where this stays, run it by hand and see.";
}

function toBatch(texts: readonly string[], now: number, begun: number): JournalBatch | undefined {
  let cursor: string | undefined;
  const events: LogEvent[] = [];
  for (const text of texts) {
    const entry = parseJournalEntry(text);
    if (entry?.cursor === undefined) continue;
    cursor = entry.cursor;
    const old = entry.at !== undefined && entry.at < begun;
    events.push({ id: cursor, stream: JOURNAL_STREAM, at: now, text, ...(old ? { catchUp: true } : {}) });
  }
  return cursor === undefined ? undefined : { events, cursor };
}
