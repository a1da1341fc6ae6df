/** The journal's reader on a journalctl of our own: what it is asked, what it says, and how it ends. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createJournalReader,
  type JournalBatch,
  type JournalOptions,
} from "../../../shared/adapters/local/journal/journal-reader.ts";
import { splitEntries } from "../../../shared/adapters/local/journal/split-entries.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fleet2ban-journal-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes down its arguments, prints the entries behind the cursor it is given, at most `atOnce`, and ends or stays. */
function fakeJournalctl(entries: readonly unknown[], { atOnce = 99, stays = true } = {}): string {
  const program = join(folder, "journalctl");
  writeFileSync(join(folder, "entries"), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  const script = `#!/bin/sh
printf '%s\\n' "$*" >> "${folder}/asked"
after=0
for word in "$@"; do case "$word" in --after-cursor=*) after=\${word#--after-cursor=c} ;; esac; done
tail -n "+$((after + 1))" "${folder}/entries" | head -n ${atOnce}
${stays ? "exec sleep 60" : "echo 'the journal went away' >&2; exit 1"}
`;
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  return program;
}

const BEGIN = 1_763_160_000_000;

function entry(nth: number, written = BEGIN + nth): unknown {
  return { __CURSOR: `c${nth}`, __REALTIME_TIMESTAMP: `${written * 1_000}`, _PID: "1", MESSAGE: `message ${nth}` };
}

async function take(count: number, options: Partial<JournalOptions>): Promise<JournalBatch[]> {
  const reader = createJournalReader({
    matches: [],
    since: BEGIN - 600_000,
    now: () => BEGIN,
    firstWait: 5,
    ...options,
  });
  const batches: JournalBatch[] = [];
  let events = 0;
  for await (const batch of reader) {
    batches.push(batch);
    events += batch.events.length;
    if (events >= count) await reader.stop();
  }
  return batches;
}

const asked = () => readFileSync(join(folder, "asked"), "utf8").trimEnd().split("\n");

describe("the journal's reader", () => {
  it("hands out entries with the cursor behind them, and tells old ones", async () => {
    const command = fakeJournalctl([entry(1, BEGIN - 5_000), entry(2)]);
    const batches = await take(2, { command });
    const events = batches.flatMap((batch) => batch.events);
    expect(events.map(({ id, stream, at, catchUp }) => [id, stream, at, catchUp ?? false])).toEqual([
      ["c1", "journal", BEGIN, true],
      ["c2", "journal", BEGIN, false],
    ]);
    expect(batches.at(-1)!.cursor).toBe("c2");
    expect(JSON.parse(events[1]!.text)).toEqual(entry(2));
  });

  it("asks for what jails read, from a time or behind a cursor", async () => {
    const command = fakeJournalctl([entry(1), entry(2), entry(3)]);
    await take(1, { command, matches: ["_COMM=a b", "+", "_UID=0"] });
    const [last] = await take(1, { command, after: "c2" });
    expect(last!.events.map(({ id }) => id)).toEqual(["c3"]);
    const [first, second] = asked();
    expect(first).toContain(`--since=@${(BEGIN - 600_000) / 1_000} -- _COMM=a b + _UID=0`);
    expect(first).toContain("--output=json --all --system --follow --no-tail");
    expect(second).toMatch(/--after-cursor=c2 --$/);
  });

  it("goes on behind the last entry where journalctl ends, and says why it did", async () => {
    const command = fakeJournalctl([entry(1), entry(2), entry(3)], { atOnce: 1, stays: false });
    const notices: string[] = [];
    const batches = await take(3, { command, report: ({ message }) => notices.push(message) });
    expect(batches.flatMap((batch) => batch.events.map(({ id }) => id))).toEqual(["c1", "c2", "c3"]);
    expect(notices.slice(0, 2)).toEqual(Array(2).fill("journalctl ended: the journal went away"));
  });

  it("says what to do where there is no journalctl, and tries again until it is stopped", async () => {
    const notices: { message: string; next: string }[] = [];
    const reader = createJournalReader({
      ...{ matches: [], since: 0, now: () => BEGIN, firstWait: 1, command: join(folder, "nothing") },
      report: (notice) => {
        notices.push(notice);
        if (notices.length === 2) void reader.stop();
      },
    });
    for await (const _ of reader) throw new Error("there is nothing to hand out");
    expect(notices).toMatchObject([
      { message: expect.stringContaining("ENOENT"), next: expect.stringContaining("logpath") },
      {},
    ]);
  });

  it("ends at once while nothing happens", async () => {
    const reader = createJournalReader({ matches: [], since: 0, now: () => BEGIN, command: fakeJournalctl([]) });
    setTimeout(() => void reader.stop(), 50);
    for await (const _ of reader) throw new Error("there is nothing to hand out");
  });
});

describe("journalctl's output", () => {
  const split = async (chunks: readonly string[]) => {
    const lines: string[] = [];
    for await (const some of splitEntries(Readable.from(chunks.map((chunk) => Buffer.from(chunk)))))
      lines.push(...some);
    return lines;
  };

  it.each([
    { name: "whole lines", chunks: ["a\nb\n"], expected: ["a", "b"] },
    { name: "lines across chunks", chunks: ["a", "b\nc", "", "\n"], expected: ["ab", "c"] },
    { name: "a last line without an end", chunks: ["a\nb"], expected: ["a"] },
    {
      name: "a line too long, and the one behind it",
      chunks: ["x".repeat(1 << 19), "x".repeat(1 << 20), "x\nb\n"],
      expected: ["b"],
    },
  ])("is split: $name", async ({ chunks, expected }) => expect(await split(chunks)).toEqual(expected));
});
