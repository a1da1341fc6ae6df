/** The rig's log agent: every whole line of a file becomes one event, in order, in batches that PutLogEvents would take. */
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type LogEvent, MOST_BYTES, MOST_EVENTS, startLogAgent } from "../../rig/log-agent.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fleet2ban-log-agent-"));
  path = join(folder, "haproxy.log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function start(flush = 60_000) {
  const batches: (readonly LogEvent[])[] = [];
  const heard: string[] = [];
  const agent = startLogAgent({
    ...{ path, flush: () => flush, hear: (line: string) => heard.push(line) },
    put: (events) => batches.push(events),
  });
  return { batches, heard, agent, texts: () => batches.map((events) => events.map(({ message }) => message)) };
}

describe("the rig's log agent", () => {
  it("waits for the file, and for the end of a line", async () => {
    const { agent, heard, texts } = start();
    appendFileSync(path, "one\ntwo\nthr");
    await vi.waitFor(() => expect(heard).toEqual(["one", "two"]));
    appendFileSync(path, "ee ü\n\nfo");
    await vi.waitFor(() => expect(heard).toEqual(["one", "two", "three ü", ""]));
    await agent.close();
    // The empty line is no event, the half one no line.
    expect(texts()).toEqual([["one", "two", "three ü"]]);
  });

  it("sends a batch when its first line is old enough, though lines keep coming", async () => {
    const { agent, texts, batches, heard } = start(1_000);
    const begun = Date.now();
    const writing = setInterval(() => appendFileSync(path, "line\n"), 50);
    await vi.waitFor(() => expect(batches.length).toBeGreaterThan(0), 20_000);
    clearInterval(writing);
    expect(batches[0]!.length).toBeGreaterThan(1);
    for (const { timestamp } of batches.flat()) {
      expect(timestamp).toBeGreaterThanOrEqual(begun);
      expect(timestamp).toBeLessThanOrEqual(Date.now());
    }
    await agent.close();
    expect(texts().flat()).toEqual(heard);
  });

  it("sends a batch that is full by its events", async () => {
    const lines = Array.from({ length: MOST_EVENTS + 1 }, (_, nth) => `${nth}`);
    appendFileSync(path, `${lines.join("\n")}\n`);
    const { agent, texts } = start();
    await agent.close();
    expect(texts().map(({ length }) => length)).toEqual([MOST_EVENTS, 1]);
    expect(texts().flat()).toEqual(lines);
  });

  it("sends a batch that is full by its bytes, 26 for each event among them", async () => {
    // Of two bytes each: characters are not what counts.
    const line = "ü".repeat((MOST_BYTES / 4 - 26) / 2);
    appendFileSync(path, `${line}\n`.repeat(5));
    const { agent, texts } = start();
    await agent.close();
    expect(texts().map(({ length }) => length)).toEqual([4, 1]);
  });
});
