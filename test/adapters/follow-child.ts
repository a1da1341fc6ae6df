/**
 * A process that follows a file and saves, after each batch, what it saw together with the positions in one atomic write:
 * what the daemon does, small enough to be killed many times. Arguments: log, state file, and how many lines to stop at
 * (0 = never). It must end by itself when it stops: nothing may keep it alive.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createFollower } from "../../shared/adapters/local/follow/follower.ts";
import type { Positions } from "../../shared/adapters/local/follow/position.ts";

interface Saved {
  readonly lines: readonly string[];
  readonly positions?: Positions;
}

const [log = "", state = "", stopAt = "0"] = process.argv.slice(2);
let saved: Saved = { lines: [] };
try {
  saved = JSON.parse(readFileSync(state, "utf8")) as Saved;
} catch {
  // The first start.
}

const follower = createFollower({
  paths: [{ path: log, from: "head" }],
  now: () => Date.now(),
  pollEvery: 50,
  rotatedGrace: 500,
  batchBytes: 1,
  ...(saved.positions === undefined ? {} : { resume: saved.positions }),
});

async function main(): Promise<void> {
  for await (const { events, positions } of follower) {
    saved = { lines: [...saved.lines, ...events.map(({ text }) => text)], positions };
    writeFileSync(`${state}.new`, JSON.stringify(saved));
    renameSync(`${state}.new`, state);
    if (Number(stopAt) > 0 && saved.lines.length >= Number(stopAt)) await follower.stop();
  }
}

await main();
