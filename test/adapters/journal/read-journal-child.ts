/** Reads so many entries of the journal of the namespace it runs in, prints them as JSON lines, and ends. */
import { createJournalReader } from "../../../shared/adapters/local/journal/journal-reader.ts";
import { parseJournalEntry } from "../../../shared/core/journal/entry.ts";

const [count, after] = process.argv.slice(2);
const reader = createJournalReader({
  matches: ["SYSLOG_IDENTIFIER=app", "+", "SYSLOG_IDENTIFIER=other"],
  ...(after === undefined ? {} : { after }),
  since: Date.now() - 600_000,
  now: Date.now,
});
let left = Number(count);
for await (const { events } of reader) {
  for (const { id, text } of events) {
    console.log(JSON.stringify({ id, line: parseJournalEntry(text)!.line, at: parseJournalEntry(text)!.at }));
    if (--left === 0) await reader.stop();
  }
}
