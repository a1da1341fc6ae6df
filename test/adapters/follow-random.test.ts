/**
 * A writer that appends in random pieces and rotates, and a follower that is stopped and started again from what it had
 * saved: every line comes exactly once.
 */
import { appendFileSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { SEED } from "../support/seed.ts";
import { eventually, follow, logDirectory, type Session } from "./follow-harness.ts";

const BASE_SEED = SEED % 1_000_000;
const STEPS = Number(process.env.FOLLOW_STEPS ?? 120);

describe("a random writer", () => {
  const kinds = ["rename", "rename under a glob", "copytruncate", "copytruncate under a glob", "both"] as const;
  const runs = kinds.flatMap((kind, index) => [
    { kind, seed: BASE_SEED + index },
    { kind, seed: BASE_SEED + 100 + index },
  ]);

  it.each(runs)(`rotates by $kind, run $seed of SEED=${SEED}: every line once`, async ({ kind, seed }) => {
    console.log(`random writer, ${kind}: seed ${seed}`);
    const random = generator(seed);
    const directory = logDirectory();
    const log = join(directory, "a.log");
    const paths = kind.includes("glob") ? [join(directory, "a.log*")] : [log];
    const written: string[] = [];
    const sessions: Session[] = [];
    let pending = Buffer.alloc(0);
    let session: Session | undefined;
    writeFileSync(log, "");

    const write = (whole = random(3) > 0) => {
      for (let count = random(8); count >= 0; count--) {
        const line = `${written.length} ${"é€x"[random(3)]?.repeat(random(random(20) === 0 ? 5000 : 60))}`;
        written.push(line);
        pending = Buffer.concat([pending, Buffer.from(`${line}\n`)]);
      }
      const bytes = whole ? pending.length : random(pending.length);
      appendFileSync(log, pending.subarray(0, bytes));
      pending = pending.subarray(bytes);
    };
    const complete = () => {
      appendFileSync(log, pending);
      pending = Buffer.alloc(0);
    };
    const start = () => {
      const saved = sessions.at(-1)?.saved();
      // A long grace: a slow machine must not lose what a slow writer adds.
      session = follow(paths, { rotatedGrace: 60_000, ...(saved === undefined ? {} : { resume: saved }) });
      sessions.push(session);
    };
    const got = () => sessions.reduce((sum, each) => sum + each.events.length, 0);

    // What was rotated away before the first start is nobody's business.
    start();
    await eventually(
      () => sessions[0]?.saved().files.length === 1,
      () => "nothing is followed",
    );
    for (let step = 0; step < STEPS; step++) {
      const action = random(10);
      if (action < 5) write();
      else if (action < 7) await sleep(random(30));
      else if (action < 8 && session === undefined) start();
      else if (action < 8) {
        await session?.stop();
        session = undefined;
      } else {
        // A writer ends its line before it changes files: what one line half in each file means, nobody can say.
        complete();
        const byCopy = kind === "both" ? random(2) === 0 : kind.startsWith("copytruncate");
        shift(log);
        if (byCopy) {
          // As cp does it, with the log at rest: what is written between its end and the truncation is lost by nature.
          const bytes = readFileSync(log);
          const half = random(2) === 0 ? bytes.length : random(bytes.length);
          writeFileSync(`${log}.1`, bytes.subarray(0, half));
          if (half < bytes.length) await sleep(random(40));
          appendFileSync(`${log}.1`, bytes.subarray(half));
          truncateSync(log, 0);
        } else {
          renameSync(log, `${log}.1`);
          writeFileSync(log, "");
        }
        // An empty generation cannot be told from another empty one.
        write(true);
      }
    }
    complete();
    if (session === undefined) start();
    await eventually(
      () => got() >= written.length,
      () => difference(written, sessions),
    );
    await session?.quiet();
    expect(difference(written, sessions)).toBe("missing: , more than once: ");
    const events = sessions.flatMap((each) => each.events);
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  });
});

function difference(written: readonly string[], sessions: readonly Session[]): string {
  const counts = new Map<string, number>();
  for (const text of sessions.flatMap((session) => session.texts())) counts.set(text, (counts.get(text) ?? 0) + 1);
  const missing = written.filter((line) => !counts.has(line));
  const strange = [...counts].filter(([text, count]) => count > 1 || !written.includes(text));
  const brief = (lines: readonly string[]) =>
    lines
      .slice(0, 10)
      .map((line) => line.slice(0, 20))
      .join("|");
  return `missing: ${brief(missing)}, more than once: ${brief(strange.map(([text]) => text))}`;
}

/** logrotate's renaming, with so many generations kept that none is lost. */
function shift(log: string): void {
  for (let number = 60; number >= 1; number--) {
    if (statSync(`${log}.${number}`, { throwIfNoEntry: false }) === undefined) continue;
    if (number === 60) rmSync(`${log}.${number}`);
    else renameSync(`${log}.${number}`, `${log}.${number + 1}`);
  }
}

/** Park and Miller's generator: the same steps for the same seed. */
function generator(seed: number): (below: number) => number {
  let state = (seed % 2_147_483_646) + 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return below <= 0 ? 0 : state % below;
  };
}
