/** SIGKILL at any moment: what was saved with the positions, and what is read from there, is every line once. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { eventually, logDirectory } from "./follow-harness.ts";

const KILLS = 5;

it("a process that is killed again and again loses no line and tells none twice", async () => {
  const directory = logDirectory();
  const log = join(directory, "a.log");
  const state = join(directory, "state");
  const written: string[] = [];
  const write = (count: number) => {
    const lines = Array.from({ length: count }, (_, index) => `line ${written.length + index}`);
    written.push(...lines);
    appendFileSync(log, lines.map((line) => `${line}\n`).join(""));
  };
  const saved = (): readonly string[] => (existsSync(state) ? JSON.parse(readFileSync(state, "utf8")).lines : []);

  writeFileSync(log, "");
  write(40_000);
  let child = start(log, state);
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const before = saved().length;
      // It has saved something new: now it may die at any moment, while more is written and the log is rotated.
      await eventually(
        () => saved().length > before,
        () => `${saved().length} of ${written.length} lines saved`,
      );
      write(5_000);
      await sleep(kill * 7);
      child.kill("SIGKILL");
      await once(child, "exit");
      write(5_000);
      if (kill % 2 === 1) {
        if (existsSync(`${log}.1`)) renameSync(`${log}.1`, `${log}.2`);
        renameSync(log, `${log}.1`);
        writeFileSync(log, "");
      }
      write(5_000);
      child = start(log, state);
    }
    await eventually(
      () => saved().length >= written.length,
      () => `${saved().length} of ${written.length} lines saved`,
    );
    await sleep(300);
  } finally {
    child.kill("SIGKILL");
  }
  const lines = saved();
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines.length).toBe(written.length);
  expect([...lines].sort()).toEqual([...written].sort());
});

function start(log: string, state: string): ChildProcess {
  const program = new URL("follow-child.ts", import.meta.url).pathname;
  return spawn(process.execPath, ["--import", "tsx", program, log, state], { stdio: ["ignore", "ignore", "inherit"] });
}
