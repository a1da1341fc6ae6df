/** SIGKILL at random moments, again and again on the same state: each time all tables stand at the same batch, and no batch that was reported durable is missing. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openLocalState } from "../../../shared/adapters/local/state/local-state.ts";
import { target } from "../../contracts/samples.ts";
import { all } from "../../contracts/subject.ts";
import { withFolder } from "./temporary-folder.ts";

const ROUNDS = 8;

it(
  "a killed process leaves whole batches, and every one that it reported",
  () =>
    withFolder(async (folder) => {
      const seed = Date.now() % 2 ** 31;
      console.info(`crash test: seed ${seed}`);
      const random = randomFrom(seed);
      let before = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const reported = await commitUntilKilled(folder, 1 + Math.floor(random() * 400));
        const state = await openLocalState(folder);
        const reached = Number((await state.offsets.all()).get("log"));
        expect(reached).toBeGreaterThanOrEqual(reported);
        expect(reached).toBeGreaterThan(before);
        expect((await state.totals.read()).get("web")!.failed).toBe(reached);
        const bans = (await all(state.bans.inJail("web"))).map((ban) => ban.since).sort((a, b) => a - b);
        expect(bans).toEqual(Array.from({ length: reached }, (_, n) => n + 1));
        expect((await state.bans.due(1e12, 1e6)).length).toBe(reached);
        expect(await state.windows.watched("web", 0)).toBe(reached);
        expect((await state.journal.pending(1e6)).map(({ sequence }) => sequence)).toEqual(bans);
        expect((await state.offenders.history(target(idOf(reached)))).length).toBe(1);
        expect((await state.offenders.history(target(idOf(reached + 1)))).length).toBe(0);
        before = reached;
        await state.close();
      }
      console.info(`crash test: ${before} batches, killed ${ROUNDS} times`);
    }),
  120_000,
);

/** Lets the victim report `count` batches and a random bit more, then kills it; resolves to the last number it reported. */
function commitUntilKilled(folder: string, count: number): Promise<number> {
  const victim = spawn(process.execPath, ["--import", "tsx", join(import.meta.dirname, "committing.ts"), folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  let first: number | undefined;
  victim.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    const numbers = output.split("\n").slice(0, -1);
    first ??= Number(numbers[0]);
    if (Number(numbers.at(-1)) - first >= count) victim.kill("SIGKILL");
  });
  return new Promise((resolve, reject) => {
    victim.on("error", reject);
    victim.on("close", (code, signal) => {
      const last = Number(output.split("\n").slice(0, -1).at(-1));
      if (signal === "SIGKILL") resolve(last);
      else reject(new Error(`the victim ended by itself with ${code}`));
    });
  });
}

function idOf(n: number): string {
  return `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
}

/** A small generator (mulberry32), so that a failing run can be had again from its seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
